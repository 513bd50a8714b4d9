"""Which pictures lie near which, by the cosine of their features, and how much of that two views of them share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating]


def as_directions(features: Rows) -> NDArray[np.float64]:
    """Rows of length 1, (N, D): on the sphere the nearest by Euclid are the nearest by cosine; zero rows stay zero."""
    rows = np.asarray(features, np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def distances_by_cosine(features: Rows) -> NDArray[np.float64]:
    """(N, N) 1 - cosine, 0 to 2; 1 from a row of zeros to any other."""
    rows = as_directions(features)
    return np.clip(1.0 - rows @ rows.T, 0.0, 2.0)


def distances_on_map(points: Rows) -> NDArray[np.float64]:
    """(N, N) squared Euclidean distances between points (N, 2)."""
    rows = np.asarray(points, np.float64)
    return ((rows[:, None] - rows[None]) ** 2).sum(2)


def rank_neighbours(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N, N - 1) places of all others in each row, nearest first; of equals, the earlier one.

    Args:
        distances: (N, N); its diagonal is not looked at.
    """
    others = distances.copy()
    np.fill_diagonal(others, -np.inf)
    return np.argsort(others, axis=1, kind="stable")[:, 1:]


def clip_neighbours(count: int, wanted: int) -> int:
    """How many neighbours are looked at among so many pictures: less than half of them, as trustworthiness needs it."""
    return max(1, min(wanted, (count - 1) // 2))


def share_kept(first: NDArray[np.int64], second: NDArray[np.int64], neighbours: int) -> float:
    """The share of each picture's nearest ones in one view that are among its nearest in the other, mean of all.

    By chance it would be neighbours / (N - 1).

    Args:
        first, second: as `rank_neighbours` gives them.
        neighbours: how many count as the nearest.
    """
    return float((first[:, :neighbours, None] == second[:, None, :neighbours]).any(2).mean())


def share_of_class(ranked: NDArray[np.int64], labels: NDArray[np.int64], neighbours: int) -> float:
    """The share of the nearest ones that have the picture's own class, mean of all pictures that have one.

    Pictures without a class (a negative label) are no neighbours either: the nearest with one are looked at.

    Args:
        ranked: (N, N - 1) as `rank_neighbours` gives it.
        labels: (N,).
        neighbours: how many count as the nearest.
    """
    near = labels[ranked[labels >= 0]]
    counted = (near >= 0) & ((near >= 0).cumsum(1) <= neighbours)
    same = (near == labels[labels >= 0][:, None]) & counted
    return float((same.sum(1) / counted.sum(1)).mean())


def expect_of_class(labels: NDArray[np.int64]) -> float:
    """What `share_of_class` would be if neighbours were drawn by chance."""
    counts = np.bincount(labels[labels >= 0]).astype(np.float64)
    total = counts.sum()
    return float((counts / total * (counts - 1) / (total - 1)).sum())
