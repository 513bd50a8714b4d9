"""What several seeds say of a mean: Student's interval, and whether a difference is one."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from explorer.neurons.activations import Numbers

LEVEL: Final = 0.95  # of an interval; of all differences of a view together


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its interval by Student's t."""

    mean: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether nothing was shown."""
        return self.low <= 0 <= self.high


def interval_of(values: Numbers, level: float = LEVEL) -> Interval:
    """The mean and its interval by Student's t (1908).

    Args:
        values: (seeds,), at least two; of a comparison the differences seed by seed, so that what a seed does to both
            sides is taken out.
        level: in how many of many repetitions the interval shall hold the mean over all seeds.
    """
    from scipy.stats import t

    mean = float(values.mean())
    reach = float(t.ppf((1 + level) / 2, len(values) - 1)) * float(values.std(ddof=1)) / sqrt(len(values))
    return Interval(mean, mean - reach, mean + reach)
