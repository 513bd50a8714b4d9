"""What a change of the picture does inside a network: maps old beside new, and which layers stay still or follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from explorer.augmentation import (
    MOTIONS,
    Invariance,
    MapComparison,
    Motion,
    PipelineRejected,
    compare_maps,
    measure_invariance,
)
from explorer.augmentation.describing import say_invariance
from explorer.augmentation.invariance import strongest_changes
from explorer.augmentation.records import invariance_arrays
from explorer.augmentation.snippets import inside_snippet
from explorer.rendering import encode_png, fit_picture, layer_numbers
from explorer.rendering.map_comparison import change_grids, change_rows
from explorer.text import as_plain_text, significant
from explorer.ui.augmentation.compute import DRAWS, compute_draws, seen_lines, square_lines, square_of, viewer_of
from explorer.ui.augmentation.pipeline import choose_seed
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_one, choose_step, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.pipeline import current_pipeline
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import facts_of

CAUSE_LABELS = {"motion": "A motion", "draw": "A draw"}
OWN = "My own"
_SIDE = 300


@dataclass(frozen=True)
class Cause:
    """What changes the picture: a motion, or one draw of a pipeline. Hashable: part of the keys of caches."""

    motion: Motion | None = None
    pipeline: str = ""
    seed: int = 0


def show_inside(subject: Subject) -> None:
    """The cause, both pictures, the maps of one layer, and every layer's numbers."""
    st.markdown("A layer **stays still** when its maps ignore the change, and **follows** when they move with it.")
    cause = _choose_cause()
    try:
        found = compute_invariance(subject, cause)
    except PipelineRejected as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return
    left, right = st.columns([2, 3], gap="large", vertical_alignment="center")
    with left:
        before, after = st.columns(2)
        for column, pixels, said in ((before, found.original, "before"), (after, found.changed, "after")):
            picture = np.array(fit_picture(pixels, _SIDE))
            show_png(encode_png(picture), said, alt=f"What the network sees {said} the change", place=column)
        st.markdown(say_invariance(found.layers))
        st.caption(
            "Each number is the cosine of the angle between two sets of maps: 1 is alike, 0 has nothing in common. "
            "Stays still is invariance, the maps as they are; follows is equivariance, the old maps moved along. "
            "Chance is what shuffled maps would still have in common, since few values are below zero."
        )
    with right:
        names = [layer.name for layer in found.layers]
        series: dict[str, list[float | None]] = {"stays still": [each.invariance for each in found.layers]}
        if cause.motion is not None:
            series["follows"] = [each.equivariance for each in found.layers]
        series["chance"] = [each.chance for each in found.layers]
        chart = layer_numbers(names, series, "From the pixels to the classes, layer by layer")
        show_chart(chart, "chart-layers")
    _show_maps(subject, cause, found)


@st.cache_data(max_entries=24, show_spinner="Recording every layer twice …")
def compute_invariance(subject: Subject, cause: Cause) -> Invariance:
    """Every layer's answer to a motion or a draw.

    Raises:
        PipelineRejected: the pipeline cannot be done on this picture.
    """
    if cause.motion is not None:
        return measure_invariance(subject.model, subject.picture.intake.image, motion=cause.motion)
    (draw,) = compute_draws(subject, cause.pipeline, cause.seed, 1)
    return measure_invariance(viewer_of(subject), square_of(subject), augmented=Image.fromarray(draw.pixels))


def _choose_cause() -> Cause:
    row = st.container(horizontal=True, vertical_alignment="bottom")
    said = (
        "Of a motion we know where each pixel goes, so we can tell whether maps follow. A draw of your pipeline may do "
        "anything, so only standing still can be measured."
    )
    kind = choose("What changes the picture", CAUSE_LABELS, "cause", place=row, help=said)
    if kind == "draw":
        with row:
            seed = choose_seed()
        number = choose_step("Draw", range(1, DRAWS + 1), "draw", 1, place=row, width=260)
        return Cause(None, current_pipeline().to_json(), seed + number - 1)
    name = choose_one("Motion", [*MOTIONS, OWN], "motion", place=row, width=260)
    return Cause(MOTIONS[name] if name != OWN else _choose_motion())


def _choose_motion() -> Motion:
    first, second, third, fourth, fifth = st.columns(5, vertical_alignment="bottom")
    angle = first.slider("Turn", -180, 180, 30, 5, format="%d°", key="turn", bind="query-params")
    scale = second.slider("Zoom", 0.5, 2.0, 1.0, 0.05, format="%.2f x", key="zoom", bind="query-params")
    right = third.slider("To the right", -50, 50, 0, 5, format="%d %%", key="right", bind="query-params")
    down = fourth.slider("Down", -50, 50, 0, 5, format="%d %%", key="down", bind="query-params")
    mirrored = switch("Mirrored", "mirrored", place=fifth)
    return Motion(float(angle), float(scale), (right / 100, down / 100), bool(mirrored))


@st.cache_data(max_entries=6, show_spinner=False)
def compute_comparison(subject: Subject, cause: Cause, layer: str) -> MapComparison:
    """The maps of a layer for both pictures."""
    found = compute_invariance(subject, cause)
    return compare_maps(viewer_of(subject), layer, *(Image.fromarray(each) for each in (found.original, found.changed)))


def _show_maps(subject: Subject, cause: Cause, found: Invariance) -> None:
    st.subheader("Maps of one layer, old beside new", anchor=False)
    layers = [facts.name for facts in facts_of(subject)]
    first = next((facts.name for facts in facts_of(subject) if len(facts.shape) == 3), layers[0])
    layer = choose_one("Layer", layers, "layer", first)
    compared = compute_comparison(subject, cause, layer)
    shown = strongest_changes(compared)
    maps = [each[shown] for each in (compared.original, compared.augmented, compared.difference)]
    old, new, difference = change_grids(*maps)
    places = st.columns(3)
    for place, png, title in zip(places, (old, new, difference), ("before", "after", "after less before"), strict=True):
        show_png(png, title, alt=f"{len(shown)} maps of {layer}, {title}", place=place)
    change = float(np.linalg.norm(compared.difference)) / (float(np.linalg.norm(compared.original)) or 1.0)
    st.caption(
        f"The {len(shown)} maps of `{layer}` that change most (channels {', '.join(map(str, shown))}), in the same "
        "place on each grid. Before and after share a map's scale: dark is zero or the least, yellow the most. "
        f"Difference: blue is less than before, red is more, one scale for all. Its length is {significant(change)} "
        f"of that of the maps; cosine {compared.cosine:.3f}."
    )
    offer(
        f"maps-{layer}",
        lambda: encode_png(change_rows(*maps)),
        lambda: arrays_as_npz(**invariance_arrays(found, compared)),
        inside_snippet(
            (seen_lines if cause.motion else square_lines)(subject),
            cause.motion,
            current_pipeline().compact(),
            cause.seed,
            layer,
        ),
        key="inside-offer",
    )
