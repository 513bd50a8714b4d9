"""Exercises on neurons and layers: sums, activations, what layers add to each other, and what a convolution spares."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import numpy as np

from explorer.deck.card import Draw, Drawn
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.perceptron import Perceptron, count_numbers, forward


def _draw_count(numbers: random.Random) -> Drawn:
    inputs, hidden, outputs = numbers.randint(5, 60), numbers.randint(3, 20), numbers.randint(3, 10)
    first, second = count_numbers((inputs, hidden)), count_numbers((hidden, outputs))
    return Drawn(
        f"A network with {inputs} inputs, one hidden layer of {hidden} units and {outputs} outputs: how many numbers "
        "does it learn?",
        f"**{first + second}**: ${hidden} \\cdot ({inputs} + 1) = {first}$ and ${outputs} \\cdot ({hidden} + 1) = "
        f"{second}$.",
    )


def _draw_sigmoid(numbers: random.Random) -> Drawn:
    z = numbers.choice((-1, 1)) * numbers.randint(1, 50) / 10
    sigmoid = ACTIVATIONS["sigmoid"]
    value, slope = float(sigmoid.value(np.array(z))), float(sigmoid.slope(np.array(z)))
    return Drawn(
        f"What are the sigmoid and its slope at ${z:g}$?",
        f"$\\sigma = {value:.4f}$, and the slope is $\\sigma(1 - \\sigma) = {slope:.4f}$.",
    )


def _draw_relu(numbers: random.Random) -> Drawn:
    x, weights = ([numbers.choice((-1, 1)) * numbers.randint(1, 30) / 10 for _ in range(2)] for _ in range(2))
    bias = numbers.randint(-20, 20) / 10
    z = np.dot(weights, x) + bias
    relu = ACTIVATIONS["relu"]
    return Drawn(
        f"A ReLU neuron: inputs $({x[0]:g}, {x[1]:g})$, weights $({weights[0]:g}, {weights[1]:g})$, bias ${bias:g}$. "
        "What does it give, and what is the slope there?",
        f"The sum is ${z:.2f}$, so it gives **{float(relu.value(z)):.2f}** with slope {float(relu.slope(z)):g}.",
    )


def _draw_merged(numbers: random.Random) -> Drawn:
    w, v = (numbers.choice((-1, 1)) * numbers.randint(2, 30) / 10 for _ in range(2))
    b, c = (numbers.randint(1, 20) / 10 for _ in range(2))
    net = Perceptron((1, 1, 1), np.array([w, b, v, c]), "linear")
    at_zero, at_one = forward(net, np.array([[0.0], [1.0]])).sums[-1][:, 0]
    return Drawn(
        f"First ${w:g}\\,x + {b:g}$, then ${v:g}$ times that, plus ${c:g}$, without an activation in between. Which "
        "single neuron does the same?",
        f"Weight **{at_one - at_zero:.2f}** (the product of both), bias **{at_zero:.2f}** (the first bias times the "
        f"second weight, plus the second bias).",
    )


def _draw_dense_or_convolution(numbers: random.Random) -> Drawn:
    side, kernel, maps = numbers.choice((16, 24, 28, 32)), numbers.choice((3, 5)), numbers.choice((4, 8, 16))
    dense, convolution = maps * (side * side + 1), maps * (kernel * kernel + 1)
    return Drawn(
        f"A grey picture of ${side} \\times {side}$ pixels. How many numbers does a dense layer with {maps} units "
        f"learn, and how many a convolution with {maps} kernels of ${kernel} \\times {kernel}$?",
        f"Dense: **{dense:,}** (every unit has a weight for every pixel, and a bias). Convolution: **{convolution}**, "
        "whatever the size of the picture.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    2: _draw_count,
    3: _draw_sigmoid,
    4: _draw_relu,
    9: _draw_merged,
    29: _draw_dense_or_convolution,
}
