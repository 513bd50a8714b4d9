"""A hundred steps of training a deep network, against a plain program, and what is said of them."""

from __future__ import annotations

import pytest

from explorer.learning.depth.signal import Recipe
from explorer.learning.depth.snippets import training_snippet
from explorer.learning.depth.training import RATES, STEPS, Optimiser, Run, Trial, train_in_slices
from explorer.slices import finish
from tests.pages.opening import run_snippet
from tests.slices import gather


@pytest.mark.parametrize(
    ("optimiser", "recipe"),
    [("sgd", Recipe(2, 32, "tanh", seed=3)), ("adam", Recipe(2, 32, "relu", "he", residual=True, batch_norm=True))],
)
def test_the_snippet_trains_to_the_same_numbers(optimiser: Optimiser, recipe: Recipe) -> None:
    told, trial = gather(train_in_slices(recipe, optimiser))
    assert told == sorted(told)
    assert told[-1] == (900, 900)
    _, printed = run_snippet(training_snippet(recipe, optimiser))
    lines = [[float(word) for word in line.split()] for line in printed.splitlines()]
    assert len(lines) == len(trial.runs) == 9
    for (seed, rate, before, after, right), run in zip(lines, trial.runs, strict=True):
        assert (seed, rate) == (run.seed, run.rate)
        assert run.steps == STEPS
        assert (run.before, run.after) == pytest.approx((before, after), rel=1e-3)
        assert abs(run.right - right) <= 2  # float32


def test_a_loss_that_is_no_number_ends_its_training() -> None:
    trial = finish(train_in_slices(Recipe(20, 32, start="own", sigma=2.0), "sgd"))
    assert {run.after for run in trial.runs} == {float("inf")}
    assert max(run.steps for run in trial.runs) < STEPS
    assert trial.verdict == "does not learn"


@pytest.mark.parametrize(
    ("right", "after", "verdict"),
    [
        ((361, 400, 420), 5.0, "learns"),
        ((360, 400, 420), 5.0, "begins to learn"),
        ((112, 120, 300), 5.0, "begins to learn from some seeds only"),
        ((46, 47, 112), 5.0, "does not learn"),
        ((46, 47, 112), 2.21, "does not learn"),
        ((46, 47, 112), 2.2, "begins to learn"),
    ],
)
def test_what_is_said_of_three_seeds(right: tuple[int, ...], after: float, verdict: str) -> None:
    worse, better = RATES["sgd"][:2]
    runs = [Run(worse, seed, 2.3, 2.3, 45, STEPS) for seed in range(3)]
    runs += [Run(better, seed, 2.3, after, each, STEPS) for seed, each in enumerate(right)]
    trial = Trial(tuple(runs))
    assert [run.right for run in trial.best] == list(right)
    assert trial.verdict == verdict
