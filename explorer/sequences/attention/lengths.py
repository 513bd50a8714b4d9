"""How many dates are written right, in short and in long texts, with attention and without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.learning.seed_intervals import LEVEL, Interval, interval_of
from explorer.neurons.activations import Numbers


@dataclass(frozen=True, eq=False)
class Length:
    """Texts of held-out formats of about one length.

    Attributes:
        low, high: how many characters they have, both counted.
        attending, plain: (seeds,) shares of dates that networks with and without attention write right.
        difference: the first less the second, with its interval; all intervals of a comparison hold together.
    """

    low: int
    high: int
    attending: Numbers
    plain: Numbers
    difference: Interval

    @property
    def title(self) -> str:
        """The lengths as text."""
        return f"{self.low}–{self.high}"


def compare_lengths(attending: Mapping[str, Any], plain: Mapping[str, Any]) -> list[Length]:
    """Both kinds of network, seed by seed.

    Args:
        attending, plain: the cards of the networks with and without attention, which were trained from the same seeds.

    Returns:
        From short to long.
    """
    first, second = (
        np.array([[row["exact"] for row in seed["held_out_by_length"]] for seed in card["seeds"]])
        for card in (attending, plain)
    )
    level = 1 - (1 - LEVEL) / first.shape[1]  # Bonferroni: each may err by its part only
    return [
        Length(row["from"], row["to"], ours, theirs, interval_of(ours - theirs, level))
        for row, ours, theirs in zip(attending["seeds"][0]["held_out_by_length"], first.T, second.T, strict=True)
    ]
