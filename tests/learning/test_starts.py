"""Intervals over starts, against SciPy's; no winner where they touch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explorer.learning.real_network.starts import FEWEST, find_winner, judge
from explorer.learning.seed_intervals import Interval

VALUES = st.lists(st.floats(-20, 20), min_size=FEWEST, max_size=12)


@given(VALUES)
def test_an_interval_is_students(values: list[float]) -> None:
    interval = judge(values)
    assert interval is not None
    error = stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error) if error else (np.mean(values),) * 2
    assert [interval.low, interval.high] == pytest.approx([low, high], rel=1e-9, abs=1e-9)


def test_two_starts_or_a_loss_without_end_have_none() -> None:
    assert judge([1.0, 1.1]) is None
    assert judge([1.0, 1.1, float("inf")]) is None
    assert judge([]) is None


@given(st.lists(VALUES, min_size=1, max_size=5), st.booleans())
def test_a_winner_is_apart_from_all_others(groups: list[list[float]], lowest: bool) -> None:
    intervals = {str(number): judge(values) for number, values in enumerate(groups)}
    verdict = find_winner(intervals, lowest=lowest)
    means = {name: np.mean(values) for name, values in zip(intervals, groups, strict=True)}
    assert verdict.best is not None
    assert means[verdict.best] == pytest.approx((min if lowest else max)(means.values()))
    first = intervals[verdict.best]
    assert first
    apart = {
        name
        for name, each in intervals.items()
        if each and name != verdict.best and (each.low > first.high or each.high < first.low)
    }
    assert {*verdict.rivals} == {*intervals} - apart - {verdict.best}
    assert verdict.winner == (None if verdict.rivals else verdict.best)


def test_who_diverges_neither_wins_nor_stands_in_the_way() -> None:
    verdict = find_winner({"a": None, "b": Interval(1, 0.9, 1.1), "c": Interval(2, 1.9, 2.1)}, lowest=True)
    assert verdict.winner == "b"
    assert find_winner({"a": None}, lowest=True).best is None
