"""How far a running comparison is: read from what its tasks have told, in numbers, words and lines to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

from explorer.jobs.order import Status, TaskStatus
from explorer.rendering.colours import SERIES
from explorer.rendering.figures.strategy import SYMBOLS, Line
from explorer.text import count_text
from explorer.transfer.experiment import Curve, Experiment
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
        recent: (epoch, loss, rate, gradient norm) of batches since the last whole epoch.
        note: what it says that it is doing.
    """

    trial: Trial
    status: TaskStatus
    experiment: Experiment | None
    step: int
    of: int
    done: float
    recent: tuple[tuple[float, float, float, float], ...]
    note: str

    @classmethod
    def read(cls, trial: Trial, status: TaskStatus) -> Seen:
        """Read the last events of a task, back to its last whole epoch."""
        experiment, note = None, ""
        recent: list[tuple[float, float, float, float]] = []
        step = of = 0
        done = 0.0
        for event in reversed(status.events):
            if "experiment" in event:
                experiment = read_experiment(event["experiment"])
                break
            if "step" in event:
                step, of = max(step, event["step"]), event["of"]
                done = max(done, event["done"])
                recent.append((event["epoch"], event["loss"], event["rate"], event["gradient_norm"]))
            if "note" in event and not note and not recent:
                note = event["note"]
        if experiment is not None:
            of = experiment.steps
            step = max(step, experiment.curve.steps[-1] if experiment.curve.steps else 0)
            done = max(done, _done_at_last(experiment))
        return cls(trial, status, experiment, step, of, done, tuple(reversed(recent)), note)

    @property
    def curve(self) -> Curve:
        """Measured so far."""
        return self.experiment.curve if self.experiment else Curve()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status.state not in ("queued", "running")

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return 1.0 if self.ended else self.done

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
    by_time = curve.seconds[-1] / budget if budget and not experiment.cached else 0.0
    return min(1.0, max(curve.steps[-1] / experiment.steps, by_time))


@lru_cache(maxsize=1024)
def read_experiment(text: str) -> Experiment:
    """An experiment as a task tells it; the same text is read once."""
    return Experiment.from_json(text)


def done_share(tasks: Sequence[Seen]) -> float:
    """How much of a job is done, 0 to 1, every training counting alike."""
    return min(1.0, fmean(task.share for task in tasks)) if tasks else 0.0


def seconds_left(tasks: Sequence[Seen]) -> float | None:
    """What the unfinished trainings will take one after another, by the nearest training that is known.

    That is the training itself, else ended ones of the same strategy, else all that have begun; pictures count in
    proportion. None before anything is known.
    """
    paces: dict[Strategy, list[float]] = {}  # seconds of a whole training on all pictures
    for task in tasks:
        if task.share > 0 and task.curve.seconds and task.curve.seconds[-1] > 0 and task.curve.steps[-1]:
            told = task.experiment
            whole = task.curve.seconds[-1] / (_done_at_last(told) if told and not task.ended else 1.0)
            paces.setdefault(task.trial.strategy, []).append(whole / task.trial.share)
    if not paces:
        return None
    anyone = fmean(pace for each in paces.values() for pace in each)
    return sum(
        fmean(paces.get(task.trial.strategy, [anyone])) * task.trial.share * (1 - task.share)
        for task in tasks
        if not task.ended
    )


def describe_progress(tasks: Sequence[Seen]) -> str:
    """How far a running job is, in a line."""
    ended = sum(task.ended for task in tasks)
    now = [task for task in tasks if task.status.state == "running"]
    parts = [f"{ended} of {count_text(len(tasks), 'training')} done"]
    if now:
        steps = f", step {now[0].step:,} of {now[0].of:,}" if now[0].of else ""
        parts.append(f"{now[0].name}{steps}" + (f" and {len(now) - 1} more" if len(now) > 1 else ""))
        if now[0].note:
            parts.append(now[0].note.rstrip("."))
    left = seconds_left(tasks)
    if left is not None:
        parts.append(f"about {describe_seconds(left)} left")
    return " · ".join(parts)


def describe_seconds(seconds: float) -> str:
    """40 s, 3 min, 2.1 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def describe_end(status: Status, ordered: Ordered, tasks: Sequence[Seen]) -> str:
    """What became of a job, in a sentence."""
    measured = sum(task.status.state in ("done", "stopped") and task.experiment is not None for task in tasks)
    network = ordered.trials[0].network
    took = f"{count_text(measured, 'training')} of `{network}` in {describe_seconds(status.seconds)}."
    if status.state == "stopped":
        return f"Stopped. {took if measured else 'Nothing had been measured yet.'}"
    return took if measured else "Nothing was measured."


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
        told = [task for task in begun if task.ended] or begun[:1]
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
