"""What is said of trainings that were cut short, or ended while they were still learning."""

from dataclasses import replace

import numpy as np

from explorer.transfer.evaluation.ending import is_falling, tell_endings
from explorer.transfer.experiment import Curve, Experiment
from explorer.transfer.trial import Recipe
from tests.transfer.making_experiments import make_experiment

NAN = float("nan")


def curve_of(losses: list[float], watched: bool = True) -> Curve:
    curve = Curve()
    for epoch, loss in enumerate(losses):
        values = dict.fromkeys(("rate", "gradient_norm", "training_accuracy", "validation_accuracy", "seconds"), 0.0)
        seen = loss if watched else NAN
        curve = curve.then(epochs=epoch, steps=4 * epoch, loss=loss, validation_loss=seen, **values)
    return curve


def ended(losses: list[float], stopped: str = "", seconds: float = 0.0, seed: int = 0) -> Experiment:
    made = make_experiment("full", seed, recipe=Recipe(seconds=seconds))
    return replace(made, curve=curve_of(losses), steps=80, stopped=stopped)


FALLING = np.linspace(1.1, 0.4, 11).tolist()
LEARNED = np.exp(-np.linspace(0, 12, 31)).tolist()


def test_a_line_falls_and_a_curve_that_has_come_down_does_not() -> None:
    assert is_falling(curve_of(FALLING))
    assert not is_falling(curve_of(LEARNED))
    assert not is_falling(curve_of([1.0, 0.3, 0.2, 0.25, 0.4, 0.6, 0.9]))  # it rises again
    assert not is_falling(curve_of([1.0, 0.9]))
    assert is_falling(curve_of(FALLING, watched=False))  # nothing is watched: the training loss


def test_what_ended_as_it_should_is_not_mentioned() -> None:
    assert tell_endings([ended(LEARNED)]) == []
    assert tell_endings([ended(FALLING, "early stopping")]) == []


def test_what_was_still_falling_is_named() -> None:
    (told,) = tell_endings([ended(FALLING), ended(LEARNED, seed=1)])
    assert told == (
        "**Full fine-tuning** ended 1 of 2 times while its loss was still falling: more steps would take it further."
    )


def test_what_was_stopped_by_a_person_is_named_beside_what_was_not() -> None:
    (told,) = tell_endings([ended(LEARNED), ended(FALLING, "stopped", seed=1)])
    assert told == "**Full fine-tuning** was stopped 1 of 2 times, after 50 % of its steps."
    (told,) = tell_endings([ended(FALLING, "stopped"), ended(FALLING, "time budget", 120.0, seed=1)])
    assert told.startswith(
        "**Full fine-tuning** was stopped 1 of 2 times, after 50 % of its steps. **Full fine-tuning** was"
    )


def test_what_was_cut_short_is_named_with_its_time() -> None:
    (told,) = tell_endings([ended(FALLING, "time budget", 120.0)])
    assert told == (
        "**Full fine-tuning** was cut short by its time of 120 s, after 50 % of its steps, while its loss was still "
        "falling: more time would take it further."
    )
