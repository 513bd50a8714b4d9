"""Schedules of the learning rate on digits: each at its best peak, from the same first weights, in the same batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.learning.rate.many_networks import descend, first_networks, load_data, logits, mean_losses, repeat
from explorer.learning.rate.schedules import KINDS, Kind, Schedule, schedule_by_pytorch
from explorer.learning.seed_intervals import LEVEL, Interval, interval_of
from explorer.neurons.digits import BATCH, Recipe, build
from explorer.slices import Slices, count_within

Numbers = NDArray[np.float64]

PEAKS: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
TUNING_SEEDS: Final = (100, 101, 102)  # by which a peak is chosen; those that are compared are others
SEEDS: Final = tuple(range(8))
EPOCHS: Final = 10
A_ROUND: Final = 42  # batches in an epoch: 1347 // 32
STEPS: Final = EPOCHS * A_ROUND
EVERY: Final = 14  # steps between two losses of the curve


@dataclass(frozen=True, eq=False)
class Trained:
    """What trainings of all schedules came to; first axis as in KINDS, second the seeds.

    Attributes:
        peaks: of each schedule.
        steps: (points,) after which the curve was measured, from 0 to the last.
        curves: (kinds, seeds, points) mean loss over all training digits.
        errors: (kinds, seeds) share of the held-out digits that are wrong at the end.
    """

    peaks: tuple[float, ...]
    steps: tuple[int, ...]
    curves: Numbers
    errors: Numbers

    def error(self, kind: Kind) -> Interval:
        """The mean share that is wrong."""
        return interval_of(self.errors[KINDS.index(kind)])

    def error_less_constant(self, kind: Kind) -> Interval:
        """How much larger it is than with a constant rate, seed by seed; 95 % holds for all four schedules together."""
        return interval_of(self.errors[KINDS.index(kind)] - self.errors[0], 1 - (1 - LEVEL) / (len(KINDS) - 1))

    def loss(self, kind: Kind, point: int = -1) -> Interval:
        """The geometric mean of the training loss at a point of the curve."""
        logs = interval_of(np.log(self.curves[KINDS.index(kind), :, point]))
        return Interval(float(np.exp(logs.mean)), float(np.exp(logs.low)), float(np.exp(logs.high)))

    def loss_over_constant(self, kind: Kind) -> Interval:
        """The log of its ratio to that of a constant rate at the end, seed by seed; all four schedules together."""
        ends = np.log(self.curves[:, :, -1])
        return interval_of(ends[KINDS.index(kind)] - ends[0], 1 - (1 - LEVEL) / (len(KINDS) - 1))


def train_in_slices(
    schedules: Sequence[Schedule], seeds: Sequence[int], *, measured: bool = True
) -> Slices[tuple[Numbers, Numbers]]:
    """Train a network of each schedule and each seed by SGD in batches of 32, all at once.

    Args:
        schedules: of the same number of steps.
        seeds: of the first weights and of the order of the batches, the same ones for every schedule.
        measured: whether the loss is measured on the way too, and not at both ends only.

    Yields:
        How many steps are done, of how many.

    Returns:
        The losses (schedules, seeds, points)
        and the shares of held-out digits that are wrong (schedules, seeds).
    """
    x, y, unseen, truth = load_data()
    first, generators = first_networks(seeds)
    networks = repeat(first, len(schedules))
    rates = torch.from_numpy(np.stack([each.rates() for each in schedules], axis=1)).repeat_interleave(len(seeds), 1)
    steps = len(rates)
    points = {*range(0, steps, EVERY), steps} if measured else {0, steps}
    losses = []
    orders = torch.empty(0)
    for step in range(steps + 1):
        if step in points:
            with torch.no_grad():
                losses.append(mean_losses(networks, x, y).numpy())
        if step == steps:
            break
        place = step % A_ROUND
        if place == 0:
            orders = torch.stack([torch.randperm(len(y), generator=each) for each in generators])
        batch = orders[:, place * BATCH : (place + 1) * BATCH]
        descend(networks, rates[step], x[batch].repeat(len(schedules), 1, 1), y[batch].repeat(len(schedules), 1))
        yield step + 1, steps
    with torch.inference_mode():
        wrong = (logits(networks, unseen).argmax(dim=-1) != truth).double().mean(dim=1).numpy()
    shape = len(schedules), len(seeds)
    return np.stack(losses, axis=-1).reshape(*shape, -1), wrong.reshape(shape)


def train_by_pytorch(schedule: Schedule, seed: int) -> float:
    """The training loss at the end of one of these trainings, by PyTorch's layers, SGD and scheduler."""
    x, y, *_ = load_data()
    generator = torch.Generator().manual_seed(seed)
    network = build(Recipe("mlp", "bare"), generator).double()
    optimiser = torch.optim.SGD(network.parameters(), schedule.peak)
    scheduler = schedule_by_pytorch(schedule, optimiser)
    order = torch.empty(0)
    for step in range(schedule.steps):
        place = step % A_ROUND
        if place == 0:
            order = torch.randperm(len(y), generator=generator)
        batch = order[place * BATCH : (place + 1) * BATCH]
        loss = nn.functional.cross_entropy(network(x[batch]), y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        scheduler.step()
    with torch.inference_mode():
        return nn.functional.cross_entropy(network(x), y).item()


def compare_in_slices(peak: float | None) -> Slices[Trained]:
    """Train all schedules at one peak, or each at its best one, which trainings of other seeds have chosen.

    Best is the peak with the least mean log of the training loss at the end: no held-out digit is asked.

    Yields:
        How many steps are done, of how many.

    Returns:
        What came of it.
    """
    if peak is None:
        trials = [Schedule(kind, each, STEPS) for kind in KINDS for each in PEAKS]
        curves, _ = yield from count_within(train_in_slices(trials, TUNING_SEEDS, measured=False), 0, 2 * STEPS)
        ends = np.log(curves[:, :, -1]).mean(axis=1).reshape(len(KINDS), len(PEAKS))
        peaks = tuple(PEAKS[place] for place in ends.argmin(axis=1))
    else:
        peaks = (peak,) * len(KINDS)
    before = STEPS if peak is None else 0
    schedules = [Schedule(kind, each, STEPS) for kind, each in zip(KINDS, peaks, strict=True)]
    curves, errors = yield from count_within(train_in_slices(schedules, SEEDS), before, before + STEPS)
    return Trained(peaks, (*range(0, STEPS, EVERY), STEPS), curves, errors)
