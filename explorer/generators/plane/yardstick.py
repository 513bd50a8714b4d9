"""How good the generator is by densities, not by its opponent's word: the best discriminator, and what is covered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.generators.plane.game import State, log_sigmoid, make_fakes
from explorer.generators.plane.mixtures import BANDWIDTH, CELLS, REACH, SHAPES, Mixture, cell_middles
from explorer.generators.plane.points import Reals
from explorer.neurons.activations import Numbers
from explorer.neurons.perceptron import Perceptron, forward

EVEN: Final = -log(4.0)  # the value of the best discriminator where fakes are spread like real points
FAIR_SHARE: Final = 0.1  # of its fair share of fakes, from which a cluster counts as covered
_NEIGHBOUR: Final = 5  # of a real point, up to which its ball reaches
_CELL_AREA: Final = (2.0 * REACH / CELLS) ** 2


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The generator against the real points, at one state of the game.

    Attributes:
        fakes: (N, 2) of the fixed codes.
        real, fake: (CELLS, CELLS) both densities behind the same kernel, `BANDWIDTH` wide.
        says: (CELLS, CELLS) the discriminator's logits there.
    """

    fakes: Numbers
    real: Numbers
    fake: Numbers
    says: Numbers

    @cached_property
    def best(self) -> Numbers:
        """(CELLS, CELLS) of D* = p / (p + q) (Goodfellow and others 2014, proposition 1); 1/2 where neither is."""
        both = self.real + self.fake
        return np.divide(self.real, both, out=np.full_like(both, 0.5), where=both > 0)

    @cached_property
    def best_value(self) -> float:
        """What D* makes of the game: the integral of p log D* + q log(1 - D*)."""
        return self._integrate(_log(self.best), _log(1.0 - self.best))

    @cached_property
    def value(self) -> float:
        """What the discriminator makes of the same two densities; no one can make more than D*."""
        return self._integrate(log_sigmoid(self.says), log_sigmoid(-self.says))

    @property
    def divergence(self) -> float:
        """The Jensen-Shannon divergence of both densities, 0 to log 2: the best value is -log 4 + 2 JSD."""
        return (self.best_value - EVEN) / 2.0

    @property
    def outside(self) -> float:
        """The share of fakes beyond the square, where nothing is measured."""
        return float((np.abs(self.fakes) > REACH).any(axis=1).mean())

    def _integrate(self, log_real: Numbers, log_fake: Numbers) -> float:
        return float((self.real * log_real + self.fake * log_fake).sum() * _CELL_AREA)


def measure(reals: Reals, state: State, codes: Numbers) -> Yardstick:
    """Both densities and the discriminator on the grid.

    Args:
        reals: What is imitated.
        state: Of the game.
        codes: (N, size) those of `fixed_codes`.
    """
    fakes = make_fakes(state.generator, codes)
    fake = Mixture(fakes, BANDWIDTH).on_grid()
    return Yardstick(fakes, reals.density.on_grid(), fake, map_logits(state.discriminator))


def map_logits(discriminator: Perceptron) -> Numbers:
    """(CELLS, CELLS) in the cells' middles, rows from below."""
    along = cell_middles()
    places = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
    return forward(discriminator, places).sums[-1].reshape(CELLS, CELLS)


def _log(shares: Numbers) -> Numbers:
    """0 where a share is 0: nothing lies there to be multiplied with."""
    return np.log(shares, out=np.zeros_like(shares), where=shares > 0)


def count_modes(reals: Reals, fakes: Numbers) -> tuple[int, int] | None:
    """How many of a shape's clusters are covered, and how many it has; None where it has none.

    A cluster is covered where at least a tenth of its fair share of fakes, an eighth of all, lies within three standard
    deviations of its middle.
    """
    if reals.shape != "eight":
        return None
    shape = SHAPES[reals.shape]()
    within = _distances(fakes, shape.centres) <= 3.0 * shape.width
    fewest = FAIR_SHARE * len(fakes) / len(shape.centres)
    return int((within.sum(axis=0) >= fewest).sum()), len(shape.centres)


@dataclass(frozen=True)
class Coverage:
    """Shares by balls about the real points.

    Attributes:
        covered: Of the real points, those with a fake in their ball (coverage of Naeem and others 2020, arXiv
            2002.09797).
        among: Of the fakes, those in a real point's ball (precision of Kynkäänniemi and others 2019, arXiv 1904.06991).
    """

    covered: float
    among: float


def cover(reals: Reals, fakes: Numbers) -> Coverage:
    """Without clusters: a real point's ball reaches to its fifth neighbour, and as far as the kernel at least."""
    within = _distances(fakes, reals.places) <= ball_radii(reals)
    return Coverage(float(within.any(axis=0).mean()), float(within.any(axis=1).mean()))


def ball_radii(reals: Reals) -> Numbers:
    """(N,) of the balls about the real points."""
    near = np.sort(_distances(reals.places, reals.places), axis=1)
    return np.maximum(near[:, _NEIGHBOUR], BANDWIDTH)  # the first is the point itself


def _distances(first: Numbers, second: Numbers) -> NDArray[np.float64]:
    """(N, M)"""
    return np.asarray(np.hypot(*(first[:, None] - second).transpose(2, 0, 1)))
