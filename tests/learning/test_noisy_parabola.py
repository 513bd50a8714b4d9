"""The noisy parabola, held against sums written out, torch.optim.SGD and chance."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.learning.rate.noisy_parabola import START, best_peak, bound, expect, measure, run_by_pytorch, settle
from explorer.learning.rate.schedules import KINDS, Kind, Schedule

RATES = st.lists(st.floats(0, 2.5), min_size=1, max_size=20)


@given(RATES, st.floats(-5, 5))
def test_the_mean_square_is_that_of_the_sum_written_out(rates: list[float], start: float) -> None:
    """After all steps w is a sum: of its start and of every noise, each shrunk by all steps that come after."""
    shrunk = [math.prod(1 - rate for rate in rates[step:]) for step in range(len(rates) + 1)]
    of_noise = sum((rate * shrunk[step + 1]) ** 2 for step, rate in enumerate(rates))
    expected = (start * shrunk[0]) ** 2 + of_noise
    assert expect(np.array(rates), start)[-1] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.floats(0.01, 1.95))
def test_one_rate_for_ever_comes_to_rest(rate: float) -> None:
    rested = settle(rate)
    assert expect(np.array([rate]), math.sqrt(rested))[-1] == pytest.approx(rested, rel=1e-12)


def test_from_two_on_it_grows() -> None:
    assert settle(2.0) == math.inf
    assert (np.diff(expect(np.full(50, 2.0))) > 0).all()


@given(RATES)
def test_no_schedule_is_below_the_bound(rates: list[float]) -> None:
    assert (expect(np.array(rates)) >= bound(len(rates)) * (1 - 1e-12)).all()


def test_the_bound_is_reached_by_rates_that_fall_like_one_over_t() -> None:
    rates = 1 / (START**-2 + 1 + np.arange(100))
    np.testing.assert_allclose(expect(rates), bound(100), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_chance_agrees_with_the_closed_form_and_pytorch_with_the_run(kind: Kind) -> None:
    schedule = Schedule(kind, 0.5, 200)
    measured = measure(schedule, seed=3)
    expected = expect(schedule.rates())
    # Standard errors of the measured means: half of an interval is 1.96 of them, and four are beyond chance.
    errors = (measured.high - measured.low) / (2 * 1.96)
    assert (np.abs(measured.mean - expected)[1:] < 4.5 * errors[1:]).all()
    inside = ((measured.low <= expected) & (expected <= measured.high))[1:].mean()
    assert inside > 0.75  # neighbouring steps go astray together

    w = torch.tensor(START, dtype=torch.float64)
    for rate, noise in zip(schedule.rates().tolist(), measured.first_noise.tolist(), strict=True):
        w -= rate * (w + noise)
    assert measured.first_run[-1] == pytest.approx(w.item(), rel=1e-12)
    places, rates = run_by_pytorch(schedule, measured.first_noise)
    np.testing.assert_allclose(places, measured.first_run, atol=1e-13)
    np.testing.assert_allclose(rates, schedule.rates(), atol=1e-15)


@pytest.mark.parametrize(("rate", "stated"), [(0.5, 0.335), (0.1, 0.0515), (0.02, 0.0101)])
def test_where_it_comes_to_rest_is_measured(rate: float, stated: float) -> None:
    settled = measure(Schedule("constant", rate, 1000), seed=0).settled
    assert settled.low < rate / (2 - rate) < settled.high
    assert settled.mean == pytest.approx(stated, rel=0.03)
    assert settled.high - settled.low < 0.05 * settled.mean


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, again = (measure(Schedule("cosine", 0.5, 50), seed=1).mean for _ in range(2))
    np.testing.assert_array_equal(first, again)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(KINDS), st.floats(0.001, 1.9))
def test_no_peak_is_better_than_the_best(kind: Kind, peak: float) -> None:
    _, least = best_peak(kind, 100)
    assert expect(Schedule(kind, peak, 100).rates())[-1] >= 0.999 * least  # the grid's steps are 5 % wide
