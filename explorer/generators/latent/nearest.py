"""Which digit of the training part is nearest to a picture: what a generator that learns by heart would give back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.neurons.digits import load_digits


@dataclass(frozen=True, eq=False)
class Nearest:
    """Of each of N pictures the nearest training digit.

    Attributes:
        places: (N,) places among all digits of `load_digits`.
        distances: (N,) Euclidean, over 64 cells of 0 for paper and 1 for ink.
    """

    places: NDArray[np.intp]
    distances: Numbers


def find_nearest(pictures: NDArray[np.floating]) -> Nearest:
    """The nearest training digits of pictures (N, 8, 8), by the distance to each of them."""
    data = load_digits()
    x = pictures.reshape(len(pictures), -1).astype(np.float64)
    known = data.images[data.training].reshape(len(data.training), -1).astype(np.float64)
    squares = np.square(x).sum(axis=1)[:, None] - 2 * x @ known.T + np.square(known).sum(axis=1)
    nearest = squares.argmin(axis=1)
    distances = np.linalg.norm(x - known[nearest], axis=1)  # without what the product of sums has rounded
    return Nearest(data.training[nearest], distances)


@cache
def find_nearest_to_held_out() -> Nearest:
    """Those of the held-out digits, which nobody can have learned by heart."""
    data = load_digits()
    return find_nearest(data.images[data.held_out])
