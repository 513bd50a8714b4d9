"""A network trained by several optimisers from one start, each at the best of the same few rates."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, isfinite, sqrt
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from explorer.learning.optimisers import OPTIMISERS
from explorer.neurons.activations import Numbers
from explorer.neurons.digits import load_digits
from explorer.neurons.points import Points

RATES: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
HIDDEN: Final = 16
BATCH: Final = 64  # digits a step; of points a step takes all
TUNING: Final = 3  # starts on which rates are chosen before others are compared
_KEPT = 50  # places of a path beside its start, where it has as many steps
_STEPS_A_SLICE = 5  # 0.2 s at most
_MEASURED_A_SLICE = 16  # networks; 0.1 s of convolutions
_AT_ONCE = 61  # small networks that are measured together; of convolutions one at a time is as fast


@dataclass(frozen=True)
class Task:
    """What is learned, and by what.

    Attributes:
        points: Learned by an MLP 2-16-16-K with tanh in float64, which takes all of them at every step; None for
            scikit-learn's digits, learned by a small CNN in float32, 64 a step.
    """

    points: Points | None

    @property
    def dtype(self) -> torch.dtype:
        """Of all that is computed."""
        return torch.float64 if self.points else torch.float32

    @property
    def side(self) -> int:
        """Places along each axis of the surface that this network can afford."""
        return 61 if self.points else 25


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


def build(task: Task, device: str = "cpu") -> nn.Sequential:
    """The network with PyTorch's own first weights, from its global generator; on "meta" without any numbers."""
    kind: dict[str, Any] = {"dtype": task.dtype, "device": device}
    if task.points is None:
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, **kind),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, **kind),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10, **kind),
        )
    return nn.Sequential(
        nn.Linear(2, HIDDEN, **kind),
        nn.Tanh(),
        nn.Linear(HIDDEN, HIDDEN, **kind),
        nn.Tanh(),
        nn.Linear(HIDDEN, task.points.count, **kind),
    )


def first_numbers(task: Task, seed: int) -> Tensor:
    """(P,) what `torch.manual_seed(seed)` would give the network, without touching PyTorch's global generator."""
    chance = torch.Generator().manual_seed(seed)
    parts = []
    for layer in build(task, "meta"):
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            weight = torch.empty(layer.weight.shape, dtype=task.dtype)
            bias = torch.empty(len(weight), dtype=task.dtype)
            reach = 1 / sqrt(weight[0].numel())
            nn.init.kaiming_uniform_(weight, a=sqrt(5), generator=chance)
            nn.init.uniform_(bias, -reach, reach, generator=chance)
            parts += [weight.ravel(), bias]
    return torch.cat(parts)


def training_data(task: Task) -> tuple[Tensor, Tensor]:
    """What is learned from: points (N, 2) or digits (N, 1, 8, 8), and the classes (N,)."""
    if task.points is None:
        return _digits("training")
    return torch.from_numpy(task.points.places), torch.tensor(task.points.classes)


@cache
def _digits(which: Literal["training", "held_out"]) -> tuple[Tensor, Tensor]:
    data = load_digits()
    places = getattr(data, which)
    return torch.from_numpy(data.images[places])[:, None], torch.from_numpy(data.labels[places])


def draw_batches(task: Task, seed: int) -> Iterator[Tensor]:
    """The examples of each step, endlessly: all points, or 64 digits at a time in a new order every round."""
    count = len(training_data(task)[1])
    chance = torch.Generator().manual_seed(seed)
    while True:
        if task.points is None:
            yield from torch.randperm(count, generator=chance)[: count // BATCH * BATCH].split(BATCH)
        else:
            yield torch.arange(count)


def kept_steps(steps: int) -> tuple[int, ...]:
    """The steps of which a path keeps its place: the first, the last, and evenly some between them."""
    return tuple(round(place) for place in np.linspace(0, steps, min(steps, _KEPT) + 1))


def train(task: Task, name: str, lanes: Sequence[Lane], steps: int) -> Iterator[tuple[int, int] | Tensor]:
    """Train a network for each lane, all side by side and none touched by the others.

    Args:
        task: What is learned.
        name: Of the optimiser.
        lanes: From which start, at which rate.
        steps: How many.

    Yields:
        How many steps are done, of how many, every fraction of a second; at last (T, lanes, P) all weights and biases
        at the steps of `kept_steps`.
    """
    x, y = training_data(task)
    losses = vmap(_loss_of(task))
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
        if step % _STEPS_A_SLICE == 0:
            yield step, steps
    yield torch.stack(kept)


def measure_losses(task: Task, numbers: NDArray[np.floating]) -> Numbers:
    """(B, P) networks to their (B,) mean cross-entropies over all that is learned from; infinite where not finite."""
    x, y = training_data(task)
    losses = vmap(_loss_of(task), in_dims=(0, None, None))
    every = torch.from_numpy(numbers).to(task.dtype)
    with torch.inference_mode():
        parts = [losses(part, x, y) for part in every.split(_AT_ONCE if task.points else 1)]
    found = torch.cat(parts).double().numpy()
    return np.where(np.isfinite(found), found, inf)


def _loss_of(task: Task) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The mean cross-entropy of the network whose (P,) numbers are given, on examples (N, ...) and their classes."""
    network = build(task, "meta")
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]

    def loss(numbers: Tensor, x: Tensor, y: Tensor) -> Tensor:
        parts = zip(shapes.items(), numbers.split(sizes), strict=True)
        named = {name: part.view(shape) for (name, shape), part in parts}
        return F.cross_entropy(functional_call(network, named, (x,)), y)

    return loss


def race(task: Task, name: str, seed: int, steps: int) -> Iterator[tuple[int, int] | Run]:
    """One optimiser from one start at every rate of `RATES`, and its path at the best.

    Yields:
        How many steps are done, of how many; at last the run.
    """
    for told in train(task, name, [Lane(seed, rate) for rate in RATES], steps):
        if isinstance(told, tuple):
            yield told
            continue
        finals = yield from _measure_ends(task, told, (steps, steps))
        best = int(finals.argmin())
        path = told[:, best].numpy()
        rate = RATES[best] if isfinite(finals[best]) else None
        losses = yield from _measure_in_slices(task, path, (steps, steps))
        yield Run(name, tuple(finals.tolist()), rate, kept_steps(steps), path, losses)


def repeat(task: Task, name: str, seed: int, count: int, steps: int) -> Iterator[tuple[int, int] | Repeated]:
    """One optimiser at a rate that `TUNING` starts choose, from others: how it does where nothing was tuned.

    Args:
        task: What is learned.
        name: Of the optimiser.
        seed: The starts that choose are the next ones after it, those that are measured the next after these.
        count: Starts that are measured.
        steps: How many.

    Yields:
        How many steps are done, of how many; at last what they end at.
    """
    measured = [seed + TUNING + number for number in range(1, count + 1)]
    lanes = [Lane(seed + number, rate) for number in range(1, TUNING + 1) for rate in RATES]
    rate = None
    for told in train(task, name, lanes, steps):
        if isinstance(told, tuple):
            yield told[0], 2 * steps
            continue
        finals = yield from _measure_ends(task, told, (steps, 2 * steps))
        means = in_decades(finals).reshape(TUNING, len(RATES)).mean(axis=0)
        rate = RATES[int(means.argmin())] if np.isfinite(means).any() else None
    if rate is None:
        yield Repeated(name, None, (inf,) * count, ())
        return
    for told in train(task, name, [Lane(each, rate) for each in measured], steps):
        if isinstance(told, tuple):
            yield steps + told[0], 2 * steps
            continue
        losses = measure_losses(task, told[-1].numpy())
        yield Repeated(name, rate, tuple(losses.tolist()), () if task.points else _accuracies(task, told[-1]))


def _measure_ends(task: Task, paths: Tensor, told: tuple[int, int]) -> Generator[tuple[int, int], None, Numbers]:
    """(T, lanes, P) to (lanes,) the highest loss within the last tenth of the steps; yields what is told meanwhile."""
    ends = paths[-max(1, (len(paths) - 1) // 10) :]
    every = yield from _measure_in_slices(task, ends.flatten(0, 1).numpy(), told)
    return np.asarray(every.reshape(ends.shape[:2]).max(axis=0))


def _measure_in_slices(
    task: Task, numbers: NDArray[np.floating], told: tuple[int, int]
) -> Generator[tuple[int, int], None, Numbers]:
    parts = []
    for start in range(0, len(numbers), _MEASURED_A_SLICE):
        parts.append(measure_losses(task, numbers[start : start + _MEASURED_A_SLICE]))
        yield told
    return np.concatenate(parts)


def in_decades(losses: Numbers) -> Numbers:
    """Logarithms to base 10, of losses below float64's resolution that of the resolution."""
    return np.asarray(np.log10(np.maximum(losses, np.finfo(np.float64).eps)))


def _accuracies(task: Task, every: Tensor) -> tuple[float, ...]:
    x, y = _digits("held_out")
    networks = [load_numbers(task, each) for each in every]
    with torch.no_grad():
        return tuple(float((network(x).argmax(dim=1) == y).double().mean()) for network in networks)


def load_numbers(task: Task, numbers: Tensor) -> nn.Sequential:
    """PyTorch's own network with these (P,) weights and biases."""
    network = build(task, "meta").to_empty(device="cpu")
    nn.utils.vector_to_parameters(numbers.to(task.dtype), network.parameters())
    return network


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


def ask_pytorch(task: Task, numbers: NDArray[np.floating]) -> float:
    """The loss of (P,) numbers by PyTorch's own network."""
    x, y = training_data(task)
    network = load_numbers(task, torch.from_numpy(numbers))
    with torch.no_grad():
        return F.cross_entropy(network(x), y).item()
