"""One change, led from one end to the other: what the network believes on the way, and where it changes its mind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.augmentation.motion import Motion
from explorer.augmentation.rejection import PipelineRejected
from explorer.zoo import VisionModel

POINTS = 41
MOST_POINTS = 361


@dataclass(frozen=True)
class Sweep:
    """A change with one parameter.

    Attributes:
        name: in addresses and code.
        title: for people.
        unit: behind the parameter.
        low, high: where it begins and ends.
        neutral: the value that changes nothing.
        change: from a picture (3, S, S) in [0, 1] and the values to the changed pictures (N, 3, S, S).
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    neutral: float
    change: Callable[[Tensor, Sequence[float]], Tensor]

    def values(self, points: int = POINTS) -> tuple[float, ...]:
        """Evenly spaced from end to end, the neutral one among them: the nearest value is moved onto it."""
        spaced = np.linspace(self.low, self.high, points)
        spaced[np.abs(spaced - self.neutral).argmin()] = self.neutral
        return tuple(round(float(value), 6) for value in spaced)


def _turn(picture: Tensor, angles: Sequence[float]) -> Tensor:
    return torch.stack([Motion(angle=angle).apply(picture) for angle in angles])


def _zoom(picture: Tensor, scales: Sequence[float]) -> Tensor:
    return torch.stack([Motion(scale=scale).apply(picture) for scale in scales])


def _brighten(picture: Tensor, factors: Sequence[float]) -> Tensor:
    return (picture[None] * torch.tensor(factors).view(-1, 1, 1, 1)).clamp(0, 1)


def _blur(picture: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Gaussian blur as two products of matrices: exact, and as fast for wide kernels as for narrow ones."""
    rows = torch.stack([_blur_matrix(picture.shape[1], sigma) for sigma in sigmas])  # (N, H, H)
    columns = torch.stack([_blur_matrix(picture.shape[2], sigma) for sigma in sigmas])  # (N, W, W)
    return rows[:, None] @ picture[None] @ columns[:, None].mT


def _blur_matrix(side: int, sigma: float) -> Tensor:
    """(side, side): what each pixel of a blurred line takes from each pixel, the line mirrored at its ends."""
    if sigma == 0 or side == 1:
        return torch.eye(side)
    radius = min(math.ceil(4 * sigma), side - 1)
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = weights / weights.sum()
    reached = torch.arange(side)[:, None] + offsets  # (side, 2 * radius + 1)
    mirrored = (side - 1) - ((side - 1) - reached.abs()).abs()
    return torch.zeros(side, side).scatter_add_(1, mirrored, weights.expand(side, -1))


SWEEPS: dict[str, Sweep] = {
    sweep.name: sweep
    for sweep in (
        Sweep("rotation", "Rotation", "°", -180.0, 180.0, 0.0, _turn),
        Sweep("zoom", "Zoom", "x", 0.4, 3.0, 1.0, _zoom),
        Sweep("brightness", "Brightness", "x", 0.0, 3.0, 1.0, _brighten),
        Sweep("blur", "Blur", "px", 0.0, 8.0, 0.0, _blur),
    )
}


@dataclass(frozen=True, eq=False)
class SweepResult:
    """The network's probabilities along a sweep.

    Attributes:
        sweep: its name.
        values: (N,), of the parameter, ascending.
        probabilities: (N, classes).
        pixels: (N, S, S, 3) uint8, the very pictures that the network saw.
        single: (classes,), of the unchanged picture.
    """

    sweep: str
    values: NDArray[np.float64]
    probabilities: NDArray[np.float32]
    pixels: NDArray[np.uint8]
    single: NDArray[np.float32]

    def top(self, count: int = 3) -> tuple[int, ...]:
        """Classes whose curves tell most: that of the unchanged picture first, then those that rise highest."""
        first = int(self.single.argmax())
        highest = np.argsort(-self.probabilities.max(axis=0), kind="stable")
        return tuple([first, *(int(index) for index in highest if index != first)][:count])


def sweep(model: VisionModel, image: Image.Image, name: str, values: Sequence[float] | None = None) -> SweepResult:
    """Change the square that the network sees step by step, and ask it each time; all in one batch.

    Turns and zooms are about the centre, black where nothing is known; brightness multiplies and cuts at white; blur is
    Gaussian, its parameter the standard deviation in pixels of the square.

    Args:
        model: from the zoo.
        image: RGB.
        name: a key of `SWEEPS`.
        values: of the parameter, ascending, within its ends; 41 evenly spaced ones if None.

    Raises:
        PipelineRejected: no such sweep, no values, too many, out of range or out of order.
    """
    if name not in SWEEPS:
        raise PipelineRejected(f"There is no sweep {name!r}; there are {', '.join(SWEEPS)}.")
    chosen = SWEEPS[name]
    values = chosen.values() if values is None else values
    if not 1 <= len(values) <= MOST_POINTS:
        raise PipelineRejected(f"A sweep has 1 to {MOST_POINTS} points, not {len(values)}.")
    if any(not chosen.low <= value <= chosen.high for value in values) or list(values) != sorted(values):
        raise PipelineRejected(
            f"{chosen.title} goes from {chosen.low:g} to {chosen.high:g} {chosen.unit}, in ascending order."
        )
    square = torch.from_numpy(model.preprocessing.pixels(image).copy()).permute(2, 0, 1)  # (3, S, S)
    changed = chosen.change(square / 255, values).mul_(255).round_().clamp_(0, 255)  # (N, 3, S, S)
    every = torch.cat([square[None].float(), changed])
    found = model.logits(model.preprocessing.normalise(every.div_(255))).softmax(1).numpy()
    pixels = changed.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    return SweepResult(name, np.array(values, dtype=np.float64), found[1:], pixels, found[0])


@dataclass(frozen=True)
class Flip:
    """A place where the most probable class changes.

    Attributes:
        before, after: the two neighbouring values of the parameter between which it happens.
        old, new: indices of the classes.
        probability: of the new class at `after`.
    """

    before: float
    after: float
    old: int
    new: int
    probability: float


def flips(result: SweepResult) -> tuple[Flip, ...]:
    """Every change of the most probable class, from the low end to the high one."""
    winners = result.probabilities.argmax(axis=1)
    places = np.flatnonzero(winners[1:] != winners[:-1])
    return tuple(
        Flip(
            float(result.values[place]),
            float(result.values[place + 1]),
            int(winners[place]),
            int(winners[place + 1]),
            float(result.probabilities[place + 1, winners[place + 1]]),
        )
        for place in places
    )
