"""Views of the Neurons page on dense layers: what one keeps, and why many without a bend are one."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.neurons.activations import ACTIVATIONS, Numbers
from explorer.neurons.dense import GAINS, Dense, bend_of, collapse, draw_dense, run_through
from explorer.neurons.describing import say_number, write_difference
from explorer.neurons.snippets import dense_snippet, layers_snippet
from explorer.rendering import curves, magnify_map
from explorer.text import count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, slide
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.snippet import show_line, show_snippet

SEED = 0
_ALONG = np.linspace(-3, 3, 25)  # how far along one direction of the inputs the chart goes


def show_linear() -> None:
    """Layers run one by one, and the one layer that equals them as long as nothing bends between."""
    row = st.columns(3)
    count = slide("Layers", 2, 10, 6, "linear_layers", place=row[0])
    width = slide("Neurons in each", 2, 32, 8, "linear_width", place=row[1])
    titles = {name: each.title for name, each in ACTIVATIONS.items() if name in GAINS}
    between = choose("Between the layers", titles, "linear_between", place=row[2])
    answers = ("Yes, each layer adds something", "Yes, if it is wide enough", "No, nothing")
    asked = "Is there anything that six linear layers can do, with nothing between them, and a single one cannot?"
    if not ask_first(asked, answers, answers[2], "ask-linear"):
        return
    rng = np.random.default_rng(SEED)
    layers = [draw_dense(width, width, rng, GAINS[between]) for _ in range(count)]
    x, other = rng.normal(size=width), rng.normal(size=width)
    one, run = collapse(layers), partial(run_through, layers, bend=ACTIVATIONS[between].value)
    ours, single = run(x), one(x)
    difference, bend = float(np.abs(ours - single).max()), bend_of(run, x, other)
    if between == "linear":
        st.markdown(
            f"**{count} linear layers are one.** Layer by layer the first output is {_write(ours[0])}; "
            f"with all matrices multiplied into one, {_write(single[0])}. Largest difference over all {width} "
            f"outputs: **{difference:.1e}**, the rounding of float64. {count} × {width} × ({width} + 1) = "
            f"{count * width * (width + 1):,} numbers do what {width * (width + 1):,} can."
        )
    else:
        st.markdown(
            f"**With {titles[between]} between them no single layer does it.** Whatever one layer can do has "
            f"$f(a) + f(b) - f(a + b) - f(0) = 0$; here it is **{say_number(bend)}** at two points."
        )
    st.caption(
        f"PyTorch, `nn.Sequential` in float64: difference {write_difference(_ask_pytorch(layers, between, x, ours))}."
    )
    direction = other / np.linalg.norm(other)
    along = _ALONG[:, None] * direction
    found = run(along)[:, 0]
    series = {f"{count} layers": found.tolist()}
    if between == "linear":
        series["the one matrix of all of them"] = one(along)[:, 0].tolist()
    else:
        series["a straight line"] = np.linspace(found[0], found[-1], len(found)).tolist()
    chart = curves(
        _ALONG.tolist(),
        series,
        "First output along a line",
        x_title="distance along the line",
        percent=False,
        height=300,
    )
    show_chart(chart, "linear")
    offer(
        "linear-layers",
        None,
        lambda: arrays_as_npz(
            weights=np.stack([layer.weight for layer in layers]),
            biases=np.stack([layer.bias for layer in layers]),
            weight_of_all=one.weight,
            bias_of_all=one.bias,
            input=x,
        ),
        layers_snippet(count, width, SEED, between),
        "linear",
    )


def _write(value: float) -> str:
    return f"{value:.16g}".replace("-", "−")


def _ask_pytorch(layers: list[Dense], between: str, x: Numbers, ours: Numbers) -> float:
    """The largest difference to PyTorch's own layers."""
    import torch
    from torch import nn

    parts: list[nn.Module] = []
    for layer in layers:
        module = nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=torch.float64)
        module.weight.data, module.bias.data = torch.from_numpy(layer.weight), torch.from_numpy(layer.bias)
        parts += [module, {"linear": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh}[between]()]
    with torch.no_grad():
        theirs = nn.Sequential(*parts[:-1])(torch.from_numpy(x)).numpy()
    return float(np.abs(theirs - ours).max())


def show_layer() -> None:
    """M neurons on N inputs: how many numbers, and the two ways to write their sums."""
    row = st.columns(2)
    inputs = slide("Inputs N", 1, 100, 64, "layer_inputs", place=row[0])
    neurons = slide("Neurons M", 1, 20, 10, "layer_neurons", place=row[1])
    right = f"{neurons} × ({inputs} + 1) = {neurons * (inputs + 1):,}"
    answers = (
        f"{neurons} × {inputs} = {neurons * inputs:,}",
        right,
        f"{neurons} × {inputs} + 1 = {neurons * inputs + 1:,}",
    )
    if not ask_first(
        f"How many numbers does it learn, {neurons} neurons on {inputs} inputs?", answers, right, "ask-layer"
    ):
        return
    rng = np.random.default_rng(SEED)
    layer, x = draw_dense(neurons, inputs, rng), rng.normal(size=inputs)
    together = layer.with_bias @ np.append(x, 1.0)
    difference = float(np.abs(layer(x) - together).max())
    biases = "the bias" if neurons == 1 else f"the {neurons} biases"
    st.markdown(
        f"**M × (N + 1) numbers: {right}.** Each neuron has a row of {count_text(inputs, 'weight')} and one bias. As a "
        f"column vector: $[W \\mid b]$, {neurons} × {inputs + 1}, times the inputs with a 1 below them. PyTorch keeps "
        f"the weights ({neurons}, {inputs}) and {biases} apart and multiplies rows: $x W^T + b$. "
        f"Both give the same sums: difference {write_difference(difference)}."
    )
    show_line(f"nn.Linear({inputs}, {neurons})  # weight ({neurons}, {inputs}), bias ({neurons},)")
    show_png(
        magnify_map(layer.with_bias, True, 900),
        f"[W | b]: {neurons} rows, a neuron each; {inputs + 1} columns, the last one the biases. Red is above "
        "zero, blue below.",
        alt=f"A matrix of {neurons} by {inputs + 1} coloured cells",
    )
    show_snippet(dense_snippet(inputs, neurons), "layer-python")
