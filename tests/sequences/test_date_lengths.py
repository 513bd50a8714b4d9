"""Both kinds of network compared seed by seed, on cards of the test's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from explorer.learning.seed_intervals import interval_of
from explorer.sequences.attention.lengths import compare_lengths
from explorer.sequences.attention.loading import read_date_card


def make_card(by_length: list[list[float]]) -> dict[str, Any]:
    """A seed a row."""
    seeds = [
        {"held_out_by_length": [{"from": 6 * k, "to": 6 * k + 5, "exact": share} for k, share in enumerate(row)]}
        for row in by_length
    ]
    return {"accuracy": seeds[0], "seeds": seeds}


ATTENDING = make_card([[0.99, 1.0], [0.995, 0.999], [0.991, 0.998]])
PLAIN = make_card([[0.992, 0.5], [0.99, 0.52], [0.997, 0.53]])


def test_intervals_are_those_of_paired_differences() -> None:
    short, long = compare_lengths(ATTENDING, PLAIN)
    assert (short.low, short.high, long.title) == (0, 5, "6–11")
    np.testing.assert_array_equal(long.attending, [1.0, 0.999, 0.998])
    # Two of them hold together at 95 %: each at 97.5 %.
    wanted = ttest_1samp([-0.002, 0.005, -0.006], 0).confidence_interval(0.975)
    assert (short.difference.low, short.difference.high) == pytest.approx((wanted.low, wanted.high))
    assert short.difference.holds_zero
    assert long.difference.low > 0.4


def test_the_shipped_networks_differ_among_dots_and_not_by_length() -> None:
    cards = read_date_card(True), read_date_card(False)
    assert all(each.difference.holds_zero for each in compare_lengths(*cards))
    for side, shown in (("before", {10, 20, 40, 60}), ("after", {5, 10, 20})):  # dots that three seeds suffice for
        shares = [
            np.array([[row[side] for row in seed["held_out_among_dots"]] for seed in card["seeds"]]) for card in cards
        ]
        intervals = [interval_of(each, 1 - 0.05 / 6) for each in (shares[0] - shares[1]).T]
        dots = [row["dots"] for row in cards[0]["accuracy"]["held_out_among_dots"]]
        assert {count for count, each in zip(dots, intervals, strict=True) if each.low > 0} == shown
        # At every number of dots the worst with attention is better than the best without.
        assert (shares[0][:, 1:].min(axis=0) > shares[1][:, 1:].max(axis=0)).all()
