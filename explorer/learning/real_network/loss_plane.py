"""One plane through the paths of several trainings, the loss on it, and how far the paths lie from what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.slices import Slices

Losses = Callable[[Numbers], Numbers]
"""(B, P) the numbers of B networks to their (B,) losses."""

_MARGIN: Final = 0.12  # of the paths' range, around them


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane in the space of all weights and biases.

    Attributes:
        centre: (P,) the mean of all points of the paths.
        axes: (2, P) orthonormal: the first two principal directions.
        explained: Share of the paths' variance along each axis.
    """

    centre: Numbers
    axes: Numbers
    explained: tuple[float, float]

    def project(self, numbers: NDArray[np.floating]) -> Numbers:
        """(..., P) to the places of their feet on the plane, (..., 2)."""
        return np.asarray((numbers - self.centre) @ self.axes.T)

    def lift(self, places: Numbers) -> Numbers:
        """(..., 2) places on the plane to all the numbers of a network there, (..., P)."""
        return np.asarray(self.centre + places @ self.axes)


@dataclass(frozen=True, eq=False)
class Shadow:
    """What a plane shows of one path, beside what is so.

    Attributes:
        places: (T, 2) the feet of the path's points.
        distances: (T,) of the points from the plane.
        true: (T,) losses at the points.
        drawn: (T,) losses at their feet, which are what a surface over the plane shows there.
    """

    places: Numbers
    distances: Numbers
    true: Numbers
    drawn: Numbers

    @property
    def factors(self) -> Numbers:
        """(T,) how many times the smaller of the two losses the larger is; what is below float64's resolution is it."""
        both = np.maximum([self.true, self.drawn], np.finfo(np.float64).eps)
        return np.asarray(both.max(axis=0) / both.min(axis=0))

    def parted(self, factor: float) -> NDArray[np.bool_]:
        """(T,) where the two losses are apart by more than a factor."""
        return np.asarray(self.factors > factor)


@dataclass(frozen=True, eq=False)
class Surface:
    """The loss on a plane.

    Attributes:
        first, second: (N,) places along the two axes.
        losses: (N, N), a row for each of `second`.
    """

    first: Numbers
    second: Numbers
    losses: Numbers


def fit_plane(paths: Sequence[NDArray[np.floating]]) -> Plane:
    """The plane that keeps most of the variance of all points of all paths together.

    Principal component analysis by the singular value decomposition of the centred points; the entry of each axis that
    is largest in magnitude is positive, so that the same paths always give the same picture.

    Args:
        paths: (T, P) each, of finite numbers; P is at least 2.
    """
    points = np.concatenate(paths).astype(np.float64)
    centre = points.mean(axis=0)
    _, lengths, rows = np.linalg.svd(points - centre, full_matrices=False)
    axes = rows[:2] * np.sign(np.take_along_axis(rows[:2], np.abs(rows[:2]).argmax(axis=1)[:, None], axis=1))
    whole = float((lengths**2).sum()) or 1.0
    first, second = (float(length**2) / whole for length in lengths[:2])
    return Plane(centre, axes, (first, second))


def cast_shadow(plane: Plane, path: NDArray[np.floating], true: Numbers, losses: Losses) -> Shadow:
    """A path (T, P) with its losses (T,), as the plane shows it."""
    places = plane.project(path)
    feet = plane.lift(places)
    return Shadow(places, np.linalg.norm(path - feet, axis=1), true, losses(feet))


def measure_surface(plane: Plane, places: Numbers, side: int, losses: Losses) -> Slices[Surface]:
    """The loss on a square grid of side² places that holds all that is given, with a margin.

    Args:
        plane: Whose places these are.
        places: (N, 2) what the surface must reach.
        side: Places along each axis.
        losses: Of the networks there.

    Yields:
        How many rows are measured, of how many.

    Returns:
        The surface.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    margin = _MARGIN * np.maximum(high - low, 1e-9)
    first, second = (np.linspace(*ends, side) for ends in zip(low - margin, high + margin, strict=True))
    rows = []
    for height in second:
        rows.append(losses(plane.lift(np.stack([first, np.full(side, height)], axis=1))))
        yield len(rows), side
    return Surface(first, second, np.stack(rows))
