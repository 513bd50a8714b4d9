"""Maps of one layer before and after a training, on a picture of the person's own."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.anatomy import LayerFacts
from explorer.rendering import Scale, encode_png
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.describing import say_change
from explorer.transfer.evaluation.map_grids import ThreeGrids, draw_grids, join_grids, say_grids
from explorer.transfer.snippets import maps_snippet
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.transfer.state import Trained

_SCALES: dict[Scale, str] = {"each": "Each map", "shared": "All maps"}


def show_maps(trained: Trained, pictures: PictureSet) -> None:
    """Choose a layer and a picture; its maps before, after, and what changed."""
    layers = {facts.name: facts for facts in compute_layers(trained.digest, trained)}
    place, layer, scale = _choose(trained, pictures, layers)
    grids = compute_grids(trained.digest, pictures.key, place, layer, scale, trained, pictures)
    _show_picture(trained, pictures, place)
    st.markdown(say_change(layer, layers[layer], grids.maps))
    for column, grid, title in zip(
        st.columns(3, gap="medium"),
        (grids.before, grids.after, grids.difference),
        ("before", "after", "after − before"),
        strict=True,
    ):
        alt = f"{len(grids.channels)} maps of {layer}, {title}"
        show_png(grid.png, title, alt=alt, place=column)
    st.caption(say_grids(grids))
    offer(
        f"maps-{trained.trial.strategy}-{layer}",
        join_grids(grids),
        lambda: arrays_as_npz(before=grids.maps.before, after=grids.maps.after),
        maps_snippet(trained.experiment, layer, place),
        "maps",
    )


def _choose(trained: Trained, pictures: PictureSet, layers: dict[str, LayerFacts]) -> tuple[int, str, Scale]:
    first, second, third = st.columns([3, 3, 2], vertical_alignment="bottom")
    places = {f"{pictures.names[place]} ({place})": place for place in trained.experiment.test_places.tolist()}
    picture = choose_one(
        "Test picture", list(places), "inside_picture", place=first, help="Pictures it never learned from."
    )
    names = list(layers)
    default = next((name for name in reversed(names) if max(layers[name].resolution) > 1), names[-1])
    layer = choose_one("Layer", names, "inside_layer", default, place=second, help="As on the Layers page.")
    scale = choose(
        "One scale for",
        _SCALES,
        "inside_scale",
        "each",
        place=third,
        help="A map has the same scale before and after in any case.",
    )
    return places[picture], layer, scale


@st.cache_data(max_entries=8, show_spinner="Reading the network's layers …")
def compute_layers(digest: str, _trained: Trained) -> tuple[LayerFacts, ...]:
    """Layers of the same shape before and after; `digest` says of which weights."""
    from explorer.transfer.evaluation.inside import common_layers

    return common_layers(_trained.before, _trained.after)


@st.cache_data(max_entries=12, show_spinner="Recording the layer twice …")
def compute_grids(
    digest: str, key: str, place: int, layer: str, scale: Scale, _trained: Trained, _pictures: PictureSet
) -> ThreeGrids:
    """`draw_grids`; `digest` and `key` say of which weights and pictures."""
    return draw_grids(_trained.before, _trained.after, _pictures.image(place), layer, scale)


def _show_picture(trained: Trained, pictures: PictureSet, place: int) -> None:
    experiment = trained.experiment
    row = int(np.flatnonzero(experiment.test_places == place)[0])
    probabilities = experiment.test_probabilities[row]
    left, right = st.columns([1, 5], vertical_alignment="center")
    seen = trained.after.preprocessing.pixels(pictures.image(place))
    show_png(encode_png(seen), alt=f"{pictures.names[place]} as the network sees it", width=128, place=left)
    told = int(probabilities.argmax())
    right.text(  # never as Markdown: names are untrusted text
        f"It is {experiment.classes[int(experiment.test_labels[row])]}. "
        f"After training the network says {experiment.classes[told]}, {100 * probabilities[told]:.1f} %."
    )
