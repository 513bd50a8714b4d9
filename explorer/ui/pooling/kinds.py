"""The Pooling page's pictures: every kind side by side on the photo or a map, then one kind cell by cell."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.operations.convolution import Impossible
from explorer.operations.pooling import POOLINGS, Pooling, check_pooling
from explorer.operations.pooling_comparison import (
    POOLING_LABELS,
    POOLING_NOTES,
    PoolingComparison,
    pooling_line,
    pooling_snippet,
)
from explorer.rendering import colour_alike, encode_png, enlarge, join_pictures, mark_cells
from explorer.text import count_text, shape_text
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_line
from explorer.ui.pooling.compute import (
    PHOTO_SIDE,
    Source,
    compute_pooling_breakdown,
    compute_source,
    compute_view,
    map_of,
    photo_of,
)
from explorer.ui.session.opening import image_lines, opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.microscope import RGB_COLOURS, RGB_NAMES, show_microscope
from explorer.ui.shared.recorded import facts_of

PHOTO = "The photo"
SHOW_LABELS = {"pooled": "Pooled", "restored": "Un-pooled", "spread": "Un-pooled, spread"}
SHOW_NOTES = {
    "pooled": "Look for thin lines and highlights: max keeps the bright ones and widens them, averages melt them into "
    "their surroundings, slicing keeps or loses them by chance.",
    "restored": "Max and slicing put every value back where it was taken from, and leave the rest zero. The others "
    "know no place, and spread a value over its window.",
    "spread": "Every value fills its window, those of max and slicing too: what is left for the next layer to see.",
}
_SLIDER = 165  # pixels
_TILE = 384  # pixels
_MARKED = 768  # pixels of the picture with the dots


def choose_source(subject: Subject, row: DeltaGenerator) -> Source | None:
    """What is pooled, chosen in a row; None where there is no such map, which is said."""
    layers = {facts.name: facts for facts in facts_of(subject) if min(facts.resolution) > 1}
    name = choose_one("What is pooled", [PHOTO, *layers], "pooled", place=row, width=300)
    if name == PHOTO:
        return photo_of(subject)
    unit = row.number_input("Map", 0, None, 0, key="pooled_map", bind="query-params", width=130)
    if unit >= layers[name].channels:
        st.info(f"{name} has {count_text(layers[name].channels, 'map')}; there is no map {unit}.")
        return None
    return map_of(subject, name, int(unit))


def choose_settings(source: Source, row: DeltaGenerator) -> tuple[int, int, int] | None:
    """Window, stride and padding: those asked for, or the last possible ones; None where there were none."""
    said = "Side, in cells."
    window = int(row.slider("Window", 2, 8, 4, key="window", bind="query-params", help=said, width=_SLIDER))
    said = "Cells from one window to the next."
    stride = int(row.slider("Stride", 1, 8, 4, key="pool_stride", bind="query-params", help=said, width=_SLIDER))
    said = "Cells added on each side of the input."
    padding = int(row.slider("Padding", 0, 8, 0, key="pool_padding", bind="query-params", help=said, width=_SLIDER))
    height, width = compute_source(source).shape[1:]
    problem = find_problem(window, stride, padding, (height, width))
    if not problem:
        st.session_state["last_pooling"] = window, stride, padding
        return window, stride, padding
    st.error(problem, icon=":material/block:")
    last: tuple[int, int, int] = st.session_state.get("last_pooling", (2, 2, 0))
    if find_problem(*last, (height, width)):
        return None
    st.caption(f"Below is still window {last[0]}, stride {last[1]}, padding {last[2]}.")
    return last


def find_problem(window: int, stride: int, padding: int, size: tuple[int, int]) -> str:
    """Why these settings are impossible, "" where they are not."""
    try:
        check_pooling(Pooling("max", window, stride, padding), size)
    except Impossible as problem:
        return str(problem)
    return ""


def show_pictures(source: Source, settings: tuple[int, int, int]) -> None:
    """All kinds at one display size, their shapes, and what is lost."""
    show = choose("Show", SHOW_LABELS, "show", "pooled", hidden=True)
    st.caption(SHOW_NOTES[show])
    view = compute_view(source, *settings)
    tiles = colour_alike([view.values, *(getattr(each, show) for each in view.kinds.values())])
    captions = [
        f"**Input**  \n`{shape_text(view.values.shape)}`",
        *(
            f"**{POOLING_LABELS[each.kind]}**  \n`{shape_text(each.output.shape)}`  \n{each.describe_loss()}"
            for each in view.kinds.values()
        ),
    ]
    names = ["The input", *(POOLING_LABELS[kind] for kind in POOLINGS)]
    pictures = _enlarged(tiles)
    for start in range(0, len(pictures), 4):
        row = st.container(horizontal=True)  # four side by side, two on a phone
        for number in range(start, start + 4):
            place = row.container(width="stretch")
            show_png(
                encode_png(pictures[number]),
                alt=f"{names[number]}: {source.title}, {SHOW_LABELS[show].lower()}",
                place=place,
            )
            place.markdown(captions[number], help=POOLING_NOTES[POOLINGS[number - 1]] if number else None)
    st.caption(_scale_note(view))
    offer(
        f"pooling-{show}",
        encode_png(join_pictures(pictures, 4)),
        lambda: arrays_as_npz(
            input=view.values, max_cells=view.cells, **{kind: view.kinds[kind].output for kind in POOLINGS}
        ),
        pooling_snippet(_source_lines(source), *settings, photo=source.subject is None),
        key="offer",
    )


def _enlarged(tiles: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """All at the size of the first, so that the same place is at the same spot on every tile."""
    height, width = (max(1, round(_TILE * side / max(tiles[0].shape[:2]))) for side in tiles[0].shape[:2])
    return [enlarge(tile, height, width) for tile in tiles]


def _scale_note(view: PoolingComparison) -> str:
    peak = "PSNR compares the un-pooled picture with the input, in dB: every 6 dB halve the error."
    if len(view.values) == 3:
        return f"{peak} Its peak is the photo's full range, 0 to 1."
    colours = (
        "Blue is below zero, white zero, red above" if view.values.min() < 0 else "Dark is zero, yellow the largest"
    )
    return f"{peak} Its peak is the map's own range. {colours}; one scale for all."


def choose_channel(source: Source) -> int:
    """Which channel is looked into; a map has only one."""
    if source.layer:
        return 0
    return RGB_NAMES.index(choose("Colour", {name: name for name in RGB_NAMES}, "colour"))


def show_sources(source: Source, settings: tuple[int, int, int], channel: int) -> None:
    """The cells that max pooling took its values from, drawn on the input."""
    view = compute_view(source, *settings)
    cells = view.cells[channel].reshape(-1, 2)
    places, counts = np.unique(cells, axis=0, return_counts=True)
    height, width = view.values.shape[1:]
    picture, words = st.columns([2, 1], vertical_alignment="center")
    show_png(
        encode_png(mark_cells(colour_alike([view.values])[0], places, _MARKED)),
        alt=f"The {len(places)} cells of {source.title} that max pooling took its values from, as dots",
        place=picture,
    )
    of = f" of {RGB_NAMES[channel]}" if not source.layer else ""
    words.metric("cells that go on", f"{len(places) / (height * width):.1%}")
    several = int((counts > 1).sum())
    words.markdown(
        f"Of {height * width:,} values{of}, {len(places):,} are the largest of a window. Look whether the dots "
        "crowd where dark turns bright. All else is forgotten, and in training gets no gradient. Of equal values the "
        "first wins."
        + (
            f" Where windows overlap, {count_text(several, 'cell')} won more than one, the most {counts.max()}."
            if several
            else ""
        )
    )
    silent = int((view.kinds["max"].output[channel] <= 0).sum())
    if source.layer and silent:
        words.caption(f"{silent} of {view.kinds['max'].output[channel].size} windows hold nothing above zero.")


def show_cell(source: Source, settings: tuple[int, int, int], channel: int) -> None:
    """One kind under the microscope."""
    kind = choose("Kind", POOLING_LABELS, "kind", "max", hidden=True)
    st.caption(POOLING_NOTES[kind])
    pooling = Pooling(kind, *settings)
    show_line(pooling_line(pooling, compute_source(source).shape))
    breakdown = compute_pooling_breakdown(source, pooling)
    photo = not source.layer
    show_microscope(
        breakdown,
        channel,
        title=f"{POOLING_LABELS[kind]}, {RGB_NAMES[channel] if photo else source.title}",
        key="pooling-microscope",
        names=RGB_NAMES if photo else (),
        colours=RGB_COLOURS if photo else (),
    )


def _source_lines(source: Source) -> list[str]:
    """`x`, what is pooled."""
    if source.subject is None:
        return [
            *image_lines(source.picture),
            "from explorer.operations.photo import to_tensor",
            f"x = to_tensor(image, longest={PHOTO_SIDE})  # (3, H, W), 0 to 1",
        ]
    return [
        *opening_lines(source.subject),
        "from explorer.anatomy import record",
        f"recording = record(model, preprocessing.tensor(image), layers=[{source.layer!r}])",
        f"x = recording[{source.layer!r}].maps[[{source.unit}]].float().cpu()  # (1, H, W)",
    ]
