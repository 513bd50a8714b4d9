"""Whether what was measured from several starts names a winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.learning.seed_intervals import Interval, interval_of

FEWEST: Final = 3  # starts from which a winner may be named


@dataclass(frozen=True)
class Verdict:
    """Which of several is best.

    Attributes:
        best: The one with the best mean; None where nothing can be said at all.
        rivals: Those whose intervals overlap with its own; where there are any, there is no winner.
    """

    best: str | None
    rivals: tuple[str, ...] = ()

    @property
    def winner(self) -> str | None:
        return None if self.rivals else self.best


def judge(values: Sequence[float]) -> Interval | None:
    """The interval of values, one a start; None of fewer than `FEWEST`, or where one of them is not finite."""
    return interval_of(np.asarray(values)) if len(values) >= FEWEST and np.isfinite(values).all() else None


def find_winner(intervals: Mapping[str, Interval | None], *, lowest: bool) -> Verdict:
    """Who is best, if its interval overlaps with no other.

    Args:
        intervals: By name; who has none cannot win, nor stand in the way.
        lowest: Whether the lowest is the best, else the highest.
    """
    sign = 1 if lowest else -1
    known = {name: each for name, each in intervals.items() if each is not None}
    if not known:
        return Verdict(None)
    best = min(known, key=lambda name: sign * known[name].mean)
    first = known.pop(best)
    rivals = [name for name, each in known.items() if each.low <= first.high and first.low <= each.high]
    return Verdict(best, tuple(rivals))
