"""Confusions and the pictures behind them, against counting by hand."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.transfer.evaluation.mistakes import (
    Behind,
    Mistake,
    confident_errors,
    confusion,
    pictures_behind,
    worst_cell,
)
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import Trial
from tests.transfer.making_experiments import make_seeds

LABELS = np.array([0, 0, 1, 1])
PLACES = np.array([3, 5, 7, 9])


def predicted(seed: int, probabilities: list[list[float]]) -> Experiment:
    return Experiment(
        Trial("tiny-vgg", "head", seed=seed),
        ("cat", "dog"),
        4,
        4,
        4,
        test_places=PLACES,
        test_labels=LABELS,
        test_probabilities=np.array(probabilities, np.float32),
    )


FIRST = predicted(0, [[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.75, 0.25]])
SECOND = predicted(1, [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])


def test_a_small_matrix_by_hand() -> None:
    assert confusion([FIRST]).tolist() == [[1, 1], [1, 1]]
    assert confusion([FIRST, SECOND]).tolist() == [[1, 3], [1, 3]]
    behind = pictures_behind([SECOND, FIRST], 0, 1)
    assert [(each.place, each.seeds) for each in behind] == [(5, (0, 1)), (3, (1,))]
    assert behind[0].probability == pytest.approx(0.85)
    assert behind[1] == Behind(3, (1,), pytest.approx(0.6))
    assert pictures_behind([FIRST], 1, 0)[0].place == 9


def test_the_surest_errors_come_first_and_once() -> None:
    errors = confident_errors([FIRST, SECOND])
    assert [(each.place, each.seed, each.seeds) for each in errors] == [(5, 1, 2), (9, 0, 1), (3, 1, 1)]
    assert errors[0] == Mistake(5, 0, 1, pytest.approx(0.9), pytest.approx(0.1), 1, 2)
    assert confident_errors([SECOND, FIRST]) == errors
    assert confident_errors([FIRST, SECOND], most=1) == errors[:1]


def test_cells_hold_exactly_the_pictures_that_are_counted() -> None:
    made = make_seeds("full", 0.6)
    counts = confusion(made)
    assert counts.sum() == 3 * 60
    assert np.trace(counts) == sum(each.right.sum() for each in made)
    for true in range(3):
        for column in range(3):
            behind = pictures_behind(made, true, column)
            assert sum(len(each.seeds) for each in behind) == counts[true, column]
            for each in behind:
                assert made[0].test_labels[list(made[0].test_places).index(each.place)] == true
    errors = confident_errors(made, most=1000)
    wrong = {int(place) for each in made for place in each.test_places[~each.right]}
    assert {each.place for each in errors} == wrong
    surest = max(float(p) for each in made for p in each.test_probabilities[~each.right].max(axis=1))
    assert errors[0].probability == pytest.approx(surest)


def test_the_worst_cell_is_a_mistake_where_there_is_one() -> None:
    assert worst_cell(np.array([[90, 2], [3, 80]])) == (1, 0)
    assert worst_cell(np.array([[90, 0], [0, 95]])) == (1, 1)


def test_trainings_without_answers_or_of_other_classes() -> None:
    empty = replace(
        FIRST,
        test_places=np.zeros(0, np.int64),
        test_labels=np.zeros(0, np.int64),
        test_probabilities=np.zeros((0, 0), np.float32),
    )
    assert confusion([empty]).tolist() == [[0, 0], [0, 0]]
    assert confident_errors([empty]) == ()
    with pytest.raises(ValueError, match="same classes"):
        confusion([FIRST, replace(FIRST, classes=("cat", "cow"))])
    with pytest.raises(ValueError, match="same classes"):
        confusion([])
