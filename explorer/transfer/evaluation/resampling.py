"""How sure an accuracy and a difference of two are: the variance of the test pictures and that of the seeds.

What the answers are is in `comparing`; here they are tables of right and wrong, a row a seed, a column a test picture,
NaN where a seed was not tested on a picture: with repeated splits every seed has test pictures of its own.

An accuracy gets Wilson's interval (1927) with an effective number of pictures, as it is used for surveys whose answers
come in clusters (Franco, Little, Louis and Slud 2019, https://doi.org/10.1093/jssam/smy019): answers of several seeds
to one picture count as one, and what the seeds differ beyond the variance of single answers makes the number
smaller, by Student's quantile for so few seeds. With one seed that is Wilson's interval itself.

A difference is drawn again and again: pictures from those there are, with replacement, as in any bootstrap. Three seeds
drawn from three cannot show what a fourth would have done, so each draw adds a number from Student's distribution
instead, as wide as the seeds differ beyond what the variance of single answers explains.
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

Right = NDArray[np.bool_] | NDArray[np.float64]  # (seeds, test pictures); NaN where a seed was not tested


@dataclass(frozen=True)
class SeedVariance:
    """How far the variance of its seeds moves a mean.

    Attributes:
        variance: of the mean.
        freedom: degrees of freedom with which that is known; 0 where the variance is zero.
    """

    variance: float
    freedom: float

    def reach(self, level: float) -> float:
        """Half the width of the interval that seed variance alone would have."""
        from scipy.stats import t

        return float(t.ppf((1 + level) / 2, self.freedom)) * sqrt(self.variance) if self.variance > 0 else 0.0


def seed_variance(right: Right) -> SeedVariance:
    """The variance of the seeds in the mean accuracy of a table of answers.

    From the analysis of variance of a table with one answer a cell, both seeds and pictures being random: the mean
    square of the rows less that of the residuals, over S T (Searle, Casella and McCulloch 1992, "Variance Components").
    Where seeds have test pictures of their own, there is nothing crossed, and the residual is the variance of the
    answers within a seed. Below zero it is zero; a single seed says nothing, and its variance is taken to be zero.
    """
    seeds, table = len(right), _tested(right)
    pictures = float((~np.isnan(table)).sum()) / seeds
    if seeds < 2 or pictures < 2:
        return SeedVariance(0.0, 0.0)
    rows = np.nanmean(table, axis=1, keepdims=True)
    if np.isnan(table).any():
        residual = float(np.nansum((table - rows) ** 2)) / (seeds * (pictures - 1))
    else:
        columns = table.mean(axis=0, keepdims=True)
        residual = float(((table - rows - columns + table.mean()) ** 2).sum()) / ((seeds - 1) * (pictures - 1))
    variance = (pictures * float(rows.var(ddof=1)) - residual) / (seeds * pictures)
    return SeedVariance(variance, seeds - 1) if variance > 1e-12 else SeedVariance(0.0, 0.0)


def joint_variance(parts: Sequence[SeedVariance]) -> SeedVariance:
    """The variance of a sum or difference of independent means (Welch and Satterthwaite)."""
    variance = sum(part.variance for part in parts)
    if variance == 0:
        return SeedVariance(0.0, 0.0)
    return SeedVariance(
        variance, variance**2 / sum(part.variance**2 / part.freedom for part in parts if part.variance > 0)
    )


def accuracy_interval(right: Right, level: float = 0.95) -> tuple[float, float]:
    """Where an accuracy would lie with endless test pictures and, where there are several seeds, endless seeds.

    Args:
        right: (seeds, pictures) whether each picture was classified correctly.
        level: in how many of many repetitions the interval shall hold the truth.

    Returns:
        From 0 to 1; what was measured, the share of all answers that are right, is always inside.

    Raises:
        ValueError: no picture was tested.
    """
    from scipy.stats import norm

    table = _tested(right)
    pictures = table.shape[1]
    if pictures == 0:
        raise ValueError("an interval needs test pictures")
    share = float(np.nanmean(table))
    reach, of_pictures = float(norm.ppf((1 + level) / 2)), share * (1 - share) / pictures
    of_seeds = (seed_variance(right).reach(level) / reach) ** 2  # as a variance that a normal distribution would need
    effective = pictures * of_pictures / (of_pictures + of_seeds) if of_seeds else float(pictures)
    shrunk = 1 + reach**2 / effective
    centre = (share + reach**2 / (2 * effective)) / shrunk
    half = reach * sqrt(share * (1 - share) / effective + reach**2 / (4 * effective**2)) / shrunk
    # Rounding alone may leave out what was measured, where all answers are alike.
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


def draw_differences(
    right: Mapping[str, Right], draws: int = DRAWS, seed: int = 0
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Differences of the accuracies of all pairs, as they might have come out with other test pictures and seeds.

    Both of a pair answer the same drawn pictures, so that a hard picture counts against neither. To the pictures one is
    added that only the first tells rightly, and one that only the second does (Bonett and Price 2012): a handful of
    pictures shall not decide alone.

    Args:
        right: by name, (seeds, pictures) whether each picture was classified correctly; columns are the same pictures.
        draws: how many.
        seed: of the draws.

    Returns:
        By pair of names, in their order, (draws,) first minus second, from -1 to 1.

    Raises:
        ValueError: no pictures, or not as many for each name.
    """
    shares, extra = _draw_shares(right, draws, seed)
    names = list(right)
    variances = {name: seed_variance(rows) for name, rows in right.items()}
    drawn = {}
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            seed_reach = joint_variance([variances[first], variances[second]])
            # A tie must be zero: the last digits of shares would put it on one side.
            moved = np.round(shares[first] - shares[second] + extra, 12)
            drawn[first, second] = np.clip(
                moved + _draw_seed_variance(seed_reach, f"{first} {second}", draws, seed), -1.0, 1.0
            )
    return drawn


def interval(draws: NDArray[np.float64], mean: float, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of what was drawn, wide enough for what was measured."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return min(float(low), mean), max(float(high), mean)


def _tested(right: Right) -> NDArray[np.float64]:
    """The table without the pictures that no seed was tested on."""
    table = np.asarray(right, np.float64)
    return table[:, ~np.isnan(table).all(axis=0)]


def _count_pictures(right: Mapping[str, Right]) -> int:
    counts = {rows.shape[1] for rows in right.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(f"every row needs the same test pictures, not {sorted(counts)} of them")
    return counts.pop()


def _draw_shares(
    right: Mapping[str, Right], draws: int, seed: int
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """By name (draws,) the share of right answers among the drawn pictures; and (draws,) how far apart the two added
    pictures put the first and the second of a pair.
    """
    pictures = _count_pictures(right)
    whole = pictures + 2
    tables = [np.asarray(rows, np.float64) for rows in right.values()]
    answers = np.stack([np.nansum(table, axis=0) for table in tables])  # (names, T)
    tests = np.stack([(~np.isnan(table)).sum(axis=0) for table in tables]).astype(np.float64)
    # An added picture counts as much as an average one.
    added = tests.sum(axis=1) / pictures
    random = np.random.default_rng(seed)
    shares, extra = [], []
    for first in range(0, draws, _AT_ONCE):
        count = min(_AT_ONCE, draws - first)
        drawn = random.integers(0, whole, (count, whole)) + whole * np.arange(count)[:, None]
        often = np.bincount(drawn.ravel(), minlength=count * whole).reshape(count, whole).astype(np.float64)
        asked = often[:, :pictures] @ tests.T + often[:, pictures:].sum(axis=1, keepdims=True) * added  # (count, names)
        shares.append(often[:, :pictures] @ answers.T / np.maximum(asked, 1e-9))
        extra.append((often[:, pictures] - often[:, pictures + 1]) / whole)
    every = np.concatenate(shares)
    return {name: every[:, place] for place, name in enumerate(right)}, np.concatenate(extra)


def _draw_seed_variance(seed_reach: SeedVariance, name: str, draws: int, seed: int) -> NDArray[np.float64]:
    if seed_reach.variance == 0:
        return np.zeros(draws)
    # By the name, so that what else is compared does not change the draws.
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return np.asarray(random.standard_t(seed_reach.freedom, draws) * sqrt(seed_reach.variance))
