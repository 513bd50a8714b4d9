"""Maps of one layer before and after a training, on a picture of the person's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import LayerFacts
from explorer.rendering import Mosaic, Scale, encode_png
from explorer.rendering.movement_figures import compare_maps
from explorer.text import count_text, shape_text, significant
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.evaluation.inside import Maps
from explorer.ui.kit.choose import choose, keep_valid
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.transfer.snippets import maps_snippet
from explorer.ui.transfer.state import Trained

SHOWN = 24  # maps on a sheet, so that three sheets side by side can still be seen
_SCALES: dict[Scale, str] = {"each": "Each map", "shared": "All maps"}


@dataclass(frozen=True)
class Sheets:
    """The most changed maps as three sheets.

    Attributes:
        before, after, difference: with the same channels at the same places.
        channels: those channels.
        maps: all maps of the layer.
    """

    before: Mosaic
    after: Mosaic
    difference: Mosaic
    channels: tuple[int, ...]
    maps: Maps


def show_maps(trained: Trained, pictures: PictureSet) -> None:
    """Choose a layer and a picture; its maps before, after, and what changed."""
    layers = {facts.name: facts for facts in compute_layers(trained.digest, trained)}
    place, layer, scale = _choose(trained, pictures, layers)
    sheets = compute_sheets(trained.digest, pictures.key, place, layer, scale, trained, pictures)
    _show_picture(trained, pictures, place)
    changed = sheets.maps.changed
    st.markdown(say_change(layer, layers[layer], sheets.maps))
    for column, sheet, title in zip(
        st.columns(3, gap="medium"),
        (sheets.before, sheets.after, sheets.difference),
        ("before", "after", "after − before"),
        strict=True,
    ):
        alt = f"{len(sheets.channels)} maps of {layer}, {title}"
        column.image(sheet.png, title, alt=alt, width="stretch")
    st.caption(_say_sheets(sheets, changed))
    offer(
        f"maps-{trained.trial.strategy}-{layer}",
        _side_by_side(sheets),
        lambda: arrays_as_npz(before=sheets.maps.before, after=sheets.maps.after),
        maps_snippet(trained, layer, place),
        "maps",
    )


def _choose(trained: Trained, pictures: PictureSet, layers: dict[str, LayerFacts]) -> tuple[int, str, Scale]:
    first, second, third = st.columns([3, 3, 2], vertical_alignment="bottom")
    places = {f"{pictures.names[place]} ({place})": place for place in trained.experiment.test_places.tolist()}
    keep_valid("inside_picture", list(places), next(iter(places)))
    picture: str | None = first.selectbox(
        "Test picture", list(places), key="inside_picture", bind="query-params", help="Pictures it never learned from."
    )
    names = list(layers)
    default = next((name for name in reversed(names) if max(layers[name].resolution) > 1), names[-1])
    keep_valid("inside_layer", names, default)
    layer: str | None = second.selectbox(
        "Layer", names, names.index(default), key="inside_layer", bind="query-params", help="As on the Layers page."
    )
    scale = choose(
        "One scale for",
        _SCALES,
        "inside_scale",
        "each",
        place=third,
        help="A map has the same scale before and after in any case.",
    )
    return places.get(picture or "", next(iter(places.values()))), layer or default, scale


@st.cache_data(max_entries=8, show_spinner="Reading the network's layers …")
def compute_layers(digest: str, _trained: Trained) -> tuple[LayerFacts, ...]:
    """Layers of the same shape before and after; `digest` says of which weights."""
    from explorer.transfer.evaluation.inside import common_layers

    return common_layers(_trained.before, _trained.after)


@st.cache_data(max_entries=12, show_spinner="Recording the layer twice …")
def compute_sheets(
    digest: str, key: str, place: int, layer: str, scale: Scale, _trained: Trained, _pictures: PictureSet
) -> Sheets:
    """The maps of one layer in both networks; `digest` and `key` say of which weights and pictures."""
    from explorer.transfer.evaluation.inside import maps_of

    x = _trained.after.preprocessing.tensor(_pictures.image(place))
    maps = maps_of(_trained.before, _trained.after, x, layer)
    channels = maps.order[:SHOWN]
    drawn = compare_maps(maps.before[channels], maps.after[channels], signed=maps.signed, scale=scale)
    return Sheets(*drawn, tuple(channels.tolist()), maps)


def _show_picture(trained: Trained, pictures: PictureSet, place: int) -> None:
    experiment = trained.experiment
    row = int(np.flatnonzero(experiment.test_places == place)[0])
    probabilities = experiment.test_probabilities[row]
    left, right = st.columns([1, 5], vertical_alignment="center")
    seen = trained.after.preprocessing.pixels(pictures.image(place))
    left.image(encode_png(seen), alt=f"{pictures.names[place]} as the network sees it", width=128)
    told = int(probabilities.argmax())
    right.text(  # never as Markdown: names are untrusted text
        f"It is {experiment.classes[int(experiment.test_labels[row])]}. "
        f"After training the network says {experiment.classes[told]}, {100 * probabilities[told]:.1f} %."
    )


def say_change(layer: str, facts: LayerFacts, maps: Maps) -> str:
    """How much of the layer's answer changed, in a sentence."""
    size = f"`{layer}`, {facts.kind}, `{shape_text(facts.shape)}`"
    before = float(np.sqrt(np.square(maps.before.astype(np.float64)).mean()))
    if not maps.changed.any():
        return f"{size}: **nothing changed**; it and everything before it is frozen."
    change = float(np.sqrt(np.square(maps.changed).mean()))
    share = f", {significant(100 * change / before)} % of the maps' own size" if before else ""
    moved = int((maps.changed > 0).sum())
    many = f"{moved} of {count_text(len(maps.changed), 'map')} changed"
    return f"{size}: {many}, by {significant(change)} on average{share}."


def _say_sheets(sheets: Sheets, changed: NDArray[np.float64]) -> str:
    total = len(changed)
    some = f"The {len(sheets.channels)} of {total} maps that changed most" if total > SHOWN else "All maps"
    channels = ", ".join(str(channel) for channel in sheets.channels[:8])
    more = " …" if len(sheets.channels) > 8 else "."
    return (
        f"{some}, the most changed first: channels {channels}{more} A map has one scale in all three sheets: what "
        "looks faint in the difference is small beside the values. Blue went down, white stayed, red went up."
    )


def _side_by_side(sheets: Sheets) -> bytes:
    """The three sheets as one PNG, gaps white."""
    from explorer.rendering import decode_png

    pictures = [decode_png(sheet.png) for sheet in (sheets.before, sheets.after, sheets.difference)]
    height = max(picture.shape[0] for picture in pictures)
    gap = np.full((height, 16, 3), 255, np.uint8)
    return encode_png(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1))
