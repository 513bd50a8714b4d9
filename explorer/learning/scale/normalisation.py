"""What normalisation layers make of N x C x H x W: which cells share a mean, and every number up to the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers

EPS: Final = 1e-5
"""What PyTorch's layers add to the variance, unless told otherwise."""

KINDS: Final = {
    "batch": "batch norm",  # Ioffe and Szegedy 2015
    "layer": "layer norm",  # Ba et al. 2016
    "instance": "instance norm",  # Ulyanov et al. 2016
    "group": "group norm",  # Wu and He 2018
}


@dataclass(frozen=True, eq=False)
class Normalised:
    """Values that were normalised, and by what.

    Attributes:
        mean, variance: (N, C) of the cells that each map belongs to; the variance with n in the denominator.
        result: (N, C, H, W).
    """

    mean: Numbers
    variance: Numbers
    result: Numbers


def find_sets(kind: str, pictures: int, channels: int, groups: int) -> NDArray[np.intp]:
    """(N, C) a number for each map; all cells of the maps with one number share mean and variance.

    Args:
        kind: a name in `KINDS`.
        pictures, channels: N and C.
        groups: of neighbouring channels, for group norm.

    Raises:
        ValueError: If the channels cannot be parted into as many groups of one size.
    """
    picture, channel = np.arange(pictures)[:, None], np.arange(channels)[None]
    if kind == "batch":
        return np.broadcast_to(channel, (pictures, channels))
    parts = {"layer": 1, "instance": channels, "group": groups}[kind]
    if parts < 1 or channels % parts:
        raise ValueError(f"{channels} channels cannot be parted into {parts} groups of one size")
    return np.asarray(picture * parts + channel // (channels // parts))


def normalise(
    values: Numbers, sets: NDArray[np.intp], gamma: Numbers, beta: Numbers, eps: float, *, by_variance: bool = False
) -> Normalised:
    """(x - mean) / sqrt(variance + eps) * gamma + beta, with mean and variance over the cells of each set.

    Args:
        values: (N, C, H, W).
        sets: (N, C) from `find_sets`.
        gamma, beta: (C,).
        eps: added to the variance.
        by_variance: divide by it in place of its root, as is often said.
    """
    cells = [values[sets == number] for number in range(int(sets.max()) + 1)]
    mean, variance = (np.array([of(each) for each in cells])[sets] for of in (np.mean, np.var))
    divisor = variance + eps if by_variance else np.sqrt(variance + eps)
    centred = values - mean[..., None, None]
    result = centred / divisor[..., None, None] * gamma[:, None, None] + beta[:, None, None]
    return Normalised(mean, variance, result)


def measure_gap(first: Numbers, second: Numbers) -> float:
    """How far two pictures' values are apart: root of the mean square, each channel in its own standard deviations.

    No scale and shift that both pictures share changes it.

    Args:
        first, second: (C, H, W); standard deviations are those of the first.

    Returns:
        The root of the mean over the channels that are not one value everywhere; NaN where all are.
    """
    variance = first.var(axis=(1, 2))
    spread = variance > 1e-20 * np.maximum(1e-20, (first**2).mean(axis=(1, 2)))
    gaps = ((first - second) ** 2).mean(axis=(1, 2))[spread] / variance[spread]
    return float(np.sqrt(gaps.mean())) if spread.any() else float("nan")
