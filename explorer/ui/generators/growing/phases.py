"""The Growing part's first view: what layers that double a map make of one that is 1 everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.growing.phases import CELLS, Phases, Start, draw_kernel, find_phases, run_on_ones
from explorer.generators.growing.snippets import phases_snippet
from explorer.generators.growing.ways import WAYS, Name
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_difference, write_table
from explorer.rendering import colour_map, encode_png, enlarge_cells, join_pictures
from explorer.text import count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.choose import choose, choose_number, settings_popover
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject

_STARTS: Final[dict[Start, str]] = {"random": "Random", "ones": "All ones", "bilinear": "Bilinear"}
_SIDE: Final = 360  # pixels of a picture on the screen
_INSIDE: Final = np.s_[CELLS : CELLS + 2, CELLS : CELLS + 2]  # one period, away from the edge
_PLACES: Final = ("even, even", "even, odd", "odd, even", "odd, odd")  # row and column


def show_phases(subject: Subject, row: DeltaGenerator) -> None:
    """The outputs of all three ways, and the phases of their kernels in numbers; no photo has a part in it."""
    finding = st.container()
    start = choose("Kernel", _STARTS, "growing_kernel", place=row)
    with settings_popover(row):
        seed = choose_number("Seed of random kernels", 0, 99, "growing_kernel_seed", 0)
    kernels = {name: draw_kernel(name, start, seed) for name in WAYS}
    found = {name: find_phases(name, kernel) for name, kernel in kernels.items()}
    outputs = {name: run_on_ones(name, kernel) for name, kernel in kernels.items()}
    answers = tuple(str(number) for number in range(1, 5))
    with finding:
        asked = (
            "A picture that is 1 everywhere goes through a transposed convolution with kernel 4 and stride 2 "
            f"({_STARTS[start].lower()}). Every cell of the output is met by 4 cells of the kernel: how many different "
            "values come out, away from the edge?"
        )
        if not ask_first(asked, answers, str(found["k4"].different), "ask-growing"):
            return
        _say_finding(found)
    pictures = _draw(outputs)
    for column, (name, way) in zip(st.columns(3, gap="small"), WAYS.items(), strict=True):
        each = found[name]
        show_png(
            encode_png(pictures[name]),
            f"{way.title}: {count_text(each.different, 'value')}",
            alt=f"What {way.title} makes of {CELLS} by {CELLS} ones: {count_text(each.different, 'value')} in turn",
            place=column,
        )
    table = {
        place: [
            f"{each.taps.ravel()[number]:g}: {say_number(float(each.values.ravel()[number]))}"
            for each in found.values()
        ]
        for number, place in enumerate(_PLACES)
    }
    table["power"] = [say_number(each.power) for each in found.values()]
    st.markdown(write_table([way.short for way in WAYS.values()], table))
    off = write_difference(
        *(float(np.abs(outputs[name][_INSIDE] - found[name].values).max()) for name in WAYS)
    ).replace("-", "−")
    st.caption(
        "Row and column of the output: how many cells of the kernel meet there, and what they add up to, the output, "
        f"as the picture is 1. Counted and added by hand; largest difference from PyTorch's layers {off}. The power "
        "with a period of 2 is the variance of the four values. Pictures have one scale: red above zero, blue below."
    )
    offer(
        "growing",
        lambda: encode_png(join_pictures(list(pictures.values()), 3)),
        lambda: arrays_as_npz(
            **{f"kernel_{name}": kernel for name, kernel in kernels.items()},
            **{f"output_{name}": output for name, output in outputs.items()},
            **{f"taps_{name}": each.taps for name, each in found.items()},
        ),
        phases_snippet(start, seed),
        key="growing-offer",
    )


def _say_finding(found: Mapping[Name, Phases]) -> None:
    three, four, resized = (found[name] for name in ("k3", "k4", "resize"))
    values = [count_text(each.different, "value") for each in (three, four, resized)]
    bold = (
        f"**A picture of ones becomes {values[0]} in turn with kernel 3 and stride 2, {values[1]} with kernel 4, "
        f"{values[2]} after resizing.** Kernel 3 meets cells 1, 2, 2 and 4 times, kernel 4 each of them 4 times. "
    )
    if four.different > 1:
        bold += (
            "Even counts are not enough: other cells of the kernel meet from one place to the next, and they need not "
            "add up alike. "
        )
    elif three.different == 1:
        bold += (
            "Uneven counts do no harm where the numbers that meet add up alike, as these do: 1 everywhere. A network "
            "can learn such a kernel, but nothing makes it. "
        )
    else:
        bold += "With all weights alike only the counts are left, and kernel 3 draws the checkerboard alone. "
    st.markdown(
        f"{bold}Resizing first, every cell is met by the whole kernel, whatever its weights (Odena et al. 2016)."
    )


def _draw(outputs: Mapping[Name, Numbers]) -> dict[Name, np.ndarray]:
    most = max(float(np.abs(output).max()) for output in outputs.values())
    return {
        name: enlarge_cells(colour_map(output, -most, most, signed=True), _SIDE) for name, output in outputs.items()
    }
