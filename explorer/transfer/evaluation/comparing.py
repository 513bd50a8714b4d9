"""Trainings side by side: one group for all seeds of a strategy, and which of them is best, if that can be told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.evaluation.resampling import (
    DRAWS,
    accuracy_interval,
    draw_differences,
    interval,
    joint_variance,
    seed_variance,
)
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import STRATEGIES, STRATEGY_TITLES, Strategy, TransferRejected

LEVEL = 0.95
_MOST_PICTURES = 100_000  # above that, saying how many test pictures it would take helps nobody


@dataclass(frozen=True, eq=False)
class Group:
    """Trainings that differ in nothing but the seed.

    Attributes:
        network, strategy, share: what they have in common.
        experiments: sorted by seed; all of them measured.
        interval: of the mean accuracy, at 95 %, see `accuracy_interval`.
        right: (seeds, pictures) 1 where a picture was classified correctly, 0 where wrongly, NaN where a seed was not
            tested on it; its columns are the same in all groups of a comparison.
    """

    network: str
    strategy: Strategy
    share: float
    experiments: tuple[Experiment, ...]
    interval: tuple[float, float]
    right: NDArray[np.float64]

    @property
    def key(self) -> str:
        """Names the group among others."""
        return f"{self.network}/{self.strategy}/{self.share:g}"

    @property
    def title(self) -> str:
        """What a person reads."""
        return STRATEGY_TITLES[self.strategy]

    @property
    def seeds(self) -> tuple[int, ...]:
        """One a training."""
        return tuple(each.trial.seed for each in self.experiments)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Shares of the test pictures that were classified correctly, one a seed."""
        return tuple(each.accuracy for each in self.experiments)

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return fmean(self.accuracies)

    @property
    def deviation(self) -> float:
        """Standard deviation of the accuracies over the seeds, with n - 1; NaN for a single seed."""
        return stdev(self.accuracies) if len(self.accuracies) > 1 else float("nan")

    @property
    def seconds(self) -> float:
        """Of one training, on average."""
        return fmean(each.seconds for each in self.experiments)

    @property
    def trainable(self) -> int:
        """Weights that are trained at some time."""
        return self.experiments[0].trainable

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.experiments[0].parameters

    @property
    def training(self) -> int:
        """Pictures that were learned from."""
        return self.experiments[0].training

    @property
    def outside(self) -> int:
        """How many of the accuracies lie outside the interval of their mean."""
        low, high = self.interval
        return sum(not low <= each <= high for each in self.accuracies)


@dataclass(frozen=True, eq=False)
class Difference:
    """Two groups on the same test pictures.

    Attributes:
        first, second: the groups.
        mean: accuracy of the first minus that of the second.
        interval: of the difference, together with all other pairs right in 95 % of repetitions (Bonferroni: each one
            at 1 - 0.05 / pairs).
        seed_reach: half the width that the interval would have through the seeds alone, with endless test pictures.
    """

    first: Group
    second: Group
    mean: float
    interval: tuple[float, float]
    seed_reach: float

    @property
    def separate(self) -> bool:
        """Whether the difference is more than noise: its interval does not contain zero."""
        return self.interval[0] > 0 or self.interval[1] < 0

    @property
    def needed(self) -> int | None:
        """Roughly how many test pictures would make the interval as narrow as the difference is large.

        What the pictures add to its width, by squares, is taken to shrink with the root of their number. None where
        the accuracies are equal, or the seeds alone hide the difference.
        """
        size = abs(self.mean)
        if size <= self.seed_reach:
            return None
        low, high = self.interval
        reach = self.mean - low if self.mean > 0 else high - self.mean  # towards zero
        pictures = max(0.0, reach**2 - self.seed_reach**2)
        return ceil(self.first.right.shape[1] * pictures / (size**2 - self.seed_reach**2))


@dataclass(frozen=True, eq=False)
class Verdict:
    """Who won, if anybody.

    Attributes:
        ranking: the groups, the highest accuracy first.
        differences: of all pairs, the better one first.
        winner: the group that is better than every other by more than noise; None where there is none.
        leaders: the best group and those that cannot be told from it.
        sentence: all that in words.
    """

    ranking: tuple[Group, ...]
    differences: tuple[Difference, ...]
    winner: Group | None
    leaders: tuple[Group, ...]
    sentence: str


def group_experiments(experiments: Sequence[Experiment]) -> tuple[Group, ...]:
    """Put the seeds of each strategy together; trainings that were not measured are left out.

    Args:
        experiments: in any order. Those of one split were tested on the same pictures; with repeated splits there are
            several.

    Returns:
        Sorted by network, share (the largest first) and strategy.

    Raises:
        TransferRejected: they were not tested on the same pictures, or differ in more than the seed.
    """
    measured = sorted((each for each in experiments if each.finished), key=_order)
    if not measured:
        return ()
    splits = {each.trial.split_seed: each for each in measured}
    if any(
        each.classes != measured[0].classes or not _same_test(splits[each.trial.split_seed], each) for each in measured
    ):
        raise TransferRejected("These trainings were not tested on the same pictures, so they cannot be compared.")
    groups: list[tuple[Experiment, ...]] = []
    for _, members in groupby(measured, key=lambda each: _order(each)[:3]):
        group = tuple(members)
        if len({(each.trial.recipe, each.trial.kept) for each in group}) > 1:
            raise TransferRejected(
                f"The trainings of “{STRATEGY_TITLES[group[0].trial.strategy]}” were not made by the same recipe, "
                "so their seeds cannot be put together."
            )
        groups.append(group)
    places = np.unique(np.concatenate([each.test_places for each in splits.values()]))
    made = []
    for group in groups:
        trial, right = group[0].trial, np.full((len(group), len(places)), np.nan)
        for row, each in zip(right, group, strict=True):
            row[np.searchsorted(places, each.test_places)] = each.right
        made.append(Group(trial.network, trial.strategy, trial.share, group, accuracy_interval(right, LEVEL), right))
    return tuple(made)


def compare(groups: Sequence[Group], draws: int = DRAWS) -> Verdict:
    """Which of some groups is best, told only where it is more than noise.

    The differences are paired: both groups answer the same drawn test pictures. The interval of each difference is so
    wide that all of them together hold in 95 % of repetitions, however many pairs there are (Bonferroni).

    Args:
        groups: of one `group_experiments`, in any order.
        draws: of the intervals.
    """
    ranking = tuple(sorted(groups, key=lambda group: (-group.mean, _group_order(group))))
    if len(ranking) < 2:
        return Verdict(ranking, (), None, ranking, _say_few(ranking))
    pairs = len(ranking) * (len(ranking) - 1) // 2
    drawn = draw_differences({group.key: group.right for group in ranking}, draws)
    named = {group.key: group for group in ranking}
    differences = []
    for (one, other), values in drawn.items():
        first, second = named[one], named[other]
        mean, level = first.mean - second.mean, 1 - (1 - LEVEL) / pairs
        seed_reach = joint_variance([seed_variance(first.right), seed_variance(second.right)]).reach(level)
        differences.append(Difference(first, second, mean, interval(values, mean, level), seed_reach))
    best = [each for each in differences if each.first is ranking[0]]
    leaders = (ranking[0], *(each.second for each in best if not each.separate))
    winner = ranking[0] if len(leaders) == 1 else None
    sentence = _say_winner(best, pairs) if winner else _say_draw(best, leaders, pairs)
    if any(len(group.seeds) == 1 for group in ranking):
        sentence += " With a single seed this is about these trainings, not about what the strategies would do again."
    return Verdict(ranking, tuple(differences), winner, leaders, sentence)


def _order(experiment: Experiment) -> tuple[str, float, int, int, str]:
    trial = experiment.trial
    return trial.network, -trial.share, STRATEGIES.index(trial.strategy), trial.seed, experiment.to_json()


def _group_order(group: Group) -> tuple[str, float, int]:
    return group.network, -group.share, STRATEGIES.index(group.strategy)


def _same_test(first: Experiment, second: Experiment) -> bool:
    return np.array_equal(first.test_places, second.test_places) and np.array_equal(
        first.test_labels, second.test_labels
    )


def _say_few(ranking: Sequence[Group]) -> str:
    if not ranking:
        return "Nothing has been measured on the test pictures yet."
    return f"Only **{ranking[0].title}** has been measured, with {_percent(ranking[0].mean)} right: nothing to compare."


def _say_winner(best: Sequence[Difference], pairs: int) -> str:
    closest = min(best, key=lambda each: each.mean)
    return (
        f"**{closest.first.title}** is best: {_percent(closest.first.mean)} of the test pictures right, "
        f"{_points(closest.mean)} more than **{closest.second.title}**, the next ({_range(closest, pairs)})."
    )


def _say_draw(best: Sequence[Difference], leaders: Sequence[Group], pairs: int) -> str:
    open_ones = [each for each in best if not each.separate]
    rival = open_ones[0]
    said = "No winner can be told"
    if len(leaders) < len(best) + 1:
        said += f" among the best {len(leaders)}"
    if rival.mean == 0:
        equal = f"**{rival.first.title}** and **{rival.second.title}** are right equally often"
        return f"{said}: {equal} ({_range(rival, pairs)})."
    gap = f"**{rival.first.title}** is {_points(rival.mean)} ahead of **{rival.second.title}**"
    return f"{said}: {gap}, which may be noise ({_range(rival, pairs)}). {_say_needed(rival)}"


def _say_needed(difference: Difference) -> str:
    count = difference.first.right.shape[1]
    needed = difference.needed
    if needed is None:
        return "More test pictures alone would not tell: the seeds of a strategy differ too much. More seeds would."
    if needed > _MOST_PICTURES:
        return f"It would take more than {_MOST_PICTURES:,} test pictures instead of {count:,} to see so small a gap."
    roughly = _rounded(max(needed, count + 1))
    return f"To see a gap of this size, it would take roughly {roughly:,} test pictures instead of {count:,}."


def _rounded(value: int) -> int:
    """Up to two significant digits."""
    step = 10 ** max(0, floor(log10(max(1, value))) - 1)
    return -(-value // step) * step


def _range(difference: Difference, pairs: int) -> str:
    low, high = (100 * value for value in difference.interval)
    corrected = "" if pairs == 1 else f", corrected for {pairs} pairs"
    return f"95 % interval {_signed(low)} to {_signed(high)} points{corrected}"


def _signed(value: float) -> str:
    text = f"{abs(value):.1f}"
    return f"−{text}" if value < 0 and float(text) else text


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(share: float) -> str:
    text = f"{100 * abs(share):.1f}"
    return f"{text} point{'' if text == '1.0' else 's'}"


def digest(experiments: Sequence[Experiment]) -> str:
    """Names trainings with their answers, for caches."""
    made = hashlib.sha256()
    for each in experiments:
        made.update(each.to_json().encode())
        made.update(each.test_places.tobytes() + each.test_probabilities.tobytes())
    return made.hexdigest()
