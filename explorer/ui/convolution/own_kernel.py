"""The panels of the Convolution page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.operations import LayerBreakdown, break_down_module
from explorer.operations.convolution import (
    ACTIVATION_MODULES,
    BORDERS,
    Border,
    activation_line,
    build,
    convolution_snippet,
    count_overlaps,
    describe_overlaps,
    hint_size,
    pad,
    share_silenced,
)
from explorer.operations.layer_line import layer_line
from explorer.operations.photo import to_tensor
from explorer.operations.sizes import SizeFormula, size_lines
from explorer.rendering import MapGrid, activation_curve, as_picture, draw_grid, encode_png, magnify_map
from explorer.text import count_text, shape_text, significant
from explorer.ui.app import link_to
from explorer.ui.components import clickable_grid
from explorer.ui.convolution.controls import Experiment
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_line
from explorer.ui.session.opening import image_lines
from explorer.ui.session.pictures import Picture
from explorer.ui.shared.microscope import RGB_COLOURS, RGB_NAMES, show_microscope

_CORNER = 10  # cells of the picture that a border is shown with


@st.cache_data(max_entries=16, show_spinner=False)
def compute_photo(picture: Picture, longest: int, grey: bool) -> NDArray[np.float32]:
    """(C, H, W) in [0, 1]."""
    photo: NDArray[np.float32] = to_tensor(picture.intake.image, longest, grey).numpy()
    return photo


@st.cache_resource(max_entries=8, show_spinner=False)
def compute_experiment(experiment: Experiment) -> LayerBreakdown:
    """The convolution on the picture, taken apart."""
    return break_down_module(_build(experiment), _photo(experiment), ACTIVATION_MODULES.get(experiment.activation))


@st.cache_data(max_entries=16, show_spinner=False)
def compute_maps_grid(experiment: Experiment) -> MapGrid:
    """Every filter's map on one grid."""
    maps = compute_experiment(experiment).shown
    return draw_grid(maps, signed=bool(maps.min() < 0), scale="each")


def _build(experiment: Experiment) -> nn.Conv2d | nn.ConvTranspose2d:
    return build(experiment.settings, experiment.weight(), experiment.channels)


def _photo(experiment: Experiment) -> Tensor:
    return torch.from_numpy(compute_photo(experiment.picture, experiment.longest, experiment.grey))


def photo_size(experiment: Experiment) -> tuple[int, int]:
    """Rows and columns of the picture."""
    height, width = _photo(experiment).shape[1:]
    return height, width


def photo_png(experiment: Experiment) -> bytes:
    """The picture as the kernel meets it."""
    return encode_png(as_picture(_photo(experiment).numpy()))


def sizes_of(experiment: Experiment) -> tuple[SizeFormula, SizeFormula]:
    """The output's rows and columns."""
    rows, columns = (experiment.settings.size(cells, experiment.side) for cells in photo_size(experiment))
    return rows, columns


def ask_sizes(experiment: Experiment) -> bool:
    """A question for the output's size, where the person wants one; whether the pictures still wait for the answer."""
    size, (rows, columns), depth = photo_size(experiment), sizes_of(experiment), len(experiment.names)
    asked = (experiment.settings, size, experiment.side, depth)
    if not st.session_state["predict"] or st.session_state.get("answered") == asked:
        return False
    with st.form("prediction", border=True):
        st.markdown(f"The input is `{shape_text((experiment.channels, *size))}`. What is the output?")
        places = st.columns(3)
        given = tuple(
            int(place.number_input(name, 0, 4096, 0, key=f"predict-{name}"))
            for place, name in zip(places, ("channels", "rows", "columns"), strict=True)
        )
        buttons = st.container(horizontal=True)
        checked = buttons.form_submit_button("Check", type="primary")
        shown = buttons.form_submit_button("Show me")
    right = (depth, rows.value, columns.value)
    if shown or (checked and given == right):
        st.session_state["answered"] = asked
        if checked:
            st.success(f"Right: {shape_text(given)}.", icon=":material/check:")
        return False
    if checked:
        st.warning(hint_size(given, right), icon=":material/close:")
    st.markdown(size_lines(rows, columns)[0])  # in letters: its numbers are the answer
    return True


def show_sizes(experiment: Experiment) -> None:
    """PyTorch's line that makes the layer, and the output-size formula in letters and in numbers."""
    show_line(layer_line(_build(experiment)))
    for line in size_lines(*sizes_of(experiment)):
        st.markdown(line)


def show_maps(experiment: Experiment) -> int:
    """Every filter's map, where there are several; gives the one to look into."""
    if len(experiment.names) == 1:
        return 0
    numbers = [str(number) for number in range(len(experiment.names))]
    asked = st.query_params.get("map", "")
    unit = numbers.index(asked) if asked in numbers else 0
    breakdown = compute_experiment(experiment)
    st.caption(
        f"{count_text(len(experiment.names), 'filter')}, so the output is "
        f"`{shape_text(breakdown.output.shape)}`. Click a map to put it under the microscope."
    )
    clicked = clickable_grid(
        png=compute_maps_grid(experiment).png,
        cells=compute_maps_grid(experiment),
        labels=[
            f"{label}: {significant(values.min())} to {significant(values.max())}"
            for label, values in zip(experiment.labels, breakdown.shown, strict=True)
        ],
        selected=unit,
        marked=(),
        alt=f"{len(experiment.names)} maps of {experiment.picture.label}: {', '.join(experiment.labels)}",
        key="filter-maps",
        opens="microscope",
    )
    if clicked is not None and clicked != unit:
        st.query_params["map"] = str(clicked)
        st.rerun()
    return unit


def show_experiment(experiment: Experiment, unit: int) -> None:
    """One filter under the microscope."""
    names, colours = (("grey",), ()) if experiment.grey else (RGB_NAMES, RGB_COLOURS)
    show_microscope(
        compute_experiment(experiment),
        unit,
        title=experiment.labels[unit],
        key="microscope",
        names=names,
        colours=colours,
        backdrop=photo_png(experiment),
    )


def show_borders(experiment: Experiment, unit: int) -> None:
    """One corner of the picture with every border, and what the filter makes of it."""
    x = _photo(experiment)
    cells = experiment.settings.padding
    if cells == 0:
        st.caption("With padding 0 there is no border to fill. Set it to 1 or more to compare the five ways.")
        return
    st.caption(
        f"The upper left corner with {count_text(cells, 'cell')} of border, and under it what the filter answers "
        "there. Zeros draw a dark frame, an edge to filters that look for edges; valid has no border, and a "
        "smaller output."
    )
    reach = min(cells, *x.shape[1:])
    places = st.container(horizontal=True)
    for border in BORDERS:
        place = places.container(width=150)
        if border in ("reflect", "circular") and cells >= min(x.shape[1:]):
            place.caption(f"{border}: the picture is too small for {cells} cells.")
            continue
        padded = pad(x, cells, border)
        corner = padded[:, : reach + _CORNER, : reach + _CORNER]
        show_png(
            encode_png(as_picture(corner.numpy()).repeat(8, 0).repeat(8, 1)),
            border,
            alt=f"The picture's upper left corner, border {border}",
            place=place,
        )
        values = _answer(experiment, unit, border)
        show_png(
            magnify_map(values[: reach + _CORNER, : reach + _CORNER], bool(values.min() < 0), 150),
            alt=f"What {experiment.labels[unit]} answers at the corner, border {border}",
            place=place,
        )


def _answer(experiment: Experiment, unit: int, border: Border) -> NDArray[np.float32]:
    """(H_out, W_out) of one filter with another border, all else alike."""
    settings = replace(experiment.settings, border=border, transposed=False)
    module = build(settings, experiment.weight(), experiment.channels)
    with torch.inference_mode():
        return np.asarray(module(_photo(experiment)[None])[0, unit].numpy())


def show_overlaps(experiment: Experiment, unit: int) -> None:
    """How many stamps of the kernel meet in each cell of a transposed convolution's output."""
    module = _build(experiment)
    counts = count_overlaps(module, photo_size(experiment))
    picture, words = st.columns([1, 2])
    corner = counts[:24, :24]
    show_png(
        magnify_map(corner.astype(np.float32), False, 300),
        alt=f"How many stamps meet in each cell, upper left corner: {int(corner.min())} to {int(corner.max())}",
        place=picture,
    )
    assert isinstance(module, nn.ConvTranspose2d)
    words.markdown(describe_overlaps(module, unit))
    with words:
        link_to("generators", "Three ways of making maps larger, and a decoder that learns", {"part": "Growing"})


def show_activation(experiment: Experiment, unit: int) -> None:
    """The activation's curve over the sums, and how many cells it silences."""
    module = ACTIVATION_MODULES.get(experiment.activation)
    if module is None:
        return
    breakdown = compute_experiment(experiment)
    before = breakdown.output[unit]
    chart, words = st.columns([2, 1], vertical_alignment="center")
    show_chart(
        activation_curve(before, *activation_line(module, before), experiment.activation),
        f"curve-{experiment.activation}-{unit}",
        chart,
    )
    silenced = share_silenced(before, breakdown.shown[unit])
    words.metric("cells it silences", f"{silenced:.1%}", help="Less than half a percent of their value is left.")
    words.caption(f"Of {before.size:,} sums, {int((before < 0).sum()):,} are below zero.")


def offer_experiment(experiment: Experiment) -> None:
    """The maps as picture and numbers, and the same in Python."""
    breakdown = compute_experiment(experiment)
    offer(
        "convolution",
        compute_maps_grid(experiment).png,
        lambda: arrays_as_npz(
            input=breakdown.input, weight=experiment.weight(), output=breakdown.output, maps=breakdown.shown
        ),
        convolution_snippet(
            [
                *image_lines(experiment.picture),
                "from explorer.operations.photo import to_tensor",
                f"x = to_tensor(image, longest={experiment.longest}, grey={experiment.grey})  # (C, H, W), 0 to 1",
            ],
            dict(zip(experiment.labels, experiment.weight(), strict=True)),
            experiment.settings,
            experiment.channels,
            experiment.activation,
        ),
        key="offer",
    )
