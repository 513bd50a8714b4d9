"""Batch norm's running averages: how they follow the batches, and what evaluation makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.neurons.activations import Numbers

MOMENTA: Final = (0.01, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class Running:
    """The running averages before the first batch and after each one, and the batches' own.

    Attributes:
        mean, variance: (T + 1, C).
        batch_mean, batch_variance: (T, C) what went into them, the variance with n - 1 in the denominator.
        cells: n, the values of a channel in one batch.
    """

    mean: Numbers
    variance: Numbers
    batch_mean: Numbers
    batch_variance: Numbers
    cells: int


def follow(batches: Numbers, momentum: float) -> Running:
    """Follow batches from 0 and 1: every average keeps 1 - momentum of itself and takes momentum of the batch's.

    Args:
        batches: (T, N, C, H, W), with more than one value a channel.
        momentum: of the new batch, as PyTorch counts it.

    Raises:
        ValueError: If a batch has one value a channel, which has no variance.
    """
    count, pictures, channels, *sides = batches.shape
    cells = pictures * int(np.prod(sides))
    if cells < 2:
        raise ValueError("a batch needs more than one value a channel")
    means, variances = batches.mean((1, 3, 4)), batches.var((1, 3, 4), ddof=1)
    mean, variance = np.zeros((count + 1, channels)), np.ones((count + 1, channels))
    for step in range(count):
        for kept, new in ((mean, means), (variance, variances)):
            kept[step + 1] = (1 - momentum) * kept[step] + momentum * new[step]
    return Running(mean, variance, means, variances, cells)


def evaluate(values: Numbers, mean: Numbers, variance: Numbers, gamma: Numbers, beta: Numbers, eps: float) -> Numbers:
    """What batch norm in evaluation makes of a batch: each cell by itself, whatever stands beside it.

    Args:
        values: (N, C, H, W).
        mean, variance: (C,) the running averages.
        gamma, beta: (C,).
        eps: added to the variance.
    """
    scale = gamma / np.sqrt(variance + eps)
    return (values - mean[:, None, None]) * scale[:, None, None] + beta[:, None, None]
