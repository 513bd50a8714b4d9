"""What normalisation does to a picture's numbers, and what it does not do.

Mean and standard deviation of a data set are constants: they move and stretch all pictures alike, so a dim and a bright
version of one photo stay as far apart as they were, in units of their spread. Only statistics of the picture itself
bring them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.augmentation.rejection import PipelineRejected

BINS = 64
StageName = Literal["pixels", "data set", "own"]
TITLES: dict[StageName, str] = {
    "pixels": "Pixels from 0 to 1",
    "data set": "After the data set's mean and standard deviation",
    "own": "After the picture's own mean and standard deviation",
}


@dataclass(frozen=True, eq=False)
class Histograms:
    """How a picture's values are spread, channel by channel.

    Attributes:
        edges: (bins + 1,), ascending.
        shares: (3, bins), of the pixels; each row sums to 1.
        mean, std: (3,), of the values themselves, not of the bins.
    """

    edges: NDArray[np.float64]
    shares: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def channel_histograms(values: NDArray[np.floating], low: float, high: float, bins: int = BINS) -> Histograms:
    """Histograms of (H, W, 3) values between two ends; what lies beyond is counted in the last bin of its side."""
    flat = values.reshape(-1, 3).astype(np.float64)
    inside = flat.clip(low, high)
    counts = np.stack([np.histogram(inside[:, channel], bins, (low, high))[0] for channel in range(3)])
    return Histograms(np.linspace(low, high, bins + 1), counts / len(flat), flat.mean(axis=0), flat.std(axis=0))


@dataclass(frozen=True, eq=False)
class Normalised:
    """A picture before and after the normalisation that its network has.

    Attributes:
        values: (H, W, 3), (pixel - mean) / std.
        before: of the pixels, from 0 to 1.
        after: of `values`.
    """

    values: NDArray[np.float64]
    before: Histograms
    after: Histograms


def normalise(image: Image.Image, mean: Sequence[float], std: Sequence[float], bins: int = BINS) -> Normalised:
    """Subtract a mean and divide by a standard deviation, channel by channel.

    Args:
        image: RGB.
        mean, std: three each, of pixels from 0 to 1, as `model.preprocessing` has them.
        bins: of the histograms.

    Raises:
        PipelineRejected: a standard deviation is not above zero.
    """
    pixels = np.asarray(image.convert("RGB")) / 255
    values = _standardise(pixels, mean, std)
    low, high = _ends([values])
    return Normalised(values, channel_histograms(pixels, 0, 1, bins), channel_histograms(values, low, high, bins))


@dataclass(frozen=True, eq=False)
class Stage:
    """The dim and the bright version at one place of the way.

    Attributes:
        name: "pixels", "data set" or "own".
        title: for people.
        dim, bright: over the same bins.
        gap: how far the two are apart: the mean distance of their sorted values (1-Wasserstein), mean of the channels,
            in units of the spread within the versions. The same number before and after means that nothing met.
    """

    name: StageName
    title: str
    dim: Histograms
    bright: Histograms
    gap: float


@dataclass(frozen=True, eq=False)
class Meeting:
    """A dim and a bright version of one picture on their way through both kinds of normalisation.

    Attributes:
        dim, bright: (H, W, 3) uint8.
        clipped: share of the bright version's values that were cut at white and cannot come back.
        stages: pixels, after the data set's statistics, after the picture's own.
    """

    dim: NDArray[np.uint8]
    bright: NDArray[np.uint8]
    clipped: float
    stages: tuple[Stage, ...]

    def stage(self, name: StageName) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)


def dim_and_bright(
    image: Image.Image,
    mean: Sequence[float],
    std: Sequence[float],
    dim: float = 0.5,
    bright: float = 1.5,
    bins: int = BINS,
) -> Meeting:
    """Multiply a picture by two factors and follow both versions through normalisation.

    Args:
        image: RGB.
        mean, std: of the data set, three each, of pixels from 0 to 1.
        dim, bright: factors above 0; values above white are cut.
        bins: of the histograms.

    Raises:
        PipelineRejected: a factor or a standard deviation is not above zero.
    """
    if not (0 < dim < np.inf and 0 < bright < np.inf):
        raise PipelineRejected("Both factors must be above zero.")
    pixels = np.asarray(image.convert("RGB")).astype(np.float64)
    versions = [np.rint((pixels * factor).clip(0, 255)).astype(np.uint8) for factor in (dim, bright)]
    scaled = [version / 255 for version in versions]
    own = [_standardise(each, each.mean(axis=(0, 1)), _no_zero(each.std(axis=(0, 1)))) for each in scaled]
    data_set = [_standardise(each, mean, std) for each in scaled]
    ends = {"pixels": (0.0, 1.0), "data set": _ends(data_set), "own": _ends(own)}
    stages: list[Stage] = []
    names: tuple[StageName, ...] = ("pixels", "data set", "own")
    for name, (first, second) in zip(names, (scaled, data_set, own), strict=True):
        dark, light = (channel_histograms(each, *ends[name], bins) for each in (first, second))
        stages.append(Stage(name, TITLES[name], dark, light, _gap(first, second)))
    return Meeting(versions[0], versions[1], float((pixels * bright > 255).mean()), tuple(stages))


def _standardise(
    pixels: NDArray[np.float64], mean: Sequence[float] | NDArray[np.float64], std: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    if not (np.asarray(std) > 0).all():
        raise PipelineRejected("A standard deviation must be above zero.")
    values: NDArray[np.float64] = (pixels - np.asarray(mean)) / np.asarray(std)
    return values


def _no_zero(std: NDArray[np.float64]) -> NDArray[np.float64]:
    """A channel of one value has no spread to divide by; it becomes zero everywhere."""
    return np.where(std > 0, std, 1.0)


def _ends(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    low, high = min(float(each.min()) for each in values), max(float(each.max()) for each in values)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _gap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The 1-Wasserstein distance of equally many values is the mean difference of the sorted ones."""
    a, b = (np.sort(each.reshape(-1, 3), axis=0) for each in (first, second))
    within = np.sqrt((a.var(axis=0) + b.var(axis=0)) / 2)
    return float((np.abs(a - b).mean(axis=0) / _no_zero(within)).mean())
