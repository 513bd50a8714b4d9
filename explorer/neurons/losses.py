"""Softmax of logits, and losses with their gradients by the logits.

Logits and targets are (..., K): K classes, and any number of examples before them. A target is what each class should
have got: 1 for the true class and 0 for the others, or shares that add up to 1. Every loss gives a number for each
example; the mean over the examples is what PyTorch gives with its default "mean".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from explorer.neurons.activations import Numbers, sigmoid


@dataclass(frozen=True)
class Loss:
    """One loss of logits.

    Attributes:
        title: its name for people.
        value: (..., K) logits and targets to (...), one number for each example.
        gradient: (..., K) logits and targets to (..., K), the derivative of that number by each logit.
        formula, gradient_formula: LaTeX, of p, the softmax (of sigma, the sigmoid, for "binary_cross_entropy"), and y.
        pytorch: the same with PyTorch, as code of `logits` and `targets`.
    """

    title: str
    value: Callable[[Numbers, Numbers], Numbers]
    gradient: Callable[[Numbers, Numbers], Numbers]
    formula: str
    gradient_formula: str
    pytorch: str


def log_softmax(logits: ArrayLike) -> Numbers:
    """(..., K): z minus log-sum-exp, with the largest logit taken off first, so that no power overflows."""
    z = np.asarray(logits, np.float64)
    shifted = z - z.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(logits: ArrayLike, temperature: float = 1.0) -> Numbers:
    """(..., K): e^(z / temperature) over its sum, with the largest logit taken off first, so that no power overflows.

    Raises:
        ValueError: If the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature {temperature} must be above 0")
    z = np.asarray(logits, np.float64) / temperature
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def naive_softmax(logits: ArrayLike) -> Numbers:
    """(..., K): e^z over its sum as it stands: infinity over infinity, not a number, where e^z overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(np.asarray(logits, np.float64))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def naive_log_softmax(logits: ArrayLike) -> Numbers:
    """(..., K): the logarithm of `naive_softmax`: minus infinity also where only the power was too small."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(naive_softmax(logits)))


def one_hot(classes: ArrayLike, count: int) -> Numbers:
    """(...) class numbers to (..., count): 1 at the class, 0 elsewhere.

    Raises:
        IndexError: If a class is not below `count`.
    """
    return np.asarray(np.eye(count)[np.asarray(classes, np.intp)])


def _cross_entropy(z: Numbers, y: Numbers) -> Numbers:
    return _weighed(-log_softmax(z), y)


def _cross_entropy_gradient(z: Numbers, y: Numbers) -> Numbers:
    return np.asarray(softmax(z) * y.sum(axis=-1, keepdims=True) - y)


def _binary_cross_entropy(z: Numbers, y: Numbers) -> Numbers:
    # -y log s(z) - (1 - y) log(1 - s(z)), with log(1 + e^z) written so that no power overflows
    return np.asarray((np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1))


def _binary_cross_entropy_gradient(z: Numbers, y: Numbers) -> Numbers:
    return np.asarray((sigmoid(z) - y) / z.shape[-1])


def _squared_error(z: Numbers, y: Numbers) -> Numbers:
    return np.asarray(((softmax(z) - y) ** 2).mean(axis=-1))


def _squared_error_gradient(z: Numbers, y: Numbers) -> Numbers:
    p = softmax(z)
    return _through_softmax(p, 2.0 * (p - y) / z.shape[-1])


def _probability(z: Numbers, y: Numbers) -> Numbers:
    return _weighed(-softmax(z), y)


def _probability_gradient(z: Numbers, y: Numbers) -> Numbers:
    return _through_softmax(softmax(z), -y)


def _weighed(values: Numbers, y: Numbers) -> Numbers:
    """The sum over classes of values times targets; what counts 0 times is left out, though it be infinite."""
    return np.asarray(np.where(y == 0, 0.0, values * y).sum(axis=-1))


def _through_softmax(p: Numbers, upstream: Numbers) -> Numbers:
    """The gradient by the logits, of that by the probabilities: times the softmax's Jacobian, diag(p) - p p^T."""
    return np.asarray(p * (upstream - (p * upstream).sum(axis=-1, keepdims=True)))


LOSSES: Final[Mapping[str, Loss]] = {
    "cross_entropy": Loss(
        "cross-entropy",
        _cross_entropy,
        _cross_entropy_gradient,
        r"-\sum_k y_k \log p_k",
        r"p_k - y_k",
        "F.cross_entropy(logits, targets)",
    ),
    "binary_cross_entropy": Loss(
        "binary cross-entropy",
        _binary_cross_entropy,
        _binary_cross_entropy_gradient,
        r"-\frac{1}{K} \sum_k [\,y_k \log \sigma(z_k) + (1 - y_k) \log(1 - \sigma(z_k))\,]",
        r"\tfrac{1}{K} (\sigma(z_k) - y_k)",
        "F.binary_cross_entropy_with_logits(logits, targets)",
    ),
    "squared_error": Loss(
        "squared error",
        _squared_error,
        _squared_error_gradient,
        r"\frac{1}{K} \sum_k (p_k - y_k)^2",
        r"\tfrac{2}{K} \, p_k \,[\,(p_k - y_k) - \sum_j p_j (p_j - y_j)\,]",
        "F.mse_loss(logits.softmax(-1), targets)",
    ),
    "probability": Loss(
        "without the log",
        _probability,
        _probability_gradient,
        r"-\sum_k y_k \, p_k",
        r"-p_k \left( y_k - \sum_j p_j y_j \right)",
        "-(targets * logits.softmax(-1)).sum(-1).mean()",
    ),
}
"""By name, in the order in which they are offered."""
