"""Gradient descent on digits by rates from 1e-5 to 10: where it crawls, where it is jagged, and from where on it fails.

On a parabola of curvature c a rate above 2/c goes away from the minimum. The loss of a network has another curvature at
every place, so 2/c at the start says where the first steps leap and not where training fails: the leap may land where
the loss is flatter (Lewkowycz et al. 2020, "The large learning rate phase of deep learning"; Cohen et al. 2021,
"Gradient descent on neural networks typically occurs at the edge of stability").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.learning.rate.many_networks import (
    Stacked,
    descend,
    first_networks,
    hidden,
    largest_curvatures,
    load_data,
    mean_losses,
    repeat,
)
from explorer.neurons.digits import Recipe, build
from explorer.slices import Slices

Numbers = NDArray[np.float64]

RATES: Final = tuple(float(f"{rate:.2e}") for rate in np.geomspace(1e-5, 10, 25))
SEEDS: Final = (0, 1, 2)
STEPS: Final = 100
EXAMPLES: Final = 300  # the first of the training digits, all of them in every step
_BETWEEN: Final = 8  # rates between two of the sweep, by which an edge is found more exactly


@dataclass(frozen=True, eq=False)
class Sweep:
    """What the rates came to.

    Attributes:
        losses: (steps + 1, rates, seeds) before the first step and after each.
        curvatures: (rates, seeds) the loss's largest one after the last step.
        first_curvatures: (seeds,) the same before the first.
        silent: (rates, seeds) how many of the 32 hidden neurons answer none of the digits at the end.
        guessing: the least loss of a network that does not see its picture, from how often each digit comes.
        jagged: (seeds,) the least rate of those tried with which the loss rises in any step.
        fails: (seeds,) the least rate above the best one that ends no better than guessing.
    """

    losses: Numbers
    curvatures: Numbers
    first_curvatures: Numbers
    silent: NDArray[np.int64]
    guessing: float
    jagged: Numbers
    fails: Numbers

    @property
    def rises(self) -> NDArray[np.int64]:
        """(rates, seeds) in how many steps the loss rose."""
        return count_rises(self.losses)

    @property
    def limits(self) -> Numbers:
        """(seeds,) 2 / curvature at the start."""
        return 2 / self.first_curvatures

    def best(self, steps: int = STEPS) -> int:
        """The place of the rate with the least median loss after so many steps."""
        return int(np.median(self.losses[steps], axis=1).argmin())


def count_rises(losses: Numbers) -> NDArray[np.int64]:
    """(steps + 1, ...) losses to (...): the steps after which the loss is above that before, or no number."""
    return (~(np.diff(losses, axis=0) <= 0)).sum(axis=0)


def sweep_in_slices() -> Slices[Sweep]:
    """Train by every rate from the first weights of every seed, then by rates between to find both edges.

    Yields:
        How many steps are done, of how many.

    Returns:
        The sweep.
    """
    x, y, *_ = load_data()
    x, y = x[:EXAMPLES], y[:EXAMPLES]
    shares = torch.bincount(y).double() / len(y)
    guessing = float(-(shares * shares.log()).sum())
    whole = 2 * STEPS + len(RATES)
    first, _ = first_networks(SEEDS)
    first_curvatures = largest_curvatures(first, x, y)
    networks = repeat(first, len(RATES))
    losses = np.empty((STEPS + 1, len(RATES) * len(SEEDS)))
    for step in _train(networks, np.repeat(RATES, len(SEEDS)), x, y, losses):
        yield step, whole
    with torch.inference_mode():
        silent = (hidden(networks, x).amax(dim=1) == 0).sum(dim=1).numpy()
    shape = len(RATES), len(SEEDS)
    curvatures = np.empty(shape)
    for place in range(len(RATES)):
        mine = slice(place * len(SEEDS), (place + 1) * len(SEEDS))
        curvatures[place] = largest_curvatures([each[mine] for each in networks], x, y)
        yield STEPS + place + 1, whole
    by_rate = losses.reshape(STEPS + 1, *shape)
    swept = np.array(RATES)
    best = int(np.median(by_rate[-1], axis=1).argmin())
    coarse = [_edges(swept, by_rate[:, :, seed], guessing, swept[best]) for seed in range(len(SEEDS))]

    # The same networks once more, by rates between the edge and the rate before it.
    brackets = [(swept[max(0, int(np.searchsorted(swept, edge)) - 1)], edge) for pair in coarse for edge in pair]
    finer = np.array([np.geomspace(low, min(high, RATES[-1]), _BETWEEN + 2)[1:-1] for low, high in brackets])
    seeds = np.repeat(np.arange(len(SEEDS)), 2 * _BETWEEN)
    again = [each[torch.from_numpy(seeds)].clone().requires_grad_() for each in first]
    more = np.empty((STEPS + 1, finer.size))
    for step in _train(again, finer.ravel(), x, y, more):
        yield STEPS + len(RATES) + step, whole
    jagged, fails = np.empty(len(SEEDS)), np.empty(len(SEEDS))
    for seed in range(len(SEEDS)):
        mine = slice(2 * _BETWEEN * seed, 2 * _BETWEEN * (seed + 1))
        rates = np.concatenate([swept, finer.ravel()[mine]])
        order = rates.argsort()
        every = np.concatenate([by_rate[:, :, seed], more[:, mine]], axis=1)[:, order]
        jagged[seed], fails[seed] = _edges(rates[order], every, guessing, swept[best])
    return Sweep(by_rate, curvatures, first_curvatures, silent.reshape(shape), guessing, jagged, fails)


def train_by_pytorch(rate: float, seed: int) -> Numbers:
    """(steps + 1,) the losses of one of the trainings by `nn.Sequential` and `torch.optim.SGD`."""
    x, y, *_ = load_data()
    network = build(Recipe("mlp", "bare"), torch.Generator().manual_seed(seed)).double()
    optimiser = torch.optim.SGD(network.parameters(), rate)
    losses = []
    for _ in range(STEPS + 1):
        loss = nn.functional.cross_entropy(network(x[:EXAMPLES]), y[:EXAMPLES])
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return np.array(losses)


def _train(networks: Stacked, rates: Numbers, x: torch.Tensor, y: torch.Tensor, losses: Numbers) -> Iterator[int]:
    """Take all steps, writing the losses down, and tell how many are done."""
    each = torch.from_numpy(rates)
    for step in range(STEPS):
        losses[step] = descend(networks, each, x, y).numpy()
        yield step + 1
    with torch.no_grad():
        losses[STEPS] = mean_losses(networks, x, y).numpy()


def _edges(rates: Numbers, losses: Numbers, guessing: float, best: float) -> tuple[float, float]:
    """The least rate with a rise, and the least above the best one that ends no better than guessing.

    Args:
        rates: rising.
        losses: (steps + 1, rates).
        guessing: see `Sweep`.
        best: the rate that ends lowest.

    Returns:
        Infinite for what no rate does.
    """
    risen = rates[count_rises(losses) > 0]
    failed = rates[(rates > best) & ~(losses[-1] < guessing)]
    return (float(risen[0]) if risen.size else inf), (float(failed[0]) if failed.size else inf)
