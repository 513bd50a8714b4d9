"""Descent on w²/2 whose gradient is w and standard normal noise: E w² of every step, by chance and in closed form.

A step takes w to (1 - rate) w - rate n, and n is independent of w, so that E w² goes to (1 - rate)² E w² + rate². With
one rate for ever it comes to rest at rate / (2 - rate), and from a rate of 2 on it grows without bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.learning.rate.schedules import Kind, Schedule, schedule_by_pytorch

Numbers = NDArray[np.float64]

START: Final = 3.0  # w before the first step
RUNS: Final = 2000
TRIED: Final = np.geomspace(0.001, 1.9, 161)  # peaks among which the best is looked for
_NORMAL_95: Final = 1.959964  # standard errors to each side of a mean that hold 95 %


@dataclass(frozen=True)
class Estimate:
    """A mean over independent runs, with the interval that holds the true one in 95 of 100 cases."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Measured:
    """What many runs gave.

    Attributes:
        mean, low, high: (steps + 1,) of w² before the first step and after each.
        settled: of w² over the later half of the steps; every run counts once, since its steps hang together.
        first_run: (steps + 1,) w of the first run.
        first_noise: (steps,) the noise in its gradients.
    """

    mean: Numbers
    low: Numbers
    high: Numbers
    settled: Estimate
    first_run: Numbers
    first_noise: Numbers

    @property
    def end(self) -> Estimate:
        """Of w² after the last step."""
        return Estimate(float(self.mean[-1]), float(self.low[-1]), float(self.high[-1]))


def measure(schedule: Schedule, seed: int, runs: int = RUNS) -> Measured:
    """Run the descent many times, each with noise of its own.

    Args:
        schedule: of the rate.
        seed: of NumPy's generator, from which step after step draws the noise of all runs.
        runs: how many, at least two.
    """
    chance = np.random.default_rng(seed)
    places = np.empty((schedule.steps + 1, runs))
    places[0] = START
    first_noise = np.empty(schedule.steps)
    with np.errstate(over="ignore", invalid="ignore"):
        for step, rate in enumerate(schedule.rates()):
            noise = chance.normal(size=runs)
            first_noise[step] = noise[0]
            places[step + 1] = places[step] - rate * (places[step] + noise)
        squares = places**2
        mean = squares.mean(axis=1)
        reach = _NORMAL_95 * squares.std(axis=1, ddof=1) / sqrt(runs)
        settled = _estimate(squares[schedule.steps // 2 + 1 :].mean(axis=0))
        return Measured(mean, mean - reach, mean + reach, settled, places[:, 0].copy(), first_noise)


def _estimate(values: Numbers) -> Estimate:
    mean, reach = float(values.mean()), _NORMAL_95 * float(values.std(ddof=1)) / sqrt(len(values))
    return Estimate(mean, mean - reach, mean + reach)


def expect(rates: Numbers, start: float = START) -> Numbers:
    """E w² before the first step and after each, for any rates: (steps, ...) to (steps + 1, ...)."""
    expected = np.empty((len(rates) + 1, *rates.shape[1:]))
    expected[0] = start**2
    with np.errstate(over="ignore"):
        for step, rate in enumerate(rates):
            expected[step + 1] = (1 - rate) ** 2 * expected[step] + rate**2
    return expected


def settle(rate: float) -> float:
    """Where E w² comes to rest at one rate for ever: rate / (2 - rate), infinite from 2 on; 0 never moves."""
    return rate / (2 - rate) if rate < 2 else inf


def bound(steps: int, start: float = START) -> Numbers:
    """(steps + 1,) the least E w² that any schedule can have after 0, 1, ... steps.

    (1 - rate)² E + rate² is least at rate = E / (1 + E), where it is E / (1 + E); and less before is never worse after.
    So 1/E grows by 1 a step. The schedule is 1/t, and needs the size of the noise to be known.
    """
    return 1 / (start**-2 + np.arange(steps + 1))


@cache
def best_peak(kind: Kind, steps: int) -> tuple[float, float]:
    """The peak of those tried with which a schedule ends lowest, and E w² there."""
    rates = np.stack([Schedule(kind, float(peak), steps).rates() for peak in TRIED], axis=1)
    ends = expect(rates)[-1]
    return float(TRIED[ends.argmin()]), float(ends.min())


def run_by_pytorch(schedule: Schedule, noise: Numbers) -> tuple[Numbers, Numbers]:
    """The same descent by `torch.optim.SGD` and its scheduler.

    Args:
        schedule: of the rate.
        noise: (steps,) in the gradient of each step.

    Returns:
        (steps + 1,) places, and (steps,) the rates that the optimiser had.
    """
    import torch

    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], schedule.peak)
    scheduler = schedule_by_pytorch(schedule, optimiser)
    places, rates = [START], []
    for each in noise:
        rates.append(float(optimiser.param_groups[0]["lr"]))
        w.grad = w.detach() + float(each)
        optimiser.step()
        scheduler.step()
        places.append(w.item())
    return np.array(places), np.array(rates)
