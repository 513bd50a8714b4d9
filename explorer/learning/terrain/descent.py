"""Paths down a surface: every place of several optimisers, the best of thirteen rates for each, one step's ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.learning.optimisers import Ledger, Optimiser
from explorer.learning.terrain.surfaces import LARGEST, Place, Surface
from explorer.neurons.activations import Numbers

RATES: Final = tuple(10.0 ** (-3 + quarter / 4) for quarter in range(13))
MOST_STEPS: Final = 1000
LAST: Final = 50  # steps whose mean loss counts where there is no goal


@dataclass(frozen=True, eq=False)
class Path:
    """Where an optimiser came by.

    Attributes:
        places: (N + 1, 2) in the plane, the start first; as far as loss and place are finite and at most 10^12.
        losses: (N + 1,) there, without noise.
        diverged: The step that went farther; None where there is none.
    """

    places: Numbers
    losses: Numbers
    diverged: int | None

    def arrives(self, loss: float) -> int | None:
        """The first step at which the loss is at most this one."""
        there = np.flatnonzero(self.losses <= loss)
        return int(there[0]) if len(there) else None

    def stays(self, loss: float) -> int | None:
        """The first step from which on to the last the loss is at most this one; None where the path diverges too."""
        away = np.flatnonzero(self.losses > loss)
        first = int(away[-1]) + 1 if len(away) else 0
        return first if self.diverged is None and first < len(self.losses) else None


@dataclass(frozen=True)
class Choice:
    """The best of `RATES` for an optimiser.

    Attributes:
        rate: Of those that come to within a millionth of the minimum, the one that does first, and the one with the
            lower loss then; if none does, or the gradient is noisy, or the minimum is not known, the one with the
            lowest mean loss over the last 50 steps. The smallest where all diverge.
        steps: How many it takes to come there for the first time, though it may not stay; None where none does.
    """

    rate: float
    steps: int | None


def walk(surface: Surface, rules: Sequence[Optimiser], start: Place, steps: int) -> tuple[Path, ...]:
    """The path of each optimiser.

    Args:
        surface: What they go down; all get the same noise at the same step.
        rules: At least one.
        start: In the surface's own axes, as all starts here.
        steps: How many each makes.
    """
    rates = np.array([[rule.rate] for rule in rules])
    with np.errstate(all="ignore"):
        marched = [(place[..., 0], loss[:, 0]) for place, loss, _ in _march(surface, rules, rates, start, steps)]
    places, losses = np.stack([place for place, _ in marched], axis=1), np.stack([loss for _, loss in marched])
    return tuple(_cut(places[..., number], losses[:, number]) for number in range(len(rules)))


def take_step(surface: Surface, rule: Optimiser, start: Place, step: int) -> Ledger:
    """Every quantity of the step with this number, counted from 1, as (2,) numbers: x and y."""
    with np.errstate(all="ignore"):
        *_, (_, _, (ledger,)) = _march(surface, [rule], np.array([[rule.rate]]), start, step)
    return {name: numbers[:, 0] for name, numbers in ledger.items()}


def choose_rates(
    surface: Surface, rules: Sequence[Optimiser], start: Place, steps: int = MOST_STEPS
) -> tuple[Choice, ...]:
    """The best of `RATES` for each optimiser, whose own rate is not looked at."""
    rates = np.tile(RATES, (len(rules), 1))
    goal = surface.goal
    best = dict[int, Choice]()
    alive = np.ones(rates.shape, bool)
    last = deque[Numbers](maxlen=LAST)
    with np.errstate(all="ignore"):
        for count, (place, loss, _) in enumerate(_march(surface, rules, rates, start, steps)):
            alive &= _holds(place, loss)
            last.append(np.where(alive, loss, np.inf))
            if goal is not None:
                for rule in set(np.flatnonzero((last[-1] <= goal).any(axis=1)).tolist()) - best.keys():
                    best[rule] = Choice(RATES[last[-1][rule].argmin()], count)
            if len(best) == len(rules):
                break
        lowest = np.mean(last, axis=0).argmin(axis=1)
    return tuple(best.get(rule, Choice(RATES[lowest[rule]], None)) for rule in range(len(rules)))


def _march(
    surface: Surface, rules: Sequence[Optimiser], rates: Numbers, start: Place, steps: int
) -> Iterator[tuple[Numbers, Numbers, list[Ledger]]]:
    """From the start to the last step: (2, rules, rates) places, (rules, rates) losses, what led there of each rule."""
    place = np.empty((2, *rates.shape))
    place[:] = np.reshape(surface.turn(start), (2, 1, 1))
    noise = surface.draw_noise(steps)
    ledgers: list[Ledger] = [{} for _ in rules]
    for count in range(steps + 1):
        loss, *slopes = surface.measure(*place)
        yield place, loss, ledgers
        if count < steps:
            gradient = np.stack(slopes) + noise[count].reshape(2, 1, 1)
            ledgers = [
                rule.step(rates[number], count + 1, ledgers[number], place[:, number], gradient[:, number])
                for number, rule in enumerate(rules)
            ]
            place = np.stack([ledger["place"] for ledger in ledgers], axis=1)


def _holds(places: Numbers, losses: Numbers) -> NDArray[np.bool_]:
    """Where a path has not diverged; (2, ...) and (...)."""
    return (np.abs(places) <= LARGEST).all(axis=0) & (np.abs(losses) <= LARGEST)  # neither is NaN


def _cut(places: Numbers, losses: Numbers) -> Path:
    """(2, N + 1) and (N + 1,), up to where they diverge."""
    lost = np.flatnonzero(~_holds(places, losses))
    end = int(lost[0]) if len(lost) else None
    return Path(places.T[:end], losses[:end], end)
