"""Activation functions of a neuron with their slopes, and the textbook's sigmoid as float32 computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
LEAK: Final = 0.01  # slope of the leaky ReLU below zero, PyTorch's own choice


@dataclass(frozen=True)
class Activation:
    """One activation function.

    Attributes:
        title: its name for people.
        value: of the sum z, number by number.
        slope: the derivative at z; at a kink what PyTorch takes, the slope from the left.
        formula, slope_formula: LaTeX, of z.
        module: the module in PyTorch, as it is written.
    """

    title: str
    value: Callable[[Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]
    formula: str
    slope_formula: str
    module: str


def sigmoid(z: ArrayLike) -> Numbers:
    """1 / (1 + e^-z), with the power that cannot overflow; the same shape."""
    z = np.asarray(z, np.float64)
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def _sigmoid_slope(z: Numbers) -> Numbers:
    small = np.exp(-np.abs(z))  # s (1 - s) would be 0 where s rounds to 1
    return np.asarray(small / (1.0 + small) ** 2)


def textbook_sigmoid(z: ArrayLike) -> NDArray[np.float32]:
    """e^z / (1 + e^z) as it stands, in float32: not a number where e^z is too large for it, from z = 89 on."""
    with np.errstate(over="ignore", invalid="ignore"):
        power = np.exp(np.asarray(z, np.float32))
        return np.asarray(power / (np.float32(1) + power))


def one_over_sigmoid(z: ArrayLike) -> NDArray[np.float32]:
    """1 / (1 + e^-z) in float32: where e^-z is too large for it, 1 / infinity is the right 0."""
    with np.errstate(over="ignore"):
        return np.asarray(np.float32(1) / (np.float32(1) + np.exp(-np.asarray(z, np.float32))))


ACTIVATIONS: Final[Mapping[str, Activation]] = {
    "linear": Activation("none (linear)", lambda z: z, np.ones_like, "z", "1", "nn.Identity()"),
    "sigmoid": Activation(
        "sigmoid",
        sigmoid,
        _sigmoid_slope,
        r"\sigma(z) = \frac{1}{1 + e^{-z}}",
        r"\sigma'(z) = \sigma(z)\,(1 - \sigma(z))",
        "nn.Sigmoid()",
    ),
    "tanh": Activation(
        "tanh",
        np.tanh,
        lambda z: 4.0 * _sigmoid_slope(2.0 * z),  # 1 - tanh², which would be 0 where tanh rounds to 1
        r"\tanh(z) = \frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}",
        r"\tanh'(z) = 1 - \tanh(z)^2",
        "nn.Tanh()",
    ),
    "relu": Activation(
        "ReLU",
        lambda z: np.maximum(z, 0.0),
        lambda z: np.where(z > 0, 1.0, 0.0),
        r"\max(0, z)",
        r"1 \text{ above } 0,\; 0 \text{ below}",
        "nn.ReLU()",
    ),
    "leaky_relu": Activation(
        "leaky ReLU",
        lambda z: np.where(z > 0, z, LEAK * z),
        lambda z: np.where(z > 0, 1.0, LEAK),
        rf"\max({LEAK}\,z, z)",
        rf"1 \text{{ above }} 0,\; {LEAK} \text{{ below}}",
        "nn.LeakyReLU()",
    ),
}
"""By name, in the order in which they are offered."""
