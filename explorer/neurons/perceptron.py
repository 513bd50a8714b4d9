"""A multilayer perceptron, its forward pass with every number, and its backward pass written out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from explorer.neurons.activations import ACTIVATIONS, Numbers
from explorer.neurons.losses import LOSSES


class Layer(NamedTuple):
    """The numbers of one layer, or their gradients, shaped as `nn.Linear` has them."""

    weight: Numbers  # (outputs, inputs)
    bias: Numbers  # (outputs,)


@dataclass(frozen=True, eq=False)
class Perceptron:
    """Dense layers with an activation after each but the last, whose sums are logits.

    Attributes:
        sizes: Inputs, units of every hidden layer, classes.
        numbers: (P,) all weights and biases in the order of PyTorch's `parameters()`: of each layer the rows of its
            weight, then its bias.
        activation: A name in `ACTIVATIONS`.
    """

    sizes: tuple[int, ...]
    numbers: Numbers
    activation: str

    def __post_init__(self) -> None:
        if len(self.numbers) != count_numbers(self.sizes):
            raise ValueError(f"sizes {self.sizes} need {count_numbers(self.sizes)} numbers, not {len(self.numbers)}")

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Views of `numbers`."""
        return split_numbers(self.sizes, self.numbers)


@dataclass(frozen=True, eq=False)
class Forward:
    """Every number of a forward pass.

    Attributes:
        values: What each layer reads, (N, inputs): the points first.
        sums: Of each layer before its activation, (N, outputs); the last are the logits.
    """

    values: tuple[Numbers, ...]
    sums: tuple[Numbers, ...]


@dataclass(frozen=True, eq=False)
class Backward:
    """Every number of a backward pass.

    Attributes:
        upstream: Of each layer the derivative of an example's own loss by its sums, (N, outputs).
        gradient: (P,) derivative of the mean loss by every weight and bias, in the order of the perceptron's numbers.
    """

    upstream: tuple[Numbers, ...]
    gradient: Numbers


def count_numbers(sizes: Sequence[int]) -> int:
    """How many weights and biases dense layers between these sizes have: M (N + 1) each."""
    return sum(after * (before + 1) for before, after in pairwise(sizes))


def split_numbers(sizes: Sequence[int], numbers: Numbers) -> tuple[Layer, ...]:
    """Views of the (P,) numbers, layer by layer."""
    layers, start = [], 0
    for before, after in pairwise(sizes):
        middle, end = start + after * before, start + after * (before + 1)
        layers.append(Layer(numbers[start:middle].reshape(after, before), numbers[middle:end]))
        start = end
    return tuple(layers)


def forward(net: Perceptron, points: Numbers) -> Forward:
    """All values and sums for (N, inputs) points."""
    activate = ACTIVATIONS[net.activation].value
    values, sums = [points], list[Numbers]()
    for layer in net.layers:
        if sums:
            values.append(activate(sums[-1]))
        sums.append(values[-1] @ layer.weight.T + layer.bias)
    return Forward(tuple(values), tuple(sums))


def mean_loss(net: Perceptron, points: Numbers, targets: Numbers, loss: str) -> float:
    """The loss, a name in `LOSSES`, of (N, inputs) points with (N, classes) targets."""
    return float(LOSSES[loss].value(forward(net, points).sums[-1], targets).mean())


def backward(net: Perceptron, passed: Forward, targets: Numbers, loss: str) -> Backward:
    """The chain rule from a loss to the first layer.

    Args:
        net: What made the forward pass.
        passed: The forward pass of N points.
        targets: (N, classes), as the losses take them.
        loss: A name in `LOSSES`.
    """
    return carry_back(net, passed, LOSSES[loss].gradient(passed.sums[-1], targets))


def carry_back(net: Perceptron, passed: Forward, by_logits: Numbers) -> Backward:
    """The chain rule from the logits to the first layer: every upstream gradient is used again by the layer before.

    Args:
        net: What made the forward pass.
        passed: The forward pass of N points.
        by_logits: (N, classes) the derivative of each point's own loss by its logits.
    """
    slope = ACTIVATIONS[net.activation].slope
    gradient = np.empty_like(net.numbers)
    by_layer = split_numbers(net.sizes, gradient)
    upstream = [by_logits]
    for index in reversed(range(len(net.layers))):
        by_layer[index].weight[:] = upstream[0].T @ passed.values[index] / len(by_logits)
        by_layer[index].bias[:] = upstream[0].mean(axis=0)
        if index:
            upstream.insert(0, upstream[0] @ net.layers[index].weight * slope(passed.sums[index - 1]))
    return Backward(tuple(upstream), gradient)
