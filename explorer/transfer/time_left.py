"""How long a running comparison will take yet, by what its trainings have taken so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from explorer.transfer.experiment import EARLY, Experiment
from explorer.transfer.progress import Seen
from explorer.transfer.trial import Strategy, Trial

_FROZEN: tuple[Strategy, ...] = (
    "head",
    "truncated",
)  # their frozen layers are computed once; the others' steps are slow


def seconds_left(tasks: Sequence[Seen]) -> float | None:
    """What the unfinished trainings will take, by their planned steps and the nearest pace of a step that is known.

    That is its own, else that of the same strategy, else of a strategy that trains as much of the network, else what
    follows from the time that features took. The time budget bounds each training, and stands for its time where
    nothing better is known. What is computed once for a strategy counts once. Trainings that run at the same time share
    the time.

    Returns:
        Seconds; None before anything is known.
    """
    paced = [task for task in tasks if _pace(task) > 0]
    if not paced:
        return None
    left = sum(_left_of(task, tasks, paced) for task in tasks if not task.ended)
    return left / max(1, sum(task.status.state == "running" for task in tasks))


def _left_of(task: Seen, tasks: Sequence[Seen], paced: Sequence[Seen]) -> float:
    trial, budget = task.trial, task.trial.recipe.seconds
    frozen = trial.strategy in _FROZEN
    near = [
        [each for each in paced if each is task],
        [each for each in paced if each.trial.strategy == trial.strategy],
        [each for each in paced if (each.trial.strategy in _FROZEN) == frozen],
        [] if budget else paced,
    ]
    known = next((each for each in near if each), ())
    pace = fmean(map(_pace, known)) if known else _pace_by_features(trial, paced)
    begun = any(each.spent > 0 and each.trial.strategy == trial.strategy for each in tasks)
    once = [] if begun or not frozen else [each.preparing for each in _told(paced) if each.cached]
    steps = pace * (_planned(trial, tasks) - task.step)
    return (fmean(once) if once else 0.0) + max(0.0, min(steps, budget - task.spent) if budget else steps)


def _pace(task: Seen) -> float:
    """Seconds of a step; over all that were planned where it ended early, as others will."""
    if task.experiment and task.experiment.stopped == EARLY:
        return task.spent / task.experiment.steps
    return task.spent / task.step if task.step else 0.0


def _pace_by_features(trial: Trial, paced: Sequence[Seen]) -> float:
    """Seconds of a step through the whole network, where only features were made: a step back takes twice as long."""
    forward = [
        each.preparing / (each.training / each.trial.share + each.validation + each.test) for each in _told(paced)
    ]
    known = max(forward, default=0.0)
    return 3 * known * trial.recipe.batch_size if known else math.inf  # as long as its time


def _told(tasks: Sequence[Seen]) -> list[Experiment]:
    return [task.experiment for task in tasks if task.experiment]


def _planned(trial: Trial, tasks: Sequence[Seen]) -> int:
    """Steps of a training: as another one on as many pictures has told, else by the recipe."""
    told = [task for task in tasks if task.of]
    same = [task.of for task in told if task.trial.share == trial.share]
    if same:
        return same[0]
    pictures = [each.training / each.trial.share for each in _told(told)]
    return trial.recipe.steps_on(round(fmean(pictures) * trial.share)) if pictures else told[0].of
