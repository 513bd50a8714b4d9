"""Groups of trainings, their intervals against scipy and against the truth, and who won."""

import random
from dataclasses import replace
from math import isnan
from statistics import mean, stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explorer.transfer.data.splitting import split
from explorer.transfer.evaluation.comparing import compare, group_experiments
from explorer.transfer.evaluation.resampling import (
    SeedVariance,
    accuracy_interval,
    draw_differences,
    interval,
    joint_variance,
    seed_variance,
)
from explorer.transfer.trial import Recipe, TransferRejected
from tests.transfer.making_experiments import make_experiment, make_seeds

DRAWS = 2000


def test_a_group_says_what_its_trainings_were() -> None:
    made = make_seeds("head", 0.8) + make_seeds("full", 0.9, trainable=80_000) + make_seeds("head", 0.7, share=0.1)
    groups = group_experiments(made)
    assert [(each.strategy, each.share) for each in groups] == [("head", 1.0), ("full", 1.0), ("head", 0.1)]
    head = groups[0]
    accuracies = [each.accuracy for each in made[:3]]
    assert head.accuracies == tuple(accuracies)
    assert head.mean == pytest.approx(mean(accuracies))
    assert head.deviation == pytest.approx(stdev(accuracies))
    assert head.seeds == (0, 1, 2)
    assert (head.trainable, head.parameters, head.training) == (1539, 80_000, 180)
    assert head.seconds == pytest.approx(3.0)
    assert groups[2].training == 18
    assert head.interval[0] < head.mean < head.interval[1]
    assert head.title == "New head, frozen backbone"


def test_trainings_that_cannot_be_compared_are_refused() -> None:
    here = make_experiment("head")
    elsewhere = replace(make_experiment("full"), test_places=here.test_places + 1)
    with pytest.raises(TransferRejected, match="same pictures"):
        group_experiments([here, elsewhere])
    with pytest.raises(TransferRejected, match="same recipe"):
        group_experiments([here, make_experiment("head", 1, recipe=Recipe(epochs=3))])


def test_what_was_not_measured_is_left_out() -> None:
    none = replace(
        make_experiment("head"),
        test_places=np.zeros(0, np.int64),
        test_labels=np.zeros(0, np.int64),
        test_probabilities=np.zeros((0, 0), np.float32),
    )
    assert group_experiments([none]) == ()
    assert compare(()).sentence == "Nothing has been measured on the test pictures yet."
    (alone,) = group_experiments([none, make_experiment("full")])
    verdict = compare([alone], DRAWS)
    assert verdict.winner is None
    assert "nothing to compare" in verdict.sentence
    assert isnan(alone.deviation)


@pytest.mark.parametrize(("told", "tested"), [(10, 12), (0, 7), (12, 12), (141, 153), (999, 1000)])
def test_one_seed_is_the_interval_of_wilson(told: int, tested: int) -> None:
    right = np.arange(tested)[None] < told
    expected = stats.binomtest(told, tested).proportion_ci(method="wilson")
    assert accuracy_interval(right) == pytest.approx((expected.low, expected.high))


def test_seeds_of_a_dozen_pictures_lie_inside_their_interval() -> None:
    """9, 10 and 11 of 12: a mean of 10, and no seed outside the whisker."""
    group = group_experiments([make_experiment(seed=seed, right=np.arange(12) < 9 + seed) for seed in range(3)])[0]
    low, high = group.interval
    assert low < 9 / 12
    assert high > 11 / 12
    assert group.outside == 0


def test_answers_of_several_seeds_to_one_picture_count_as_one() -> None:
    right = np.arange(40) % 5 != 0
    assert accuracy_interval(np.stack([right] * 4)) == pytest.approx(accuracy_interval(right[None]))


def test_pictures_that_a_seed_was_not_tested_on_count_where_they_were() -> None:
    table = np.full((2, 20), np.nan)
    table[0, :10] = [1] * 8 + [0] * 2
    table[1, 10:] = [1] * 8 + [0] * 2
    assert accuracy_interval(table) == pytest.approx(accuracy_interval(np.arange(20)[None] < 16))
    with pytest.raises(ValueError, match="needs test pictures"):
        accuracy_interval(np.full((1, 3), np.nan))


def test_seeds_with_splits_of_their_own_are_compared_split_by_split() -> None:
    made = []
    for seed in range(3):
        places = np.sort(np.random.default_rng(seed).permutation(60)[:12])
        for strategy, wrong in (("head", 1), ("full", 6)):
            each = make_experiment(strategy, seed, right=np.arange(12) >= wrong)  # type: ignore[arg-type]
            made.append(replace(each, trial=replace(each.trial, split_seed=seed), test_places=places))
    head, full = sorted(group_experiments(made), key=lambda group: group.strategy != "head")
    distinct = len(np.unique(np.concatenate([each.test_places for each in made])))
    assert head.right.shape == full.right.shape == (3, distinct)
    assert head.mean == pytest.approx(11 / 12)
    assert np.nanmean(head.right) == pytest.approx(11 / 12)
    verdict = compare((head, full), DRAWS)
    assert verdict.ranking[0] is head
    assert verdict.differences[0].mean == pytest.approx(5 / 12)
    low, high = verdict.differences[0].interval
    assert low < 5 / 12 < high
    with pytest.raises(TransferRejected, match="same pictures"):
        group_experiments([*made[:2], replace(made[3], trial=replace(made[3].trial, split_seed=0))])


def test_one_seed_each_is_the_paired_bootstrap_of_scipy() -> None:
    first, second = np.arange(80) % 5 != 0, np.arange(80) % 4 != 0
    drawn = draw_differences({"a": first[None], "b": second[None]}, 20_000)["a", "b"]
    padded = [np.concatenate([rows, extra]).astype(float) for rows, extra in ((first, [1, 0]), (second, [0, 1]))]
    oracle = stats.bootstrap(
        padded,
        lambda one, other, axis: one.mean(axis=axis) - other.mean(axis=axis),
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=np.random.default_rng(1),
    )
    assert drawn.std() == pytest.approx(oracle.standard_error, rel=0.03)
    expected = oracle.confidence_interval
    assert interval(drawn, 0.05) == pytest.approx((expected.low, expected.high), abs=0.013)


def test_the_luck_of_seeds_is_that_of_the_analysis_of_variance() -> None:
    random = np.random.default_rng(0)
    right = random.random((3, 50)) < np.array([[0.3], [0.6], [0.9]])
    seed_reach = seed_variance(right)
    rows = stats.f_oneway(*right.astype(float))  # one-way: its residual still holds the pictures
    table = right.astype(float)
    between = 50 * table.mean(axis=1).var(ddof=1)
    within = sum(row.var(ddof=1) for row in table) / 3
    assert between / within == pytest.approx(rows.statistic)
    pictures = 3 * table.mean(axis=0).var(ddof=1)
    residual = (within * 3 * 49 - pictures * 49) / (2 * 49)  # sums of squares add up
    assert seed_reach.variance == pytest.approx((between - residual) / 150)
    assert seed_reach.freedom == 2
    assert seed_reach.reach(0.95) == pytest.approx(4.303 * seed_reach.variance**0.5, rel=1e-3)


def test_luck_of_two_is_welch() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=4), 3 * random.normal(size=6)
    joint = joint_variance([SeedVariance(first.var(ddof=1) / 4, 3), SeedVariance(second.var(ddof=1) / 6, 5)])
    oracle = stats.ttest_ind(first, second, equal_var=False)
    assert joint.freedom == pytest.approx(oracle.df)
    low, high = oracle.confidence_interval(0.9)
    assert 2 * joint.reach(0.9) == pytest.approx(high - low)
    assert joint_variance([SeedVariance(0.0, 0.0), SeedVariance(0.0, 0.0)]).reach(0.95) == 0.0


def test_seeds_that_differ_widen_the_interval() -> None:
    calm = np.tile(np.arange(400) % 2 == 0, (3, 1))
    wild = np.stack([np.arange(400) % 10 < tenths for tenths in (4, 5, 6)])
    assert seed_variance(calm).variance == 0
    low, high = accuracy_interval(wild)
    assert high - low > 1.5 * seed_variance(wild).reach(0.95)
    assert high - low > 3 * np.diff(accuracy_interval(calm))[0]
    assert seed_variance(wild[:1]).variance == 0


@pytest.mark.parametrize("tested", [10, 20, 50])
def test_no_error_at_all_is_not_certainty(tested: int) -> None:
    low, high = accuracy_interval(np.ones((1, tested), bool))
    exact = stats.binomtest(tested, tested).proportion_ci(method="exact")
    assert high == 1.0
    assert low == pytest.approx(exact.low, abs=0.06)


@pytest.mark.parametrize(("only_first", "told_apart"), [(3, False), (4, False), (5, False), (7, True), (12, True)])
def test_a_handful_of_pictures_does_not_decide_alone(only_first: int, told_apart: bool) -> None:
    """With 5 of 40 that only one of two tells, an exact sign test says p = 0.063, with 7 of them 0.016."""
    first = make_experiment(right=[True] * 40)
    second = make_experiment("full", right=[False] * only_first + [True] * (40 - only_first))
    verdict = compare(group_experiments([first, second]))
    assert (verdict.winner is not None) == told_apart
    assert (stats.binomtest(only_first, only_first).pvalue < 0.05) == told_apart


def test_two_test_pictures_never_decide() -> None:
    made = [make_experiment(right=[True] * 2), make_experiment("full", right=[False] * 2)]
    verdict = compare(group_experiments(made))
    assert verdict.winner is None
    assert verdict.differences[0].interval[1] == pytest.approx(1.0)


def test_identical_answers_have_no_winner() -> None:
    right = np.arange(60) % 4 != 0
    made = [make_experiment(strategy, seed, right=right) for strategy in ("head", "full", "norm") for seed in range(3)]
    verdict = compare(group_experiments(made), DRAWS)
    assert verdict.winner is None
    assert len(verdict.leaders) == 3
    assert all(each.mean == 0 and each.needed is None for each in verdict.differences)
    assert "No winner can be told: " in verdict.sentence
    assert "right equally often" in verdict.sentence


def test_clearly_better_wins_with_its_interval() -> None:
    made = make_seeds("head", 0.95) + make_seeds("full", 0.6) + make_seeds("scratch", 0.4)
    groups = group_experiments(made)
    verdict = compare(groups)
    assert verdict.winner is verdict.ranking[0]
    assert verdict.winner.strategy == "head"
    closest = verdict.differences[0]
    assert closest.separate
    assert closest.mean == pytest.approx(groups[1].mean - groups[2].mean)
    assert f"{100 * closest.mean:.1f} points more than **Full fine-tuning**" in verdict.sentence
    assert f"{100 * closest.interval[0]:.1f} to {100 * closest.interval[1]:.1f} points" in verdict.sentence
    assert "corrected for 3 pairs" in verdict.sentence


def test_leaders_that_cannot_be_told_apart_are_named() -> None:
    made = make_seeds("head", 0.92) + make_seeds("full", 0.9) + make_seeds("scratch", 0.3)
    verdict = compare(group_experiments(made))
    assert verdict.winner is None
    assert {each.strategy for each in verdict.leaders} == {"head", "full"}
    assert "among the best 2" in verdict.sentence


def test_so_many_pictures_as_it_says_would_tell_them_apart() -> None:
    """The same answers again and again: with as many pictures as were called for, the gap is more than noise."""
    first, second = np.arange(50) % 25 != 0, np.arange(50) % 10 != 0
    few = compare(group_experiments([make_experiment(right=first), make_experiment("full", right=second)]))
    (difference,) = few.differences
    assert not difference.separate
    assert difference.needed is not None
    assert "test pictures instead of 50" in few.sentence
    for share, separate in ((0.6, False), (1.5, True)):
        times = round(share * difference.needed / 50)
        many = [make_experiment(right=np.tile(first, times)), make_experiment("full", right=np.tile(second, times))]
        assert compare(group_experiments(many)).differences[0].separate == separate


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_the_order_of_trainings_does_not_matter(shuffling: random.Random, one: float, other: float) -> None:
    made = make_seeds("head", one) + make_seeds("full", other) + make_seeds("head", one, share=0.5)
    expected = group_experiments(made)
    mixed = list(made)
    shuffling.shuffle(mixed)
    groups = list(group_experiments(mixed))
    assert [(g.key, g.seeds, g.interval) for g in groups] == [(g.key, g.seeds, g.interval) for g in expected]
    for group in groups:
        assert 0 <= group.interval[0] <= group.mean <= group.interval[1] <= 1
    told = compare(expected, 300)
    shuffling.shuffle(groups)
    again = compare(groups, 300)
    assert again.sentence == told.sentence
    assert [each.interval for each in again.differences] == [each.interval for each in told.differences]


def _answers(random: np.random.Generator, pictures: np.ndarray, spread: float, seeds: int = 3) -> np.ndarray:
    """(seeds, T) right or not: some pictures are hard for all seeds, some seeds are worse, the rest is luck."""
    tilt = 1.5 + pictures + random.normal(0, spread, seeds)[:, None]
    return random.random(tilt.shape) < 1 / (1 + np.exp(-tilt))


def _truth(random: np.random.Generator, spread: float) -> float:
    return float(np.mean([_answers(random, random.normal(0, 1.5, 1000), spread).mean() for _ in range(2000)]))


@pytest.mark.parametrize("tested", [12, 40, 153, 1000])
@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_an_accuracy_s_interval_holds_the_truth_as_often_as_it_says(tested: int, seeds: int) -> None:
    """One seed is about that network alone; several are about seeds that differ by 3 to 5 points."""
    random = np.random.default_rng([tested, seeds])
    spread = 0.0 if seeds == 1 else 0.3
    truth, repetitions = _truth(random, spread), 400
    held = 0
    for _ in range(repetitions):
        low, high = accuracy_interval(_answers(random, random.normal(0, 1.5, tested), spread, seeds))
        held += low <= truth <= high
    # The standard error of 400 repetitions at 95 % is 1.1 points; Wilson's interval of a dozen pictures has 91 to 97.
    assert held / repetitions >= (0.89 if tested == 12 else 0.92)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_repeated_splits_hold_the_truth_as_often_as_they_say(seeds: int) -> None:
    random = np.random.default_rng(seeds)
    truth, repetitions = _truth(random, 0.3), 400
    parts = [split(np.arange(60) % 2, seed).test for seed in range(seeds)]
    held = 0
    for _ in range(repetitions):
        every, table = _answers(random, random.normal(0, 1.5, 60), 0.3, seeds), np.full((seeds, 60), np.nan)
        for row, answers, places in zip(table, every, parts, strict=True):
            row[places] = answers[places]
        low, high = accuracy_interval(table)
        held += low <= truth <= high
    assert held / repetitions >= 0.92


@pytest.mark.parametrize(("spread", "tested"), [(0.3, 60), (1.0, 300)])
def test_a_difference_s_interval_holds_the_truth_as_often_as_it_says(spread: float, tested: int) -> None:
    random = np.random.default_rng(0)
    held, repetitions = 0, 300
    for repetition in range(repetitions):
        pictures = random.normal(0, 1.5, tested)
        rows = {name: _answers(random, pictures, spread) for name in ("a", "b")}
        drawn = draw_differences(rows, 400, repetition)["a", "b"]
        low, high = interval(drawn, float(rows["a"].mean() - rows["b"].mean()))
        held += low <= 0 <= high
    assert held / repetitions >= 0.92


def test_names_need_the_same_pictures() -> None:
    with pytest.raises(ValueError, match="same test pictures"):
        draw_differences({"a": np.ones((1, 3), bool), "b": np.ones((1, 4), bool)})
    with pytest.raises(ValueError, match="same test pictures"):
        draw_differences({"a": np.ones((1, 0), bool)})


def test_what_one_seed_cannot_say_is_said() -> None:
    one = compare(group_experiments([make_experiment("head", 0, 0.95), make_experiment("full", 0, 0.3)]), DRAWS)
    three = compare(group_experiments(make_seeds("head", 0.95) + make_seeds("full", 0.3)), DRAWS)
    assert "single seed" in one.sentence
    assert "single seed" not in three.sentence


def test_where_seeds_hide_the_gap_more_pictures_do_not_help() -> None:
    made = [
        make_experiment(strategy, seed, right=np.arange(100) < count)
        for strategy, counts in (("head", (50, 70, 90)), ("full", (45, 65, 85)))
        for seed, count in enumerate(counts)
    ]
    verdict = compare(group_experiments(made), DRAWS)
    assert verdict.winner is None
    assert verdict.differences[0].needed is None
    assert "More seeds would." in verdict.sentence
