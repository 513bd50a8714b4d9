"""Which pictures are learned from, which are watched, which decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.data.pictures import LEAST_PICTURES, MOST_PICTURES

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Places of the pictures of a set, each sorted, none in two of them.

    Attributes:
        training: learned from.
        validation: watched during the training; early stopping and the best epoch are told by them.
        test: looked at once, at the end.
    """

    training: Places
    validation: Places
    test: Places


def split(labels: NDArray[np.int64], seed: int, validation: float = 0.2, test: float = 0.2) -> Split:
    """Deal the pictures of every class into three parts, at random.

    Every part gets of every class what is its share, rounded, and at least one picture where the class has enough: so
    within one picture of the exact share. The deal of one class does not depend on the others.

    Args:
        labels: (N,) class of every picture, from 0.
        seed: of the deal; the same seed gives the same one.
        validation: share of the pictures; 0 for none.
        test: share of the pictures; 0 for none.

    Raises:
        ValueError: a share below 0, or nothing left to learn from.
    """
    if min(validation, test) < 0 or validation + test >= 1:
        raise ValueError(f"shares of {validation} and {test} leave nothing to learn from")
    parts: tuple[list[Places], list[Places], list[Places]] = [], [], []
    for label in np.unique(labels).tolist():
        places = np.flatnonzero(labels == label)
        dealt = np.random.default_rng((seed, label)).permutation(places)
        for_test = _count(len(places), test, len(places) - 1)
        for_validation = _count(len(places), validation, len(places) - 1 - for_test)
        ends = for_test, for_test + for_validation
        parts[0].append(dealt[ends[1] :])
        parts[1].append(dealt[ends[0] : ends[1]])
        parts[2].append(dealt[: ends[0]])
    return Split(*(_sorted(part) for part in parts))


def take(split: Split, labels: NDArray[np.int64], share: float, seed: int) -> Split:
    """The same split with fewer training pictures: of every class its share, rounded, and at least one.

    With one seed, smaller shares are parts of larger ones.

    Raises:
        ValueError: a share that is not above 0 and at most 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share must be above 0 and at most 1, not {share}")
    kept = []
    for label in np.unique(labels[split.training]).tolist():
        places = split.training[labels[split.training] == label]
        drawn = np.random.default_rng((seed, label, 1)).permutation(places)
        kept.append(drawn[: max(1, round(share * len(places)))])
    return Split(_sorted(kept), split.validation, split.test)


def choose_evenly(labels: NDArray[np.int64], count: int | None, seed: int) -> NDArray[np.int64]:
    """Places of `count` pictures of each class, or as many as fit into a set, in their order; at least five of each."""
    classes = np.unique(labels).tolist()
    each = max(LEAST_PICTURES, min(count or MOST_PICTURES, MOST_PICTURES // max(1, len(classes))))
    chosen = [
        np.random.default_rng((seed, label)).permutation(np.flatnonzero(labels == label))[:each] for label in classes
    ]
    return np.sort(np.concatenate(chosen))


def _count(pictures: int, share: float, most: int) -> int:
    """How many of a class go into a part that is wanted."""
    return 0 if share == 0 else max(0, min(max(1, round(share * pictures)), most))


def _sorted(parts: list[Places]) -> Places:
    return np.sort(np.concatenate(parts)).astype(np.int64) if parts else np.empty(0, np.int64)
