"""How sure an accuracy and a difference of two are: test pictures drawn again and again, and the luck of the seeds.

What the answers are is in `comparing`; here they are tables of right and wrong, a row a seed, a column a test picture.

Two things could have come out otherwise. Other test pictures: T of them are drawn from the T there are, with
replacement, as in any bootstrap. Other seeds: three of them drawn from three cannot show what a fourth would have done
(on toy answers whose seeds differ much, such intervals held the truth in 79 to 87 % of repetitions instead of 95 %). So
each draw adds a number from Student's distribution instead, as wide as the seeds differ beyond what the luck of single
answers explains. That leaves intervals of 93 to 97 % on the same toy answers, whatever outweighs, seeds or pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
_AT_ONCE = 500  # draws held in memory together
_ADDED_RIGHT, _ADDED_WRONG = 2, 2

Right = NDArray[np.bool_]  # (seeds, test pictures)


@dataclass(frozen=True)
class Luck:
    """How far the luck of its seeds moves a mean.

    Attributes:
        variance: of the mean.
        freedom: degrees of freedom with which that is known; 0 where the variance is zero.
    """

    variance: float
    freedom: float

    def reach(self, level: float) -> float:
        """Half the width of the interval that luck alone would have."""
        from scipy.stats import t

        return float(t.ppf((1 + level) / 2, self.freedom)) * sqrt(self.variance) if self.variance > 0 else 0.0


def seed_luck(right: Right) -> Luck:
    """The luck of the seeds in the mean accuracy of a table of answers.

    From the analysis of variance of a table with one answer a cell, both seeds and pictures being random: the mean
    square of the rows less that of the residuals, over S T (Searle, Casella and McCulloch 1992, "Variance Components").
    Below zero it is zero; a single seed says nothing, and its luck is taken to be zero.
    """
    seeds, pictures = right.shape
    if seeds < 2 or pictures < 2:
        return Luck(0.0, 0.0)
    table = right.astype(np.float64)
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    residual = float(((table - rows - columns + table.mean()) ** 2).sum()) / ((seeds - 1) * (pictures - 1))
    variance = (pictures * float(rows.var(ddof=1)) - residual) / (seeds * pictures)
    return Luck(variance, seeds - 1) if variance > 1e-12 else Luck(0.0, 0.0)


def joint_luck(parts: Sequence[Luck]) -> Luck:
    """The luck in a sum or difference of independent means (Welch and Satterthwaite)."""
    variance = sum(part.variance for part in parts)
    if variance == 0:
        return Luck(0.0, 0.0)
    return Luck(variance, variance**2 / sum(part.variance**2 / part.freedom for part in parts if part.variance > 0))


def draw_accuracies(right: Mapping[str, Right], draws: int = DRAWS, seed: int = 0) -> dict[str, NDArray[np.float64]]:
    """Accuracies as they might have come out with other test pictures and other seeds.

    To the T pictures two that are always told rightly and two that are always told wrongly are added (Agresti and Coull
    1998): without them, 10 of 10 right would have an interval from 100 % to 100 %.

    Args:
        right: by name, (seeds, T) whether each picture was told rightly; T is the same for all.
        draws: how many.
        seed: of the draws; those of a name do not depend on which other names there are.

    Returns:
        By name, (draws,) accuracies from 0 to 1.

    Raises:
        ValueError: no pictures, or not as many for each name.
    """
    added = _ADDED_RIGHT + _ADDED_WRONG
    sums, times = _draw_sums(right, added, draws, seed)
    whole = _count_pictures(right) + added
    always = times[:, :_ADDED_RIGHT].sum(axis=1)
    return {
        name: np.clip((values + always) / whole + _draw_luck(seed_luck(right[name]), name, draws, seed), 0.0, 1.0)
        for name, values in sums.items()
    }


def draw_differences(
    right: Mapping[str, Right], draws: int = DRAWS, seed: int = 0
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Differences of the accuracies of all pairs, as they might have come out with other test pictures and seeds.

    Both of a pair answer the same drawn pictures, so that a hard picture counts against neither. To the pictures one is
    added that only the first tells rightly, and one that only the second does (Bonett and Price 2012): a handful of
    pictures shall not decide alone.

    Args:
        right, draws, seed: as for `draw_accuracies`.

    Returns:
        By pair of names, in their order, (draws,) first minus second, from -1 to 1.

    Raises:
        ValueError: no pictures, or not as many for each name.
    """
    sums, times = _draw_sums(right, 2, draws, seed)
    whole = _count_pictures(right) + 2
    names, extra = list(right), times[:, 0] - times[:, 1]
    lucks = {name: seed_luck(rows) for name, rows in right.items()}
    drawn = {}
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            luck = joint_luck([lucks[first], lucks[second]])
            moved = (sums[first] - sums[second] + extra) / whole
            drawn[first, second] = np.clip(moved + _draw_luck(luck, f"{first} {second}", draws, seed), -1.0, 1.0)
    return drawn


def interval(draws: NDArray[np.float64], mean: float, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of what was drawn, wide enough for what was measured."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), mean), max(float(high), mean)


def _count_pictures(right: Mapping[str, Right]) -> int:
    counts = {rows.shape[1] for rows in right.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"every row needs the same test pictures, not {sorted(counts)} of them")
    return counts.pop()


def _draw_sums(
    right: Mapping[str, Right], added: int, draws: int, seed: int
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """By name (draws,) right answers among the drawn pictures, averaged over the seeds; and (draws, added) how often
    each added picture was drawn.
    """
    pictures = _count_pictures(right)
    whole = pictures + added
    means = np.stack([rows.mean(axis=0) for rows in right.values()])  # (names, T)
    random = np.random.default_rng(seed)
    sums, times = [], []
    for first in range(0, draws, _AT_ONCE):
        count = min(_AT_ONCE, draws - first)
        drawn = random.integers(0, whole, (count, whole)) + whole * np.arange(count)[:, None]
        often = np.bincount(drawn.ravel(), minlength=count * whole).reshape(count, whole)
        sums.append(often[:, :pictures].astype(np.float64) @ means.T)  # (count, names)
        times.append(often[:, pictures:])
    every = np.concatenate(sums)
    return {name: every[:, place] for place, name in enumerate(right)}, np.concatenate(times)


def _draw_luck(luck: Luck, name: str, draws: int, seed: int) -> NDArray[np.float64]:
    if luck.variance == 0:
        return np.zeros(draws)
    # By the name, so that what else is compared does not change the draws.
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return np.asarray(random.standard_t(luck.freedom, draws) * sqrt(luck.variance))
