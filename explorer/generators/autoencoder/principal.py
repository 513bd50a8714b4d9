"""The best linear code there is, by principal component analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explorer.generators.autoencoder.coder import Coder
from explorer.generators.autoencoder.patches import DEPTH, Patches
from explorer.neurons.activations import Numbers


@dataclass(frozen=True, eq=False)
class Principal:
    """Where patches lie, and along which directions they differ most.

    Attributes:
        mean: (192,) the middle of all patches.
        directions: (192, 192) at right angles, a row each, the one along which they differ most first.
        variances: (192,) mean squared distance from the middle along each; 0 where fewer patches leave none.
    """

    mean: Numbers
    directions: Numbers
    variances: Numbers

    @property
    def floors(self) -> Numbers:
        """(193,) the least error of a linear code of 0, 1, ..., 192 numbers (Eckart and Young 1936).

        The error is the mean over all patches and all 192 numbers of the squared difference. What a code of k numbers
        and a linear decoder with biases give is a matrix of rank k around a common middle; none is nearer to the
        patches than that of their first k directions, which leaves the variances of all others.
        """
        left = np.cumsum(self.variances[::-1])[::-1]
        return np.append(left, 0.0) / DEPTH

    @property
    def rank(self) -> int:
        """How many numbers give every patch back; further ones are 0 in all of them."""
        return int((self.variances > 1e-12 * self.variances[0]).sum())

    def errors_of(self, values: Numbers) -> Numbers:
        """(193,) the error of any patches (N, 192) after a code of 0, 1, ..., 192 of these directions."""
        centred = values - self.mean
        kept = np.append(0.0, np.cumsum(((centred @ self.directions.T) ** 2).mean(axis=0)))
        return np.asarray(np.maximum(float((centred**2).mean()) - kept / DEPTH, 0.0))

    def coder(self, size: int) -> Coder:
        """The one with so many numbers."""
        first = self.directions[:size]
        return Coder(((first, -first @ self.mean),), ((first.T, self.mean),))


def find_principal(patches: Patches) -> Principal:
    """By the singular value decomposition of the patches around their middle.

    A direction may as well be turned about: its number that is farthest from 0 is above it.
    """
    mean = patches.values.mean(axis=0)
    _, singular, directions = np.linalg.svd(patches.values - mean)
    signs = np.sign(np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1))
    variances = np.zeros(DEPTH)
    variances[: len(singular)] = singular**2 / len(patches.values)
    return Principal(mean, directions * signs, variances)
