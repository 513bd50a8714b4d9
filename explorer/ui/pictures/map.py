"""The map itself, on which a click chooses a picture, and what it hands over."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.describing import write_difference
from explorer.picture_features.depth import Depth
from explorer.picture_features.planes import PLANES, Kind
from explorer.picture_features.snippets import map_snippet
from explorer.rendering import choose_apart, draw_picture_map, picture_map
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_number
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.pictures.albums import Choice
from explorer.ui.pictures.computed import Believed, Seen

_CHART, _NUMBER = "pictures-map", "picture"
_THUMBNAIL: Final = 80  # pixels
_NAMED: Final = 24  # classes that a legend can hold


def show_map(choice: Choice, seen: Seen, depth: Depth, believed: Believed, layer: str, kind: Kind) -> int:
    """The chart, and the number of a picture that a click sets; gives its place among those that were reached."""
    album, places = choice.album, seen.features.places.tolist()
    points = believed.plane.points
    chart = st.container()
    told = st.container()
    number = choose_number("Picture", 1, len(places), _NUMBER, 1, width=160, help="A click on the map chooses it.")
    chosen = [number - 1, *depth.nearest[layer][number - 1].tolist()]
    shown = choose_apart(points, chosen[:1])
    labels, classes = _with_rest(seen.labels, album.classes, choice.no_class)
    thumbnails: dict[int, NDArray[np.uint8]] = once(
        ("thumbnails", seen.key, tuple(shown)),
        lambda: dict(zip(shown, album.thumbnails([places[each] for each in shown], _THUMBNAIL), strict=True)),
    )
    names = [f"{place + 1}: {album.names[each]}" for place, each in enumerate(places)]
    figure = picture_map(points, labels, classes, names, thumbnails, f"{PLANES[kind]} of {layer}", chosen)
    if len(classes) > _NAMED:
        figure.update_layout(showlegend=False)
    show_chart(figure, _CHART, place=chart, on_select=_take_click, selection_mode="points")
    checked = (
        ""
        if believed.off is None
        else " Against `scipy.sparse.linalg.svds` on the same features: largest difference of a coordinate "
        f"{write_difference(believed.off)} of the largest."
    )
    told.caption(
        f"{len(places):,} pictures, a point for each; {len(shown)} of them stand above their points, the others would "
        f"be covered. Click a point or a picture for its nearest.{checked}"
    )
    return number - 1


def _take_click() -> None:
    """Let the number name the picture that was clicked; a click beside the points changes nothing."""
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        place = points[-1]["customdata"]
        st.session_state[_NUMBER] = int(place[0] if isinstance(place, list) else place) + 1


def _with_rest(
    labels: NDArray[np.int64], classes: tuple[str, ...], rest: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Pictures without a class as the last class, which has a name too."""
    if (labels >= 0).all():
        return labels, classes
    return np.where(labels < 0, len(classes), labels), (*classes, rest)


def offer_map(choice: Choice, seen: Seen, depth: Depth, believed: Believed, layer: str, kind: Kind) -> None:
    """All pictures where they lie, the numbers, and the Python."""
    features, points = seen.features, believed.plane.points
    labels, _ = _with_rest(seen.labels, choice.album.classes, choice.no_class)
    offer(
        f"{seen.subject.file_stem}-pictures-{kind}",
        lambda: draw_picture_map(points, labels, choice.album.thumbnails(features.places.tolist(), _THUMBNAIL)),
        lambda: arrays_as_npz(
            points=points,
            places=features.places,
            labels=seen.labels,
            features=features.layers[layer],
            nearest=depth.nearest[layer],
            cosines=depth.cosines[layer],
        ),
        map_snippet(choice.opening(seen.subject), list(features.layers)[1:], layer, kind, depth.neighbours),
        key="pictures-offer",
    )
