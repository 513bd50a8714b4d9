"""A network trained by several optimisers from one start, each at the best of the same few rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import vmap
from torch.nn import functional as F

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.real_network.networks import (
    Task,
    draw_batches,
    first_numbers,
    load_numbers,
    loss_of,
    measure_losses,
    split_digits,
    training_data,
)
from explorer.neurons.activations import Numbers
from explorer.slices import Slices, count_within

RATES: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
TUNING: Final = 3  # starts on which rates are chosen before others are compared
_KEPT = 50  # places of a path beside its start, where it has as many steps
_MEASURED_A_SLICE = 16  # networks; 0.1 s of convolutions


@dataclass(frozen=True)
class Lane:
    """One training among those that run side by side.

    Attributes:
        seed: Of the first weights, and of the order of the digits.
        rate: Learning rate.
    """

    seed: int
    rate: float


@dataclass(frozen=True, eq=False)
class Run:
    """One optimiser from one start, at its best rate.

    Attributes:
        name: In `OPTIMISERS`.
        finals: At each of `RATES` the highest loss within the last tenth of the steps, so that no lucky last step
            counts; infinite where one is not finite.
        rate: The one of them with the lowest; None where none is finite.
        steps: (T,) of the path's places: 0, ..., the last.
        path: (T, P) all weights and biases there, as they were trained.
        losses: (T,) over all that is learned from.
    """

    name: str
    finals: tuple[float, ...]
    rate: float | None
    steps: tuple[int, ...]
    path: NDArray[np.floating]
    losses: Numbers


@dataclass(frozen=True, eq=False)
class Repeated:
    """One optimiser from several starts that had no part in choosing its rate.

    Attributes:
        name: In `OPTIMISERS`.
        rate: The one of `RATES` whose `Run.finals` have the lowest geometric mean over `TUNING` other starts; None
            where none is finite from all of them.
        losses: After the last step, one a start; infinite where it is not finite.
        accuracies: On the held-out digits, one a start; none of points, of which none are held out.
    """

    name: str
    rate: float | None
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]


def kept_steps(steps: int) -> tuple[int, ...]:
    """The steps of which a path keeps its place: the first, the last, and evenly some between them."""
    return tuple(round(place) for place in np.linspace(0, steps, min(steps, _KEPT) + 1))


def train(task: Task, name: str, lanes: Sequence[Lane], steps: int) -> Slices[Tensor]:
    """Train a network for each lane, all side by side and none touched by the others.

    Args:
        task: What is learned.
        name: Of the optimiser.
        lanes: From which start, at which rate.
        steps: How many.

    Yields:
        How many steps are done, of how many.

    Returns:
        (T, lanes, P) all weights and biases
        at the steps of `kept_steps`.
    """
    x, y = training_data(task)
    losses = vmap(loss_of(task))
    numbers = [first_numbers(task, lane.seed).requires_grad_() for lane in lanes]
    rule = OPTIMISERS[name]
    optimiser: torch.optim.Optimizer = getattr(torch.optim, rule.name)(
        [{"params": [each], "lr": lane.rate} for each, lane in zip(numbers, lanes, strict=True)], **rule.torch_settings
    )
    orders = {seed: draw_batches(task, seed) for seed in {lane.seed for lane in lanes}}
    wanted = {*kept_steps(steps)}
    kept = [torch.stack(numbers).detach()]
    for step in range(1, steps + 1):
        drawn = {seed: next(order) for seed, order in orders.items()}
        chosen = torch.stack([drawn[lane.seed] for lane in lanes])
        optimiser.zero_grad()
        losses(torch.stack(numbers), x[chosen], y[chosen]).sum().backward()
        optimiser.step()
        if step in wanted:
            kept.append(torch.stack(numbers).detach())
        yield step, steps
    return torch.stack(kept)


def race(task: Task, name: str, seed: int, steps: int) -> Slices[Run]:
    """One optimiser from one start at every rate of `RATES`, and its path at the best.

    Yields:
        How many steps are done, of how many.

    Returns:
        The run.
    """
    paths = yield from train(task, name, [Lane(seed, rate) for rate in RATES], steps)
    finals = yield from _measure_ends(task, paths, (steps, steps))
    best = int(finals.argmin())
    path = paths[:, best].numpy()
    rate = RATES[best] if isfinite(finals[best]) else None
    losses = yield from _measure_in_slices(task, path, (steps, steps))
    return Run(name, tuple(finals.tolist()), rate, kept_steps(steps), path, losses)


def repeat(task: Task, name: str, seed: int, count: int, steps: int) -> Slices[Repeated]:
    """One optimiser at a rate that `TUNING` starts choose, from others: how it does where nothing was tuned.

    Args:
        task: What is learned.
        name: Of the optimiser.
        seed: The starts that choose are the next ones after it, those that are measured the next after these.
        count: Starts that are measured.
        steps: How many.

    Yields:
        How many steps are done, of how many.

    Returns:
        What they end at.
    """
    measured = [seed + TUNING + number for number in range(1, count + 1)]
    lanes = [Lane(seed + number, rate) for number in range(1, TUNING + 1) for rate in RATES]
    paths = yield from count_within(train(task, name, lanes, steps), 0, 2 * steps)
    finals = yield from _measure_ends(task, paths, (steps, 2 * steps))
    means = in_decades(finals).reshape(TUNING, len(RATES)).mean(axis=0)
    if not np.isfinite(means).any():
        return Repeated(name, None, (inf,) * count, ())
    rate = RATES[int(means.argmin())]
    training = train(task, name, [Lane(each, rate) for each in measured], steps)
    last = (yield from count_within(training, steps, 2 * steps))[-1]
    losses = measure_losses(task, last.numpy())
    return Repeated(name, rate, tuple(losses.tolist()), () if task.points else _accuracies(task, last))


def _measure_ends(task: Task, paths: Tensor, told: tuple[int, int]) -> Slices[Numbers]:
    """(T, lanes, P) to (lanes,) the highest loss within the last tenth of the steps; yields what is told meanwhile."""
    ends = paths[-max(1, (len(paths) - 1) // 10) :]
    every = yield from _measure_in_slices(task, ends.flatten(0, 1).numpy(), told)
    return np.asarray(every.reshape(ends.shape[:2]).max(axis=0))


def _measure_in_slices(task: Task, numbers: NDArray[np.floating], told: tuple[int, int]) -> Slices[Numbers]:
    parts = []
    for start in range(0, len(numbers), _MEASURED_A_SLICE):
        parts.append(measure_losses(task, numbers[start : start + _MEASURED_A_SLICE]))
        yield told
    return np.concatenate(parts)


def in_decades(losses: Numbers) -> Numbers:
    """Logarithms to base 10, of losses below float64's resolution that of the resolution."""
    return np.asarray(np.log10(np.maximum(losses, np.finfo(np.float64).eps)))


def _accuracies(task: Task, every: Tensor) -> tuple[float, ...]:
    x, y = split_digits("held_out")
    networks = [load_numbers(task, each) for each in every]
    with torch.no_grad():
        return tuple(float((network(x).argmax(dim=1) == y).double().mean()) for network in networks)


def race_alone(task: Task, run: Run, seed: int) -> NDArray[np.floating]:
    """Where the same race ends, (P,), by PyTorch's network and optimiser with nothing beside them.

    Raises:
        ValueError: If no rate of the run is finite.
    """
    if run.rate is None:
        raise ValueError(f"{run.name} has no rate that ends finite")
    x, y = training_data(task)
    network = load_numbers(task, first_numbers(task, seed))
    rule = replace(OPTIMISERS[run.name], rate=run.rate)
    optimiser: torch.optim.Optimizer = getattr(torch.optim, rule.name)(network.parameters(), **rule.torch_settings)
    for _, chosen in zip(range(run.steps[-1]), draw_batches(task, seed), strict=False):
        optimiser.zero_grad()
        F.cross_entropy(network(x[chosen]), y[chosen]).backward()
        optimiser.step()
    return np.asarray(nn.utils.parameters_to_vector(network.parameters()).detach().numpy())
