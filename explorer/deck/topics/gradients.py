"""Exercises on gradients: descent, backpropagation, and what a long product makes of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from math import floor, log10, sqrt
from typing import Final

import numpy as np

from explorer.deck.card import Draw, Drawn
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import one_hot
from explorer.neurons.paths import find_paths
from explorer.neurons.perceptron import Perceptron, backward, forward


def _power(value: float) -> str:
    """A number above 0 as a factor and a power of ten, for LaTeX."""
    exponent = floor(log10(value))
    factor = round(value / 10.0**exponent, 1)
    if factor == 10:
        factor, exponent = 1.0, exponent + 1
    return f"{factor:.1f} \\cdot 10^{{{exponent}}}"


def _draw_step(numbers: random.Random) -> Drawn:
    w, b = (numbers.randint(-20, 20) / 10 for _ in range(2))
    x, truth = numbers.choice((-3, -2, 2, 3)), numbers.randint(0, 1)
    rate = numbers.choice((0.1, 0.2, 0.5))
    net = Perceptron((1, 1), np.array([w, b]), "linear")
    gradient = backward(net, forward(net, np.array([[float(x)]])), np.array([[float(truth)]]), "binary_cross_entropy")
    by_weight, by_bias = gradient.gradient
    new_weight, new_bias = net.numbers - rate * gradient.gradient
    return Drawn(
        f"A sigmoid neuron with weight ${w:g}$ and bias ${b:g}$ gets ${x}$, and the truth is {truth}. Binary "
        f"cross-entropy, learning rate {rate:g}: what are weight and bias after one step?",
        f"The gradient is $({by_weight:.4f}, {by_bias:.4f})$, so the weight becomes **{new_weight:.4f}** and the bias "
        f"**{new_bias:.4f}**.",
    )


def _draw_paths(numbers: random.Random) -> Drawn:
    x, w, first, second = (numbers.randint(3, 20) / 10 for _ in range(4))
    second = -second
    net = Perceptron((1, 1, 2), np.array([w, 0.0, first, second, 0.0, 0.0]), "sigmoid")
    paths = list(find_paths(net, np.array([x]), one_hot(0, 2), "cross_entropy", 0, 0, 0))
    slope = paths[0].factors[1]
    by_logits = [path.factors[-1] for path in paths]
    return Drawn(
        f"The input ${x:g}$ times ${w:g}$ goes through a sigmoid, and that times ${first:g}$ and times ${second:g}$ "
        f"gives two logits, without biases; the first class is true. What is the gradient of the first weight under "
        "cross-entropy?",
        f"Two paths: ${x:g} \\cdot {slope:.4f} \\cdot [{first:g} \\cdot ({by_logits[0]:.4f}) + ({second:g}) \\cdot "
        f"{by_logits[1]:.4f}]$ = **{sum(path.product for path in paths):.4f}**.",
    )


def _draw_product(numbers: random.Random) -> Drawn:
    layers, weight = numbers.randint(5, 60), numbers.randint(5, 30) / 10
    steepest = float(ACTIVATIONS["sigmoid"].slope(np.array(0.0)))
    return Drawn(
        f"{layers} layers of one sigmoid neuron each, every weight ${weight:g}$. By what is the gradient multiplied at "
        "most on its way back through all of them?",
        f"By $({steepest:g} \\cdot {weight:g})^{{{layers}}} = {_power((steepest * weight) ** layers)}$.",
    )


def _draw_relu_depth(numbers: random.Random) -> Drawn:
    layers, units, spread = (
        10 * numbers.randint(1, 5),
        numbers.choice((50, 100, 200, 400)),
        numbers.choice((3, 5, 12, 25)),
    )
    sigma = spread / 100
    return Drawn(
        f"A ReLU network of {layers} layers with {units} units each, weights drawn with standard deviation {sigma:g}. "
        f"By about what does the norm of the gradient change on the way back through all of them, and what would He "
        "initialisation draw with?",
        f"By ${_power((units * sigma**2 / 2) ** (layers / 2))}$, which is $(n\\sigma^2/2)^{{{layers}/2}}$. He: "
        f"$\\sqrt{{2/{units}}} = {sqrt(2 / units):.4f}$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {6: _draw_step, 7: _draw_paths, 19: _draw_product, 20: _draw_relu_depth}
