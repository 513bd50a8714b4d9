"""An MLP on scikit-learn's digits, trained with dropout behind its hidden layer, on all digits or on a few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.neurons.digits import HELD_OUT, SMALL, load_digits
from explorer.slices import Slices, finish

STEPS: Final = 300
RATE: Final = 0.01
BATCH: Final = 64  # the few are one batch
FEW: Final = 6  # of each class: 60 digits
ALL: Final = 200  # more than any class has
MASKED: Final = 20  # times that the learned digits are counted with masks on


@dataclass(frozen=True)
class DropoutRecipe:
    """All that a network trained with dropout depends on.

    Attributes:
        p: the probability with which a hidden output is dropped in training.
        hidden: neurons of the hidden layer.
        a_class: digits of each class to learn from, or all there are.
        seed: of which digits, the first weights, the order of the batches and the masks.
    """

    p: float
    hidden: int = 32
    a_class: int = FEW
    seed: int = 0


@dataclass(frozen=True, eq=False)
class DropoutNetwork:
    """A network as training left it, in evaluation; nobody writes into it.

    Attributes:
        recipe: what it was made by.
        network: (N, 1, 8, 8) to logits (N, 10): Flatten, Linear, ReLU, Dropout, Linear.
        training: share of the learned digits that it gets right in evaluation.
        masked: the same with masks on, the mean of `MASKED` times.
        held_out: share of the held-out digits that it gets right in evaluation.
    """

    recipe: DropoutRecipe
    network: nn.Sequential
    training: float
    masked: float
    held_out: float

    @property
    def gap(self) -> float:
        """How much better it is on what it learned from."""
        return self.training - self.held_out


def train_in_slices(recipe: DropoutRecipe) -> Slices[DropoutNetwork]:
    """Train by Adam on cross-entropy, `STEPS` batches.

    Random numbers come from one generator, in the order in which PyTorch's own layers would draw them after
    `torch.manual_seed`: the program beside the page, which has `nn.Dropout` draw, trains the same network.

    Yields:
        How many steps are done, of how many.

    Returns:
        The network.
    """
    data = load_digits()
    generator = torch.Generator().manual_seed(recipe.seed)
    places = _choose_digits(recipe, generator)
    known, labels = torch.from_numpy(data.images)[places, None], torch.from_numpy(data.labels)[places]
    network = _build(recipe, generator)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    done = 0
    while done < STEPS:
        for batch in torch.randperm(len(places), generator=generator).split(BATCH)[: STEPS - done]:
            loss = F.cross_entropy(_run_masked(network, recipe.p, known[batch], generator), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            done += 1
            yield done, STEPS
    network.eval().requires_grad_(False)
    unknown, others = (torch.from_numpy(each)[data.held_out] for each in (data.images, data.labels))
    masked = _run_masked(network, recipe.p, known.repeat(MASKED, 1, 1, 1), generator)
    return DropoutNetwork(
        recipe,
        network,
        _count_right(network(known), labels) / len(labels),
        _count_right(masked, labels.repeat(MASKED)) / (MASKED * len(labels)),
        _count_right(network(unknown[:, None]), others) / HELD_OUT,
    )


def train(recipe: DropoutRecipe) -> DropoutNetwork:
    """The network of a recipe, without a pause."""
    return finish(train_in_slices(recipe))


def _choose_digits(recipe: DropoutRecipe, generator: torch.Generator) -> Tensor:
    """Places of the digits to learn from, as many of each class."""
    data = load_digits()
    training, labels = torch.from_numpy(data.training), torch.from_numpy(data.labels)
    classes = [training[labels[training] == digit] for digit in range(10)]
    return torch.cat([each[torch.randperm(len(each), generator=generator)[: recipe.a_class]] for each in classes])


def _build(recipe: DropoutRecipe, generator: torch.Generator) -> nn.Sequential:
    """The network before training: weights as He et al. (2015) draw them, biases 0."""
    first, last = nn.Linear(SMALL**2, recipe.hidden), nn.Linear(recipe.hidden, 10)
    for layer in (first, last):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), nn.Dropout(recipe.p), last)


def _run_masked(network: nn.Sequential, p: float, x: Tensor, generator: torch.Generator) -> Tensor:
    """Logits with a mask for every example; `nn.Dropout` would draw from the generator of the whole process."""
    hidden = network[:3](x)
    if p > 0:
        hidden = hidden * torch.empty_like(hidden).bernoulli_(1 - p, generator=generator).div_(1 - p)
    return network[4](hidden)


def _count_right(logits: Tensor, labels: Tensor) -> int:
    return int((logits.argmax(dim=1) == labels).sum())
