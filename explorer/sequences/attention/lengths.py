"""How many dates are written right with attention and without, seed by seed: by length, and among dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explorer.learning.seed_intervals import LEVEL, Interval, interval_of
from explorer.neurons.activations import Numbers


@dataclass(frozen=True, eq=False)
class Comparison:
    """Both kinds of network on texts of one kind.

    Attributes:
        title: what kind of texts.
        middle: a number for it, such as a length in characters.
        attending, plain: (seeds,) shares of dates that come out exact with attention and without.
        difference: the first less the second; the intervals of all comparisons that stand together hold together.
    """

    title: str
    middle: float
    attending: Numbers
    plain: Numbers
    difference: Interval


def compare_lengths(attending: Mapping[str, Any], plain: Mapping[str, Any]) -> list[Comparison]:
    """By length, from short to long, of formats held out.

    Args:
        attending, plain: cards of networks with attention and without, which were trained from the same seeds.
    """
    rows = attending["accuracy"]["held_out_by_length"]
    named = [(f"{row['from']} to {row['to']} characters", (row["from"] + row["to"]) / 2) for row in rows]
    return _compare(named, *(_shares(card, "held_out_by_length", "exact") for card in (attending, plain)))


def compare_among_dots(attending: Mapping[str, Any], plain: Mapping[str, Any], side: str) -> list[Comparison]:
    """With ever more dots beside the date, which no network has learned to pass over.

    Args:
        attending, plain: as for `compare_lengths`.
        side: "before" or "after" the date.
    """
    rows = attending["accuracy"]["held_out_among_dots"]
    named = [(f"{row['dots']} dots", float(row["dots"])) for row in rows]
    return _compare(named, *(_shares(card, "held_out_among_dots", side) for card in (attending, plain)))


def _shares(card: Mapping[str, Any], kind: str, key: str) -> Numbers:
    """(seeds, rows)."""
    return np.array([[row[key] for row in seed[kind]] for seed in card["seeds"]])


def _compare(named: Sequence[tuple[str, float]], attending: Numbers, plain: Numbers) -> list[Comparison]:
    level = 1 - (1 - LEVEL) / len(named)  # Bonferroni: each may err by its part only
    return [
        Comparison(title, middle, ours, theirs, interval_of(ours - theirs, level))
        for (title, middle), ours, theirs in zip(named, attending.T, plain.T, strict=True)
    ]
