"""Dense layers by hand: rows of weights and biases, the ones trick, and layers upon layers that are a single one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer of M neurons that all read the same N inputs, as `nn.Linear` keeps it.

    Attributes:
        weight: (M, N), a row for each neuron.
        bias: (M,).
    """

    weight: Numbers
    bias: Numbers

    def __call__(self, x: Numbers) -> Numbers:
        """(..., N) inputs to (..., M) sums: rows times the transposed weights, plus the biases."""
        return np.asarray(x @ self.weight.T + self.bias)

    @property
    def with_bias(self) -> Numbers:
        """(M, N + 1): the bias as one more column, for an input that is always 1."""
        return np.concatenate([self.weight, self.bias[:, None]], axis=1)


GAINS: Final = {"linear": 1.0, "tanh": 5 / 3, "relu": 2**0.5}
"""What weights are multiplied by so that layers upon layers neither fade nor grow, as `nn.init.calculate_gain` says."""


def draw_dense(outputs: int, inputs: int, rng: np.random.Generator, gain: float = 1.0) -> Dense:
    """A layer with random weights of variance gain² / N, and small biases."""
    return Dense(gain * rng.normal(size=(outputs, inputs)) / np.sqrt(inputs), 0.1 * rng.normal(size=outputs))


def run_through(layers: Sequence[Dense], x: Numbers, bend: Callable[[Numbers], Numbers] = lambda z: z) -> Numbers:
    """(..., N) through layer after layer, with an activation between them and none after the last."""
    for layer in layers[:-1]:
        x = bend(layer(x))
    return layers[-1](x)


def collapse(layers: Sequence[Dense]) -> Dense:
    """The one layer that equals all of them where nothing bends between.

    Of two it is W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2).

    Args:
        layers: at least one, the first to read first.
    """
    one = layers[0]
    for layer in layers[1:]:
        one = Dense(layer.weight @ one.weight, layer.weight @ one.bias + layer.bias)
    return one


def bend_of(run: Callable[[Numbers], Numbers], a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """How far a function is from affine at two points: the largest of |f(a) + f(b) - f(a + b) - f(0)|, 0 for affine."""
    return float(np.abs(run(a) + run(b) - run(a + b) - run(np.zeros_like(a))).max())
