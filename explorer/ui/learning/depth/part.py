"""The Learning page's part on depth: what many layers leave of a signal and of a gradient, and whether they learn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.learning.depth.signal import STARTS, Factors, Measured, Recipe, measure_by_autograd, work_out_factors
from explorer.learning.depth.snippets import signal_snippet
from explorer.learning.depth.theory import Theory, expect
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.describing import write_difference, write_number, write_table
from explorer.rendering import LayerBars, colour_map, encode_png, enlarge, join_pictures, layer_bars
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.learning.depth.controls import Batch, choose_batch, choose_recipe, say_start
from explorer.ui.learning.depth.reasons import say_reasons
from explorer.ui.learning.depth.training import say_size, show_training
from explorer.ui.session.subject import Subject

VIEWS = {"signal": "Signal and gradient", "training": "Train 100 steps"}
_FATES = ("less than a thousandth", "about as much", "more than a thousand times", "no number: it overflows")
_SHOWN = 64  # neurons in the picture
_SIZE = (300, 384)  # pixels of each half of it, height and width


@dataclass(frozen=True, eq=False)
class Found:
    """All that is known of one network and one batch."""

    single: Measured
    double: Measured
    factors: Factors
    theory: Theory | None


def show_depth(subject: Subject) -> None:
    """One view at a time, of the same network; what is found stands above the controls."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    view = choose("What to look at", VIEWS, "depth", place=row, hidden=True)
    if view == "training":
        finding = st.container()
        show_training(choose_recipe(row), finding)
    else:
        batch = choose_batch(subject.picture, row)
        finding = st.container()
        _show_signal(choose_recipe(row), batch, finding)


def measure(recipe: Recipe, batch: Batch) -> Found:
    """What PyTorch computes in both precisions, and what comes out by hand and by theory; kept for all sessions."""
    import torch

    def make() -> Found:
        return Found(
            _measure_single(recipe, batch),
            measure_by_autograd(recipe, batch.values, torch.float64),
            work_out_factors(recipe, batch.values),
            expect(recipe, batch.values),
        )

    return once(("depth", recipe, batch.key), make)


def _measure_single(recipe: Recipe, batch: Batch) -> Measured:
    """As networks are trained: in float32."""
    import torch

    return once(("depth-single", recipe, batch.key), lambda: measure_by_autograd(recipe, batch.values, torch.float32))


def _show_signal(recipe: Recipe, batch: Batch, finding: DeltaGenerator) -> None:
    found = measure(recipe, batch)
    title = ACTIVATIONS[recipe.activation].title
    left = float(found.single.lengths[0])
    asked = (
        f"{recipe.layers} layers, {title}, {say_start(recipe)}: a gradient of length 1 is sent in at the top. How "
        "much of it arrives at the pixels?"
    )
    with finding:
        if not ask_first(asked, _FATES, _FATES[_fate(left)], "ask-depth"):
            return
        _say_finding(recipe, found)
    shown, said = st.columns([6, 5], gap="large")
    with shown:
        expected = [None, None] if found.theory is None else [found.theory.spreads, found.theory.lengths]
        charts = [
            LayerBars(name, values.tolist(), None if line is None else line.tolist())
            for name, values, line in zip(
                ("Standard deviation of the outputs", "Length of the gradient"),
                (found.single.spreads, found.single.lengths),
                expected,
                strict=True,
            )
        ]
        show_chart(layer_bars(charts, f"{recipe.layers} layers, float32"), "depth-chart")
        png = encode_png(_draw(found.single))
        show_png(
            png,
            f"The first {min(_SHOWN, recipe.width)} neurons, a column each, in {recipe.layers} layers, the first on "
            f"top: what they give for the first of {batch.title}, and the gradient there. Each half by its own largest "
            "number: red is above zero, blue below, grey not a number.",
            alt="Two fields of coloured cells: the outputs of neurons layer by layer, and their gradients",
        )
    with said:
        _write_product(recipe, found)
        say_reasons(recipe, found.factors, found.theory)
        _compare_starts(recipe, batch)
    offer("depth", png, partial(_pack, batch, found), signal_snippet(recipe, batch.digits), key="depth-offer")


def _fate(left: float) -> int:
    """Which of `_FATES`."""
    return 3 if not isfinite(left) else 0 if left < 1e-3 else 1 if left <= 1e3 else 2


def _say_finding(recipe: Recipe, found: Found) -> None:
    single, title = found.single, ACTIVATIONS[recipe.activation].title
    network = f"**{recipe.layers} layers, {title}, weights by {say_start(recipe)}: "
    sent = "of a gradient of length 1, sent in at the top, "
    left, up = float(single.lengths[0]), float(single.spreads[-1])
    if isfinite(left):
        finding = f"{network}{sent}${write_number(left)}$ arrives at the pixels.** "
        finding += ("It vanishes. ", "", "It explodes. ")[_fate(left)]
    else:
        beyond = recipe.layers - int(np.argmin(np.isfinite(single.lengths[::-1])))
        finding = (
            f"{network}{sent}no number arrives at the pixels.** From layer {beyond} downwards it is too large for "
            f"float32, whose largest number is ${write_number(float(np.finfo(np.float32).max))}$; in float64 "
            f"${write_number(float(found.factors.lengths[0]))}$ would. "
        )
    if left == 0:
        finding += (
            f"It is too small for float32; in float64 ${write_number(float(found.factors.lengths[0]))}$ arrives. "
        )
    first, last = (float(each) for each in single.weight_gradients[[0, -1]])
    finding += (
        f"Standard deviation of the signal: 1 at the pixels, {say_size(up)} after the last layer. Gradient of the "
        f"weights, which has both in it: {say_size(first)} in the first layer, {say_size(last)} in the last."
    )
    st.markdown(finding)


def _write_product(recipe: Recipe, found: Found) -> None:
    """The factors of all layers, and PyTorch's own result beside them."""
    factors, count = found.factors, recipe.layers
    left = write_number(float(factors.lengths[0]))
    slopes, norms, weights = factors.means
    parts = [("slopes", slopes), *([("normalisations", norms)] if recipe.batch_norm else []), ("weights", weights)]
    if recipe.residual:
        st.markdown(
            f"**{count} layers, each the detour and {' × '.join(name for name, _ in parts)}:** on the way through its "
            f"layer the gradient becomes {' × '.join(_say_factor(each) for _, each in parts)} times as long, and what "
            f"has taken the detour is added. Together, in the geometric mean of all layers, "
            f"{_say_factor(factors.per_layer)}:"
        )
        st.markdown(rf"$${_say_factor(factors.per_layer)}^{{{count}}} = {left}$$")
    else:
        named = " × ".join(f"{count} {name}" for name, _ in parts)
        powers = r" \cdot ".join(f"{_say_factor(each)}^{{{count}}}" for _, each in parts)
        values = r" \;\cdot\; ".join(write_number(each**count if each else 0.0) for _, each in parts)
        st.markdown(f"**{named}:** by how much each makes the gradient longer, in the geometric mean of all layers:")
        st.markdown(rf"$${powers}$$ $$= {values} = {left}$$")
    difference = np.abs(factors.lengths - found.double.lengths) / np.where(factors.lengths, factors.lengths, 1)
    st.caption(
        f"By hand, in float64: {factors.lengths[0]:.4g}. PyTorch's autograd: {found.double.lengths[0]:.4g}; largest "
        f"difference over all layers {write_difference(float(difference.max()))} of it.".replace("-", "−")
    )


def _say_factor(value: float) -> str:
    return f"{value:.4f}" if 0.1 <= value < 10 else f"{value:.4g}"


def _compare_starts(recipe: Recipe, batch: Batch) -> None:
    """All three initialisations of the network, and the loss whose gradient has both products in it."""
    rows = {}
    for start in STARTS:
        each = recipe.begun(start)
        single = _measure_single(each, batch)
        name = f"σ\u00a0{recipe.sigma:g}" if start == "own" else say_start(each)
        numbers = (single.spreads[-1], single.lengths[0], single.squares)
        rows[f"**{name}**" if start == recipe.start else name] = [say_size(float(number)) for number in numbers]
    st.markdown(write_table(["signal", "gradient", "both"], rows))
    st.caption(
        "In float32. Signal: standard deviation after the last layer. Gradient: what arrives at the pixels. Both: the "
        "gradient of the first layer's weights where the loss is mean(h²) of the last layer's outputs, which has the "
        "way up and the way down in it."
    )


def _draw(single: Measured) -> NDArray[np.uint8]:
    halves = []
    for values in (single.outputs[:, :_SHOWN], single.gradients[:, :_SHOWN]):
        finite = np.abs(values[np.isfinite(values)])
        most = float(finite.max(initial=0.0)) or 1.0
        scaled = np.clip(values / most, -2, 2)  # float32, in which it is coloured, may be too small for it
        halves.append(enlarge(colour_map(scaled, -1.0, 1.0, signed=True), *_SIZE))
    return join_pictures(halves, 2)


def _pack(batch: Batch, found: Found) -> bytes:
    theory = found.theory
    more = {} if theory is None else {"spreads_theory": theory.spreads, "gradients_theory": theory.lengths}
    return arrays_as_npz(
        inputs=batch.values,
        spreads=found.single.spreads,
        gradients=found.single.lengths,
        weight_gradients=found.single.weight_gradients,
        gradients_float64=found.factors.lengths,
        factors_of_slopes=found.factors.slopes,
        factors_of_norms=found.factors.norms,
        factors_of_weights=found.factors.weights,
        **more,
    )
