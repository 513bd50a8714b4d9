"""How far a running comparison is: read from what its tasks have told, in numbers, words and lines to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from statistics import fmean

from explorer.jobs.order import Status, TaskStatus
from explorer.rendering.colours import SERIES
from explorer.rendering.figures.strategy import SYMBOLS, Line
from explorer.text import count_text
from explorer.transfer.experiment import STOPPED, Curve, Experiment
from explorer.transfer.trial import STRATEGIES, STRATEGY_TITLES, Strategy, Trial
from explorer.transfer.work import Ordered


@dataclass(frozen=True, eq=False)
class Seen:
    """A task as far as it is known.

    Attributes:
        trial: what it trains.
        status: of the task.
        experiment: the last one that it has told; None before the first.
        step, of: batches done and planned; 0 before they are known.
        done: share of the training that is over, by its steps or by its time, 0 to 1.
        spent: seconds that this took, without what was prepared once; 0 before they are known.
        measured: whether it was measured on the test pictures.
        recent: (epoch, loss, rate, gradient norm) of batches since the last whole epoch.
        note: what it says that it is doing.
    """

    trial: Trial
    status: TaskStatus
    experiment: Experiment | None
    step: int
    of: int
    done: float
    spent: float
    measured: bool
    recent: tuple[tuple[float, float, float, float], ...]
    note: str

    @classmethod
    def read(cls, trial: Trial, status: TaskStatus) -> Seen:
        """Read the last events of a task, back to its last whole epoch."""
        experiment, note = None, ""
        recent: list[tuple[float, float, float, float]] = []
        step = of = 0
        done = spent = 0.0
        measured = status.state == "done"
        for event in reversed(status.events):
            if "experiment" in event:
                experiment = read_experiment(event["experiment"])
                measured = measured or event.get("measured", False)
                break
            if "step" in event:
                step, of = max(step, event["step"]), event["of"]
                done, spent = max(done, event["done"]), max(spent, event["spent"])
                recent.append((event["epoch"], event["loss"], event["rate"], event["gradient_norm"]))
            if "note" in event and not note and not recent:
                note = event["note"]
        if experiment is not None:
            of = experiment.steps
            step = max(step, experiment.curve.steps[-1] if experiment.curve.steps else 0)
            done, spent = max(done, _done_at_last(experiment)), max(spent, _spent_at_last(experiment))
        return cls(trial, status, experiment, step, of, done, spent, measured, tuple(reversed(recent)), note)

    @property
    def curve(self) -> Curve:
        """Measured so far."""
        return self.experiment.curve if self.experiment else Curve()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status.state not in ("queued", "running")

    @property
    def whole(self) -> bool:
        """Whether it was measured, and nobody had stopped it before."""
        return self.measured and self.experiment is not None and self.experiment.stopped != STOPPED

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1; nothing more is to be done where it failed."""
        return 1.0 if self.measured or self.status.state == "failed" else self.done

    @property
    def validation(self) -> float:
        """Accuracy on the validation pictures, of the epoch whose network is kept so far; NaN before there is one."""
        curve = self.curve
        known = [
            pair for pair in zip(curve.validation_loss, curve.validation_accuracy, strict=True) if pair[0] == pair[0]
        ]
        return min(known, default=(0.0, math.nan), key=itemgetter(0))[1]

    @property
    def describe_problem(self) -> str:
        """What went wrong, in a sentence; "" for nothing."""
        problem = self.status.problem
        return f"{STRATEGY_TITLES[self.trial.strategy]}: {problem}" if problem else ""

    @property
    def name(self) -> str:
        """As people say it."""
        share = f", {self.trial.share:.0%} of the pictures".replace("%", " %") if self.trial.share < 1 else ""
        return f"{STRATEGY_TITLES[self.trial.strategy]}, seed {self.trial.seed}{share}"


def _done_at_last(experiment: Experiment) -> float:
    """How much of a training was over at the last point of its curve; features made once are not in its budget."""
    budget, curve = experiment.trial.recipe.seconds, experiment.curve
    if not curve.steps or not experiment.steps:
        return 0.0
    by_time = _spent_at_last(experiment) / budget if budget else 0.0
    return min(1.0, max(curve.steps[-1] / experiment.steps, by_time))


def _spent_at_last(experiment: Experiment) -> float:
    return experiment.curve.seconds[-1] - experiment.preparing if experiment.curve.seconds else 0.0


@lru_cache(maxsize=1024)
def read_experiment(text: str) -> Experiment:
    """An experiment as a task tells it; the same text is read once."""
    return Experiment.from_json(text)


def done_share(tasks: Sequence[Seen]) -> float:
    """How much of a job is done, 0 to 1, every training counting alike."""
    return min(1.0, fmean(task.share for task in tasks)) if tasks else 0.0


def describe_progress(tasks: Sequence[Seen], left: float | None) -> str:
    """How far a running job is, in a line; `left` as `seconds_left` gives it."""
    ended = sum(task.measured for task in tasks)
    now = [task for task in tasks if task.status.state == "running"]
    parts = [f"{ended} of {count_text(len(tasks), 'training')} done"]
    if now:
        steps = f", step {now[0].step:,} of {now[0].of:,}" if now[0].of else ""
        parts.append(f"{now[0].name}{steps}" + (f" and {len(now) - 1} more" if len(now) > 1 else ""))
        if now[0].note:
            parts.append(now[0].note.rstrip("."))
    if left is not None:
        parts.append(f"about {describe_seconds(left)} left")
    return " · ".join(parts)


def describe_seconds(seconds: float) -> str:
    """40 s, 3 min, 2.1 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def describe_ordered(ordered: Ordered) -> str:
    """What a job trains, on what, in a line of plain text."""
    trials = ordered.trials
    strategies = len({trial.strategy for trial in trials})
    many = f"{strategies} {'strategy' if strategies == 1 else 'strategies'}, {count_text(len(trials), 'training')}"
    return f"{trials[0].network} on {ordered.title}: {many}"


def describe_end(status: Status, ordered: Ordered, tasks: Sequence[Seen]) -> str:
    """What became of a job, in a sentence."""
    measured = sum(task.measured for task in tasks)
    some = f"{measured} of " if measured < len(tasks) else ""
    network = ordered.trials[0].network
    took = f"{some}{count_text(len(tasks), 'training')} of `{network}` in {describe_seconds(status.seconds)}."
    if status.state == "stopped":
        return f"Stopped. {took if measured else 'Nothing had been measured yet.'}"
    return took if measured else "Nothing was measured."


def describe_extent(measured: int, planned: int, ended: bool) -> str:
    """What a report must say of a comparison of which not everything is measured; "" where everything is."""
    if measured == planned:
        return ""
    some = f"{measured} of {count_text(planned, 'training')}"
    if ended:
        return f"Only {some} of this comparison were measured: it was stopped, or the others failed."
    return f"This comparison was still running: {some} had been measured."


def describe_strategies(tasks: Sequence[Seen]) -> list[tuple[str, str, str]]:
    """Of every strategy its name, how many of its trainings are whole, and their mean validation accuracy.

    Where none is whole, the accuracy is that of those under way or stopped, and says so.
    """
    rows = []
    for strategy in strategies_of(tasks):
        own = [task for task in tasks if task.trial.strategy == strategy]
        whole, running = [task for task in own if task.whole], [task for task in own if not task.ended and task.step]
        stopped = [task for task in own if task.status.state == "stopped" and task.step and not task.whole]
        failed = sum(task.status.state == "failed" for task in own)
        told = f"{len(whole)} of {len(own)}"
        told += ", training" if any(task.status.state == "running" for task in own) else ""
        told += f", {len(stopped)} stopped" if stopped else ""
        told += f", {failed} failed" if failed else ""
        shown, when = next(
            ((these, word) for these, word in ((whole, ""), (running, " so far"), (stopped, " when stopped")) if these),
            ([], ""),
        )
        known = [task.validation for task in shown if not math.isnan(task.validation)]
        accuracy = f"{100 * fmean(known):.1f} %{when}" if known else ""
        rows.append((STRATEGY_TITLES[strategy], told, accuracy))
    return rows


def strategies_of(tasks: Sequence[Seen]) -> list[Strategy]:
    """The strategies of a job, in the order of `STRATEGIES`."""
    return [strategy for strategy in STRATEGIES if any(task.trial.strategy == strategy for task in tasks)]


def curve_lines(tasks: Sequence[Seen], quantity: str, dotted: str = "") -> tuple[Line, ...]:
    """The lines of one chart: of every strategy the mean over its ended seeds, and its single seeds behind it.

    Args:
        tasks: of one share of the pictures.
        quantity: of `Curve`, solid.
        dotted: of `Curve`, dotted; "" for none.
    """
    behind: list[Line] = []
    front: list[Line] = []
    for strategy in strategies_of(tasks):
        begun = [task for task in tasks if task.trial.strategy == strategy and task.curve.epochs]
        if not begun:
            continue
        name, colour = STRATEGY_TITLES[strategy], colour_of(strategy)
        symbol = SYMBOLS[STRATEGIES.index(strategy)]
        told = [task for task in begun if task.whole] or begun[:1]
        if len(begun) > 1:
            behind += [Line(name, *_points(task, quantity), colour, symbol, faint=True, listed=False) for task in begun]
        front.append(Line(name, *_mean([_points(task, quantity) for task in told]), colour, symbol))
        if dotted:
            mean = _mean([_points(task, dotted) for task in told])
            behind.append(Line(f"{name}, training", *mean, colour, symbol, dotted=True, listed=False))
    return (*behind, *front)


Points = tuple[tuple[float, ...], tuple[float, ...]]
_RECENT = {"loss": 1, "rate": 2, "gradient_norm": 3}  # places in `Seen.recent`


def _points(task: Seen, quantity: str) -> Points:
    """Epochs and values; for what is told after single steps too, those of the epoch that is under way."""
    curve = task.curve
    x, y = [float(epoch) for epoch in curve.epochs], list(getattr(curve, quantity))
    if quantity in ("rate", "gradient_norm"):  # nothing is known of them before the first step
        x, y = x[1:], y[1:]
    if quantity in _RECENT and not task.ended:
        for epoch, *values in task.recent:
            x.append(epoch)
            y.append(values[_RECENT[quantity] - 1])
    return tuple(x), tuple(y)


def _mean(curves: Sequence[Points]) -> Points:
    """The mean over curves, at the places that all of them have."""
    if len(curves) == 1:
        return curves[0]
    common = set(curves[0][0]).intersection(*(x for x, _ in curves[1:]))
    tables = [dict(zip(x, y, strict=True)) for x, y in curves]
    places = tuple(sorted(common))
    return places, tuple(fmean(table[place] for table in tables) for place in places)


def colour_of(strategy: Strategy) -> str:
    """The colour that a strategy has in every chart."""
    return SERIES[STRATEGIES.index(strategy)]
