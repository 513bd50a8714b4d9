"""The Growing part's view on training: the same decoder in three ways, its checkerboard over the steps, its layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Final, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.growing.checkerboard import BY_CHANCE, measure_checkerboard
from explorer.generators.growing.decoder import (
    CHANNELS,
    SEEDS,
    SHOWN,
    Grown,
    PhotoTooSmall,
    grow_in_slices,
    grown_by,
    prepare,
    shares_at,
)
from explorer.generators.growing.snippets import decoder_snippet
from explorer.generators.growing.ways import WAYS, Name
from explorer.learning.seed_intervals import interval_of
from explorer.neurons.describing import say_number, write_table
from explorer.operations.sizes import convolution_size, transposed_size
from explorer.rendering import (
    PREVIOUS,
    SERIES,
    StepLine,
    draw_grid,
    encode_png,
    enlarge_cells,
    join_pictures,
    step_lines,
)
from explorer.slices import finish
from explorer.text import as_plain_text, format_percent, shape_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_number, choose_step, settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import obtain
from explorer.ui.session.opening import image_lines
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject

_SIDE: Final = 256  # pixels of a picture's height, about
_DASHES: Final[dict[Name, Literal["solid", "dash", "dot"]]] = {"k3": "solid", "k4": "dash", "resize": "dot"}
_LAYER: Final = 170  # pixels of a layer's maps: two side by side on a phone
_MAPS: Final = 8  # of a layer that are drawn
_ANSWERS: Final = ("kernel 3, stride 2", "kernel 4, stride 2", "resize, then convolve")


def show_decoder(subject: Subject, row: DeltaGenerator) -> None:
    """Three decoders draw the photo from noise; what repeats every two pixels, step by step and seed by seed."""
    finding = st.container()
    step = choose_step("After steps", SHOWN, "growing_step", 30, place=row, width=200)
    with settings_popover(row):
        seed = choose_number("Seed of the first weights", 0, 99, "growing_seed", 0)
    title = as_plain_text(subject.picture.title)
    try:
        photo = prepare(subject.picture.intake.image)
    except PhotoTooSmall as small:
        st.info(f"{title}: {small}", icon=":material/info:")
        return
    grown = _grow_all(subject.picture, photo, seed)
    if grown is None:
        return
    own = measure_checkerboard(photo)
    shares = {name: shares_at(grown, name, step) for name in WAYS}
    least = min(range(len(_ANSWERS)), key=lambda place: float(list(shares.values())[place].mean()))
    asked = f"After {step} steps, from which decoder comes the least that repeats every two pixels?"
    with finding:
        if not ask_first(asked, _ANSWERS, _ANSWERS[least], "ask-growing-decoder"):
            return
        _say_finding(grown, step, own)
    first = {each.way: each for each in grown if each.seed == seed}
    wanted = (photo.transpose(1, 2, 0) * 255).round().astype(np.uint8)
    place = SHOWN.index(step)
    pictures = {"the photo": wanted, **{WAYS[name].title: first[name].pictures[place] for name in WAYS}}
    for column, (name, picture) in zip(st.columns(4, gap="small"), pictures.items(), strict=True):
        show_png(
            encode_png(enlarge_cells(picture, _SIDE)),
            name,
            alt=f"{subject.picture.title}, {name}, after {step} steps",
            place=column,
        )
    chart, words = st.columns([3, 2], gap="large")
    with chart:
        show_chart(
            step_lines(_lines(grown, own), {}, "Share of power that repeats every 2 px", "share"), "growing-chart"
        )
    with words:
        _show_table(grown, step)
    _show_layers(first, photo.shape)
    offer(
        "decoders",
        lambda: encode_png(join_pictures(list(pictures.values()), 2)),
        partial(_pack, grown, photo),
        decoder_snippet(image_lines(subject.picture), seed, step),
        key="growing-decoder-offer",
    )


def _grow_all(picture: Picture, photo: NDArray[np.float32], seed: int) -> list[Grown] | None:
    """Every way from every seed, pictures of the first; None where one was stopped, and those before it are kept."""
    grown, place = [], st.empty()
    for number, (way, own) in enumerate(product(WAYS, range(seed, seed + SEEDS)), start=1):
        found = obtain(
            ("grown", picture, way, own, own == seed),
            f"Training decoder {number} of {len(WAYS) * SEEDS}",
            "steps",
            partial(finish, grow_in_slices(photo, way, own, keeps=own == seed)),
            place,
            f"growing-{number}",
        )
        if found is None:
            return None
        grown.append(found)
    return grown


def _say_finding(grown: Sequence[Grown], step: int, own: float) -> None:
    shares = {name: shares_at(grown, name, step) for name in WAYS}
    said = "; ".join(
        f"{WAYS[name].short}: {format_percent(float(each.min()))} to {format_percent(float(each.max()))}"
        for name, each in shares.items()
    )
    trained = "Before the first step" if step == 0 else f"After {step} steps"
    ends = [format_percent(float(shares_at(grown, "k4", each).mean())) for each in (0, SHOWN[-1])]
    st.markdown(
        f"**{trained}, so much of what the decoder draws repeats every two pixels: {said}.** In the photo it is "
        f"{format_percent(own)}, in noise {format_percent(BY_CHANCE)}. {_compare(shares['k4'], shares['resize'])} "
        f"{_compare_kernels(shares['k3'], shares['k4'])} The pattern comes with the layer, before anything is learned: "
        f"kernel 4 has {ends[0]} at the start, in the mean, and {ends[1]} after {SHOWN[-1]} steps."
    )


def _compare(four: NDArray[np.float64], resized: NDArray[np.float64]) -> str:
    gap = interval_of(four - resized)
    if gap.holds_zero:
        return f"Between kernel 4 and resizing {SEEDS} seeds show no difference beyond chance."
    more = "more" if gap.mean > 0 else "less"
    return (
        f"Kernel 4 has {say_number(100 * abs(gap.mean))} points {more} of it than resizing (interval "
        f"{say_number(100 * gap.low)} to {say_number(100 * gap.high)})."
    )


def _compare_kernels(three: NDArray[np.float64], four: NDArray[np.float64]) -> str:
    gap = interval_of(three - four)
    if gap.holds_zero:
        return "Kernels 3 and 4 do not differ by more than seeds do."
    return f"Kernel {'3' if gap.mean > 0 else '4'} has more of it than kernel {'4' if gap.mean > 0 else '3'}."


def _lines(grown: Sequence[Grown], own: float) -> list[StepLine]:
    lines = [StepLine("the photo", [0, SHOWN[-1]], [own, own], PREVIOUS, "dash")]
    for (name, way), colour in zip(WAYS.items(), SERIES, strict=False):
        every = np.stack([each.shares for each in grown_by(grown, name)])
        steps = grown[0].steps.tolist()
        band = (every.min(axis=0).tolist(), every.max(axis=0).tolist())
        lines.append(StepLine(way.title, steps, every.mean(axis=0).tolist(), colour, _DASHES[name], band))
    return lines


def _show_table(grown: Sequence[Grown], step: int) -> None:
    rows = {}
    for name, way in WAYS.items():
        found = grown_by(grown, name)
        errors = [each.at(step)[0] for each in found]
        shares = [each.at(step)[1] for each in found]
        rows[way.short] = [format_percent(float(np.mean(shares))), say_number(float(np.mean(errors)))]
    counts = ", ".join(f"{way.short} {grown_by(grown, name)[0].parameters:,}" for name, way in WAYS.items())
    st.markdown(write_table(["period 2", "error"], rows))
    st.caption(
        f"Means of {SEEDS} seeds after {step} steps; the band in the chart goes from the lowest to the highest. Power "
        "in squares of 8 × 8 pixels, without their means. Error: mean squared difference from the photo. Parameters: "
        f"{counts}."
    )


def _show_layers(first: dict[Name, Grown], shape: tuple[int, ...]) -> None:
    """The maps of one trained decoder, from the noise to the picture, and the sizes worked out."""
    name = choose("Layer by layer, after the last step", {name: way.title for name, way in WAYS.items()}, "growing_way")
    layers = first[name].layers
    way = WAYS[name]
    place = st.container(horizontal=True, gap="small")
    for number, maps in enumerate(layers):
        what = "noise" if not number else f"layer {number}"
        shown = maps[:_MAPS] if number < len(layers) - 1 else maps
        grid = draw_grid(shown, signed=True, columns=2, magnify=max(1, 96 // maps.shape[2]) if number else 8)
        show_png(
            grid.png,
            f"{what}: {shape_text(maps.shape)}",
            alt=f"{len(shown)} maps of {what} of the decoder, {shape_text(maps.shape)}",
            width=_LAYER,
            place=place,
        )
    cells = shape[2] // 2 ** (len(CHANNELS) - 1)
    if way.output_padding is None:
        formula = convolution_size(2 * cells, way.side, 1, 1).worked
        said = f"Resizing makes {2 * cells} columns of {cells}, and the convolution keeps them: ${formula}$."
    else:
        formula = transposed_size(cells, way.side, 2, 1, 1, way.output_padding).worked
        said = f"The first layer makes of {cells} columns ${formula}$."
    st.markdown(f"`{way.line}`. {said} The first {_MAPS} maps of each layer are drawn, before their ReLU.")


def _pack(grown: Sequence[Grown], photo: NDArray[np.float32]) -> bytes:
    return arrays_as_npz(
        photo=photo,
        ways=np.array([each.way for each in grown]),
        seeds=np.array([each.seed for each in grown]),
        steps=grown[0].steps,
        errors=np.stack([each.errors for each in grown]),
        shares=np.stack([each.shares for each in grown]),
        **{f"pictures_{each.way}": each.pictures for each in grown if each.pictures.size},
    )
