"""What one neuron reads: a person's own numbers, or a patch of the photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.patches import DETECTORS, SIDE, cut_patches
from explorer.neurons.reading import NumbersRejected, read_numbers
from explorer.rendering import as_picture, cut_up, enlarge_cells
from explorer.text import as_plain_text, significant
from explorer.ui.components import clickable_grid
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject

SOURCES = {"own": "Own numbers", "photo": "A patch of the photo"}
MOST = 8  # of own numbers
_OWN = ((1.0, 2.0, -1.0), (0.5, -0.8, 0.3))
_KEPT = "neuron_numbers"  # the last numbers that could be read, in the session
_PLACE = "patch"  # of the patch, in the address


@dataclass(frozen=True, eq=False)
class Neuron:
    """A neuron and what it reads: (N,) inputs and weights, and a bias."""

    inputs: Numbers
    weights: Numbers
    bias: float

    @property
    def sum(self) -> float:
        """Of the products and the bias."""
        return float((self.inputs * self.weights).sum() + self.bias)


def choose_neuron(subject: Subject) -> Neuron:
    """The controls; what cannot be read leaves the last numbers in their place."""
    source = choose("Inputs", SOURCES, "neuron_source")
    inputs, weights = _choose_patch(subject.picture) if source == "photo" else _choose_numbers()
    bias = st.slider("Bias", -10.0, 10.0, 0.3, 0.1, key="neuron_bias", bind="query-params")
    return Neuron(inputs, weights, bias)


def _choose_numbers() -> tuple[Numbers, Numbers]:
    first, second = st.columns(2)
    texts = [
        place.text_input(label, " ".join(f"{value:g}" for value in start), key=key, bind="query-params")
        for place, label, start, key in (
            (first, "Inputs", _OWN[0], "neuron_inputs"),
            (second, "Weights", _OWN[1], "neuron_weights"),
        )
    ]
    try:
        inputs = read_numbers(texts[0] or "", 1, MOST)
        st.session_state[_KEPT] = inputs, read_numbers(texts[1] or "", len(inputs), len(inputs))
    except NumbersRejected as rejected:
        st.error(as_plain_text(str(rejected)), icon=":material/block:")
    inputs, weights = st.session_state.get(_KEPT, _OWN)
    return np.array(inputs), np.array(weights)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_patches(picture: Picture) -> Numbers:
    """(rows, columns, 8, 8) from 0 to 1."""
    return cut_patches(picture.intake.image)


def _choose_patch(picture: Picture) -> tuple[Numbers, Numbers]:
    patches = compute_patches(picture)
    rows, columns = patches.shape[:2]
    place = _read_place(st.query_params.get(_PLACE, ""), rows, columns)
    photo = as_picture(patches.swapaxes(1, 2).reshape(1, rows * SIDE, columns * SIDE))
    cells = cut_up(enlarge_cells(photo, rows * 32), rows, columns)
    weights = DETECTORS[
        choose_one("Its weights look for", {name: said for name, (said, _) in DETECTORS.items()}, "detector")
    ][1]
    sums = (patches * weights).sum(axis=(2, 3)).ravel()
    clicked = clickable_grid(
        png=cells.png,
        cells=cells,
        labels=[
            f"row {number // columns + 1}, column {number % columns + 1}: sum of products {significant(total)}"
            for number, total in enumerate(sums)
        ],
        selected=place[0] * columns + place[1],
        marked=(),
        alt=f"{picture.title} in grey, cut into {rows} by {columns} patches of 8 by 8 cells",
        key="patches",
        noun="patch",
    )
    if clicked is not None:
        st.query_params[_PLACE] = f"{clicked // columns + 1},{clicked % columns + 1}"
        st.rerun()
    return patches[place].ravel(), weights.ravel()


def _read_place(text: str, rows: int, columns: int) -> tuple[int, int]:
    """Row and column, from 0, of the patch that an address names from 1; the middle one where it names none."""
    try:
        row, column = (int(part) - 1 for part in text.split(","))
    except ValueError:
        row, column = -1, -1
    return (row, column) if 0 <= row < rows and 0 <= column < columns else (rows // 2, columns // 2)
