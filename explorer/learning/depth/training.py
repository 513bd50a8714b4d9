"""A hundred steps of training a deep network on digits, from several seeds and at several rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import inf, isfinite, log
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.learning.depth.signal import INPUTS, Recipe, draw_weights, run_layers, standardise
from explorer.neurons.digits import HELD_OUT, load_digits
from explorer.slices import Slices, count_within

Optimiser = Literal["sgd", "adam"]
Verdict = Literal["learns", "begins to learn", "begins to learn from some seeds only", "does not learn"]

STEPS: Final = 100
BATCH: Final = 32
SEEDS: Final = 3
RATES: Final[dict[Optimiser, tuple[float, ...]]] = {"sgd": (0.001, 0.01, 0.1), "adam": (0.0001, 0.001, 0.01)}
TRAINING: Final = 2000  # added to a seed: that of the last layer and of the batches
CHANCE: Final = log(10)  # cross-entropy of a network that gives each of ten classes the same
LEARNED: Final = 0.8  # of the held-out digits right
BEGUN: Final = 0.25  # so too: a network that tells one class, and takes all others for a second, gets 20 % right
BELOW: Final = 0.1  # of the loss, below that of guessing


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        rate, seed: of it.
        before, after: cross-entropy of the held-out digits; what is not finite is infinite.
        right: how many of the held-out digits are right afterwards.
        steps: that were made: fewer than 100 where the loss was no longer finite.
    """

    rate: float
    seed: int
    before: float
    after: float
    right: int
    steps: int

    @property
    def has_begun(self) -> bool:
        """Whether it has learned anything: more than a quarter of the digits, or clearly more than guessing."""
        return self.right > BEGUN * HELD_OUT or self.after < CHANCE - BELOW


@dataclass(frozen=True)
class Trial:
    """All trainings of one network.

    Attributes:
        runs: of every rate and seed.
    """

    runs: tuple[Run, ...]

    def at(self, rate: float) -> tuple[Run, ...]:
        """The runs at one rate, a seed each."""
        return tuple(run for run in self.runs if run.rate == rate)

    @property
    def best(self) -> tuple[Run, ...]:
        """Those at the rate after which the most digits are right, all seeds together."""
        rates = dict.fromkeys(run.rate for run in self.runs)
        return max((self.at(rate) for rate in rates), key=lambda runs: sum(run.right for run in runs))

    @property
    def verdict(self) -> Verdict:
        """Of all seeds at the best rate: more than 80 % of the digits right, or at least a beginning."""
        if all(run.right > LEARNED * HELD_OUT for run in self.best):
            return "learns"
        begun = [run.has_begun for run in self.best]
        if all(begun):
            return "begins to learn"
        return "begins to learn from some seeds only" if any(begun) else "does not learn"


@cache
def load_data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training digits (N, 64), which they are, and both of those held out; all pixels have mean 0 and deviation 1."""
    data = load_digits()
    pixels = torch.from_numpy(standardise(data.images)).view(-1, INPUTS)
    labels = torch.from_numpy(data.labels)
    return pixels[data.training], labels[data.training], pixels[data.held_out], labels[data.held_out]


def train_in_slices(recipe: Recipe, optimiser: Optimiser) -> Slices[Trial]:
    """Train at every rate from the recipe's seed and the two after it; the same recipe gives the same numbers.

    Yields:
        How many steps are done, of how many.

    Returns:
        The trial.
    """
    runs: list[Run] = []
    whole = len(RATES[optimiser]) * SEEDS * STEPS
    for seed in range(recipe.seed, recipe.seed + SEEDS):
        for rate in RATES[optimiser]:
            training = _train(replace(recipe, seed=seed), optimiser, rate)
            runs.append((yield from count_within(training, len(runs) * STEPS, whole)))
    return Trial(tuple(runs))


def _train(recipe: Recipe, optimiser: Optimiser, rate: float) -> Slices[Run]:
    pixels, labels, held_out, answers = load_data()
    generator = torch.Generator().manual_seed(recipe.seed + TRAINING)
    last = torch.empty(10, recipe.width)
    nn.init.xavier_normal_(last, generator=generator)
    weights = [weight.requires_grad_() for weight in (*draw_weights(recipe), last)]
    bias = torch.zeros(10, requires_grad=True)
    kind = torch.optim.SGD if optimiser == "sgd" else torch.optim.Adam
    optim = kind([*weights, bias], rate)

    def run(x: Tensor) -> Tensor:
        return F.linear(run_layers(recipe, weights[:-1], x)[-1], last, bias)

    def measure() -> tuple[float, int]:
        with torch.inference_mode():
            logits = run(held_out)
            loss = F.cross_entropy(logits, answers).item()
        return loss if isfinite(loss) else inf, int((logits.argmax(dim=1) == answers).sum())

    before, _ = measure()
    done = 0
    while done < STEPS:
        batch = torch.randint(len(labels), (BATCH,), generator=generator)
        loss = F.cross_entropy(run(pixels[batch]), labels[batch])
        if not isfinite(loss.item()):
            break
        optim.zero_grad()
        loss.backward()
        optim.step()
        done += 1
        yield done, STEPS
    after, right = measure()
    return Run(rate, recipe.seed, before, after, right, done)
