"""What losses ask for when there are two classes: the push at every confidence, and the best answer to mixed labels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explorer.neurons.activations import Numbers
from explorer.neurons.losses import LOSSES, one_hot

COMPARED: Final = ("cross_entropy", "squared_error", "probability")
"""Losses of a softmax over two logits. Binary cross-entropy of their difference is the cross-entropy itself."""


def logits_of(probability: ArrayLike) -> Numbers:
    """(..., 2) logits whose softmax gives the first class a probability above 0 and below 1: log(p / (1 - p)) and 0."""
    p = np.asarray(probability, np.float64)
    return np.stack([np.log(p) - np.log1p(-p), np.zeros_like(p)], axis=-1)


def push(loss: str, probability: ArrayLike) -> Numbers:
    """How fast the loss falls when the true class's logit rises, by the probability that the truth has now.

    Args:
        loss: a name in `LOSSES`.
        probability: (...) of the true class.

    Returns:
        (...), never below 0.
    """
    logits = logits_of(probability)
    return np.asarray(-LOSSES[loss].gradient(logits, np.broadcast_to(one_hot(0, 2), logits.shape))[..., 0])


def mean_loss(loss: str, probability: ArrayLike, share: float) -> Numbers:
    """The loss over many examples that look alike, a share of which is of the first class.

    Args:
        loss: a name in `LOSSES`.
        probability: (...) that all of them are given for the first class.
        share: of the examples that are of the first class.
    """
    logits = logits_of(probability)
    first, second = (LOSSES[loss].value(logits, np.broadcast_to(one_hot(k, 2), logits.shape)) for k in (0, 1))
    return np.asarray(share * first + (1 - share) * second)


def best_answer(loss: str, share: float, tried: NDArray[np.float64]) -> float:
    """The one of the tried probabilities at which `mean_loss` is least."""
    return float(tried[mean_loss(loss, tried, share).argmin()])
