"""A linear model on two input columns of different scale: what it costs gradient descent that they share one rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, log, log1p, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
NEAR: Final = 0.01
"""The weights count as learned once this share of their distance from the best is left."""


@dataclass(frozen=True)
class Columns:
    """Four rows of two columns with mean 0, and the loss of a linear model without a bias on them.

    The truth of a row is the sum of its columns, so that both weights are best at 1. They begin at 0. The loss is half
    the mean squared error; its curvatures are the eigenvalues of its Hessian, XᵀX / 4.

    Attributes:
        first, second: standard deviations of the columns, above 0.
        correlation: of the columns, above -1 and below 1.
    """

    first: float
    second: float
    correlation: float = 0.0

    @property
    def rows(self) -> Numbers:
        """(4, 2): ±1 in all four ways, mixed for the correlation, then scaled."""
        first, other = np.array([1.0, 1.0, -1.0, -1.0]), np.array([1.0, -1.0, 1.0, -1.0])
        second = self.correlation * first + sqrt(1 - self.correlation**2) * other
        return np.stack([self.first * first, self.second * second], axis=1)

    def normalised(self) -> Columns:
        """The same columns, each divided by its standard deviation; their mean is 0 as it is."""
        return Columns(1.0, 1.0, self.correlation)

    @property
    def hessian(self) -> Numbers:
        """(2, 2): the mean products of the columns."""
        rows = self.rows
        return np.asarray(rows.T @ rows / len(rows))

    @property
    def curvatures(self) -> tuple[float, float]:
        """The larger and the smaller one."""
        smaller, larger = np.linalg.eigvalsh(self.hessian).tolist()
        return larger, smaller

    @property
    def largest_stable_rate(self) -> float:
        """2 / λ of the larger curvature: above it gradient descent moves away along that direction, step by step."""
        return 2 / self.curvatures[0]

    @property
    def best_rate(self) -> float:
        """2 / (λ + μ) of both curvatures: at any other fixed rate the slower direction is slower still."""
        return 2 / sum(self.curvatures)

    def loss(self, weights: Numbers) -> Numbers:
        """(..., 2) weights to (...) losses."""
        off = np.asarray(weights) - 1.0
        return np.asarray(((off @ self.rows.T) ** 2).mean(axis=-1) / 2)

    def descend(self, rate: float, steps: int) -> Numbers:
        """Plain gradient descent from (0, 0).

        Returns:
            (steps + 1, 2) weights, the first ones too; infinite from where float64 ends.
        """
        hessian, path = self.hessian, np.zeros((steps + 1, 2))
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(steps):
                path[step + 1] = path[step] - rate * hessian @ (path[step] - 1.0)
        return path

    def count_steps(self, rate: float) -> float:
        """After how many steps the weights are learned (`NEAR`), wherever they begin; infinite where they never are.

        Along the Hessian's eigenvectors each step multiplies the distance by 1 - rate · λ; the slowest of them counts.
        """
        if rate >= self.largest_stable_rate:
            return inf
        slowest = max(_log_factor(rate * curvature) for curvature in self.curvatures)
        return max(1, ceil(log(NEAR) / slowest))


def _log_factor(share: float) -> float:
    """The logarithm of |1 - share|, exact also where the share is tiny."""
    return log1p(-share) if share < 1 else log(share - 1) if share > 1 else -inf
