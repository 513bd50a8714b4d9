"""Densities in the plane as sums of round normal ones: the ready shapes, and what is known only by its points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.neurons.activations import Numbers

REACH: Final = 1.6  # of the square that is looked at, from its middle
CELLS: Final = 64  # of the square on each side, in whose middles densities are measured
BANDWIDTH: Final = 0.08  # standard deviation of the kernel through which densities are looked at
FAINT: Final = 0.02  # density of real points and fakes together, below which the best discriminator is drawn paler
DRAWN_POINTS: Final = 400  # of a ready shape


@dataclass(frozen=True, eq=False)
class Mixture:
    """Normal densities of one width, each with the same share.

    Attributes:
        centres: (K, 2)
        width: Standard deviation along every direction.
    """

    centres: Numbers
    width: float

    def blurred(self, bandwidth: float) -> Mixture:
        """What becomes of it behind a normal kernel: normal densities again, in closed form."""
        return Mixture(self.centres, float(np.hypot(self.width, bandwidth)))

    def on_grid(self) -> Numbers:
        """(CELLS, CELLS) densities in the cells' middles, rows from below, columns from the left."""
        away = (cell_middles()[:, None, None] - self.centres) / self.width  # (CELLS, K, 2)
        across, up = np.exp(-0.5 * away[..., 0] ** 2), np.exp(-0.5 * away[..., 1] ** 2)
        return np.asarray(up @ across.T / (len(self.centres) * 2.0 * np.pi * self.width**2))

    def draw(self, count: int) -> Numbers:
        """(count, 2) points by chance, the same each time: as many of each part as there is room for."""
        chance = np.random.default_rng(0)
        return self.centres[np.arange(count) % len(self.centres)] + self.width * chance.standard_normal((count, 2))


def cell_middles() -> Numbers:
    """(CELLS,) along one side of the square."""
    return np.asarray((np.arange(CELLS) + 0.5) * (2.0 * REACH / CELLS) - REACH)


def _on_circle(radius: float, halves: float, count: int) -> Numbers:
    """(count, 2) from the right on, at equal angles over so many halves of a turn, the end left out."""
    angles = np.pi * halves * np.arange(count, dtype=np.float64) / count
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=-1)


def _eight() -> Mixture:
    return Mixture(_on_circle(0.8, 2, 8), 0.06)


def _ring() -> Mixture:
    return Mixture(_on_circle(0.75, 2, 80), 0.05)


def _moons() -> Mixture:
    arc, aside = _on_circle(0.55, 1, 40), np.array([0.28, 0.15])
    return Mixture(np.concatenate([arc - aside, aside - arc]), 0.05)


def _line() -> Mixture:
    along = np.linspace(-1.0, 1.0, 50)
    return Mixture(np.stack([0.9 * along, 0.5 * along], axis=-1), 0.04)


SHAPES: Final[Mapping[str, Callable[[], Mixture]]] = {"eight": _eight, "ring": _ring, "moons": _moons, "line": _line}
"""By name. A ring, a moon or a line is a row of normal densities closer to each other than they are wide."""
