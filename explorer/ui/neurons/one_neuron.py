"""The Neurons page's part on one neuron: its sum, what the activation makes of it, and where a formula overflows."""

from __future__ import annotations

from math import isnan

import numpy as np
import streamlit as st

from explorer.neurons.activations import ACTIVATIONS, Activation, one_over_sigmoid, sigmoid, textbook_sigmoid
from explorer.neurons.describing import say_number, write_difference, write_number, write_sum, write_table
from explorer.neurons.patches import SIDE
from explorer.neurons.snippets import neuron_snippet, overflow_snippet
from explorer.rendering import as_picture, colour_map, encode_png, enlarge_cells, join_pictures, slope_curves
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one, choose_view
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_snippet
from explorer.ui.neurons.linear_layers import show_layer, show_linear
from explorer.ui.neurons.neuron_inputs import Neuron, choose_neuron
from explorer.ui.session.subject import Subject
from explorer.ui.shared.parts import Parts

_STEEPEST = ("1/4", "1/2", "1", "there is no limit")
_TRIED = (-100, -10, 0, 10, 88, 89, 100)  # sums of the table of overflow
_LARGEST = float(np.finfo(np.float32).max)


def show_one_neuron(subject: Subject) -> None:
    """One view at a time."""
    views: Parts = {
        "sum": ("Sum and slope", _show_sum),
        "overflow": ("Sigmoid at 100", lambda _: _show_overflow()),
        "linear": ("Layers without a bend", lambda _: show_linear()),
        "layer": ("A layer of neurons", lambda _: show_layer()),
    }
    choose_view(views, "neuron")(subject)


def _show_sum(subject: Subject) -> None:
    shown, said = st.columns([6, 5], gap="large")  # on a phone the chart comes first
    with said:
        finding = st.container()
        neuron = choose_neuron(subject)
        titles = {name: each.title for name, each in ACTIVATIONS.items()}
        name = choose_one("Activation", titles, "neuron_activation", "sigmoid")
    activation = ACTIVATIONS[name]
    steepest = float(activation.slope(np.linspace(-6, 6, 241)).max())
    asked = f"How steep can the curve of {activation.title} get?"
    with finding:
        if not ask_first(asked, _STEEPEST, "1/4" if steepest == 0.25 else "1", "ask-slope"):
            return
        _say_sum(neuron, activation, steepest)
    with shown:
        show_chart(slope_curves(activation.value, activation.slope, neuron.sum, activation.title), "slope")
        st.markdown(f"${activation.formula}$, with the slope ${activation.slope_formula}$.")
        if neuron.inputs.size == SIDE * SIDE:
            _show_products(neuron)
    with said:
        offer(
            "neuron",
            None,
            lambda: arrays_as_npz(
                inputs=neuron.inputs, weights=neuron.weights, products=neuron.inputs * neuron.weights
            ),
            neuron_snippet(neuron.inputs.tolist(), neuron.weights.tolist(), neuron.bias, name),
            "neuron",
        )


def _say_sum(neuron: Neuron, activation: Activation, steepest: float) -> None:
    z = neuron.sum
    out, slope = (float(of(np.array([z]))[0]) for of in (activation.value, activation.slope))
    written = write_sum(neuron.inputs.tolist(), neuron.weights.tolist(), neuron.bias)
    st.markdown(f"$z = {written} = {write_number(z)}$, and out comes ${write_number(out)}$.")
    limit = "the same everywhere" if activation.title.startswith("none") else f"nowhere more than {steepest:g}"
    st.markdown(f"**Where the sum moves by a little, the output moves {say_number(slope)} times as far**; {limit}.")
    theirs, their_slope = _ask_pytorch(neuron, activation)
    st.caption(
        f"PyTorch: {theirs:.4g}, slope {their_slope:.4g}; ".replace("-", "−")
        + f"difference {write_difference(out - theirs, slope - their_slope)}."
    )


def _ask_pytorch(neuron: Neuron, activation: Activation) -> tuple[float, float]:
    """Output and slope by PyTorch's own layers and autograd, in float64."""
    import torch
    from torch import nn

    x, w, b = (torch.tensor(each, dtype=torch.float64) for each in (neuron.inputs, neuron.weights[None], [neuron.bias]))
    z = nn.functional.linear(x, w, b).requires_grad_()
    module = getattr(nn, activation.module.removeprefix("nn.").removesuffix("()"))()
    out = module(z)
    (slope,) = torch.autograd.grad(out, z)
    return out.item(), slope.item()


def _show_products(neuron: Neuron) -> None:
    patch, weights = (each.reshape(SIDE, SIDE) for each in (neuron.inputs, neuron.weights))
    products = patch * weights
    pictures = [as_picture(patch[None])]
    for values in (weights, products):
        most = float(np.abs(values).max()) or 1.0
        pictures.append(colour_map(values, -most, most, signed=True))
    row, column = np.unravel_index(np.abs(products).argmax(), products.shape)
    show_png(
        encode_png(join_pictures([enlarge_cells(picture, 200) for picture in pictures], 3)),
        "64 inputs, 64 weights, 64 products; red is above zero, blue below. The largest product: row "
        f"{row + 1}, column {column + 1}, {say_number(patch[row, column])} × {say_number(weights[row, column])} = "
        f"{say_number(products[row, column])}.",
        alt="The patch, the weights and their products, 8 by 8 cells each, side by side",
    )


def _show_overflow() -> None:
    z = st.slider("z", -120, 120, 100, key="overflow_z", bind="query-params")
    asked = "What does the textbook's formula, e^z ÷ (1 + e^z), give at z = 100 in float32?"
    if not ask_first(asked, ("0", "1", "not a number", "an error"), "not a number", "ask-overflow"):
        return
    textbook, other = float(textbook_sigmoid(z)), float(one_over_sigmoid(z))
    with np.errstate(over="ignore"):
        power = float(np.exp(np.float32(z)))
    st.markdown(
        f"**At z = {say_number(z)}, in float32:** $\\frac{{e^z}}{{1 + e^z}}$ gives **{say_number(textbook)}**, "
        f"$\\frac{{1}}{{1 + e^{{-z}}}}$ gives **{say_number(other)}**. "
        f"The same function on paper, two programs: $e^{{{z}}} = {write_number(power)}$"
        + (
            f", since the largest float32 is ${write_number(_LARGEST)}$; and $\\infty / \\infty$ is no number."
            if isnan(textbook)
            else "."
        )
    )
    st.caption(
        f"PyTorch, float32: {say_number(_ask_sigmoid(z))}; in float64, worked out here: {float(sigmoid(z)):.17g}."
    )
    rows = {
        f"z = {say_number(each)}": [say_number(float(of(each))) for of in (textbook_sigmoid, one_over_sigmoid)]
        for each in sorted({*_TRIED, z})
    }
    st.markdown(write_table(["$\\frac{e^z}{1 + e^z}$", "$\\frac{1}{1 + e^{-z}}$"], rows))
    st.caption(
        "In float32 the first formula has no value from z = 89 on. The second overflows too, at z = -89, but "
        "1 ÷ ∞ is 0, and what is lost is less than 1e-38."
    )
    show_snippet(overflow_snippet(z), "overflow-python")


def _ask_sigmoid(z: float) -> float:
    import torch

    return torch.sigmoid(torch.tensor(float(z), dtype=torch.float32)).item()
