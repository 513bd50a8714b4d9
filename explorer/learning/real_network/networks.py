"""The networks that race, what they learn from, and their losses, many networks at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from explorer.neurons.activations import Numbers
from explorer.neurons.digits import load_digits
from explorer.neurons.first_weights import begin
from explorer.neurons.points import Points

HIDDEN: Final = 16
BATCH: Final = 64  # digits a step; of points a step takes all
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
    network = begin(lambda: build(task, "meta"), torch.Generator().manual_seed(seed))
    return nn.utils.parameters_to_vector(network.parameters()).detach()


def training_data(task: Task) -> tuple[Tensor, Tensor]:
    """What is learned from: points (N, 2) or digits (N, 1, 8, 8), and the classes (N,)."""
    if task.points is None:
        return split_digits("training")
    return torch.from_numpy(task.points.places), torch.tensor(task.points.classes)


@cache
def split_digits(which: Literal["training", "held_out"]) -> tuple[Tensor, Tensor]:
    """(N, 1, 8, 8) and the classes (N,)."""
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


def measure_losses(task: Task, numbers: NDArray[np.floating]) -> Numbers:
    """(B, P) networks to their (B,) mean cross-entropies over all that is learned from; infinite where not finite."""
    x, y = training_data(task)
    losses = vmap(loss_of(task), in_dims=(0, None, None))
    every = torch.from_numpy(numbers).to(task.dtype)
    with torch.inference_mode():
        parts = [losses(part, x, y) for part in every.split(_AT_ONCE if task.points else 1)]
    found = torch.cat(parts).double().numpy()
    return np.where(np.isfinite(found), found, inf)


def loss_of(task: Task) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """The mean cross-entropy of the network whose (P,) numbers are given, on examples (N, ...) and their classes."""
    network = build(task, "meta")
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]

    def loss(numbers: Tensor, x: Tensor, y: Tensor) -> Tensor:
        parts = zip(shapes.items(), numbers.split(sizes), strict=True)
        named = {name: part.view(shape) for (name, shape), part in parts}
        return F.cross_entropy(functional_call(network, named, (x,)), y)

    return loss


def load_numbers(task: Task, numbers: Tensor) -> nn.Sequential:
    """PyTorch's own network with these (P,) weights and biases."""
    network = build(task, "meta").to_empty(device="cpu")
    nn.utils.vector_to_parameters(numbers.to(task.dtype), network.parameters())
    return network


def ask_pytorch(task: Task, numbers: NDArray[np.floating]) -> float:
    """The loss of (P,) numbers by PyTorch's own network."""
    x, y = training_data(task)
    network = load_numbers(task, torch.from_numpy(numbers))
    with torch.no_grad():
        return F.cross_entropy(network(x), y).item()
