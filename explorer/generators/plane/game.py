"""The game of two players: what each wants, both gradients by hand, and rounds that are the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.generators.plane.points import Reals
from explorer.learning.optimisers import Ledger, Optimiser
from explorer.neurons.activations import Numbers, sigmoid
from explorer.neurons.perceptron import Perceptron, carry_back, forward
from explorer.neurons.training import draw_layers

BATCH: Final = 64  # points that a step takes the mean over, of each kind
HIDDEN: Final = (16, 16)  # units of either player's hidden layers
SHARPNESS: Final = 3.0  # the discriminator's first weights, as multiples of PyTorch's own: so it sees small things
MOST_ROUNDS: Final = 5000
FAKES: Final = 500  # points by which the generator is measured
MEASURED: Final = 2_000_000_000  # on from the seed, where the codes of those are drawn
_PACE: Final = 0x6D2B79F5  # of mulberry32
_UINT32: Final = 0xFFFFFFFF


@dataclass(frozen=True)
class Codes:
    """What the generator makes points of.

    Attributes:
        title: For people.
        size: Numbers of a code.
        normal: Whether they are standard normal; else uniform from -1 to 1.
    """

    title: str
    size: int
    normal: bool


CODES: Final[Mapping[str, Codes]] = {
    "square": Codes("2 numbers, uniform", 2, normal=False),
    "line": Codes("1 number, uniform", 1, normal=False),
    "bell": Codes("2 numbers, normal", 2, normal=True),
    "bell_line": Codes("1 number, normal", 1, normal=True),
}
LOSSES: Final[Mapping[str, str]] = {"non_saturating": "−log D", "minimax": "log(1 − D)"}
"""What the generator makes small, by name (Goodfellow and others 2014, arXiv 1406.2661, section 3)."""


@dataclass(frozen=True)
class Recipe:
    """How the game is played.

    Attributes:
        turns: Steps of the discriminator, then of the generator, in one round.
        loss: A name in `LOSSES`.
        optimiser: "Adam", with beta 0.5 and 0.999 as is usual for GANs (Radford and others 2015, arXiv 1511.06434), or
            "SGD".
        rates: Learning rates of the discriminator and of the generator.
        codes: A name in `CODES`.
        seed: Of the first weights and of everything drawn.
    """

    turns: tuple[int, int] = (1, 1)
    loss: str = "non_saturating"
    optimiser: str = "Adam"
    rates: tuple[float, float] = (0.005, 0.002)
    codes: str = "square"
    seed: int = 0

    @property
    def rules(self) -> tuple[Optimiser, Optimiser]:
        """Of the discriminator and of the generator."""
        beta = 0.5 if self.optimiser == "Adam" else 0.9
        first, second = (Optimiser(self.optimiser, rate, beta1=beta) for rate in self.rates)
        return first, second


@dataclass(frozen=True, eq=False)
class State:
    """Where the game stands, finite in every number.

    Attributes:
        discriminator: From x and y to one logit; its sigmoid is D, the probability that a point is real.
        generator: From a code to x and y.
        memories: What each player's optimiser keeps of its last step; empty before the first.
        values: After every round the mean of log D over the last real batch and of log(1 - D) over the last fake one,
            as the discriminator's last step had them.
    """

    discriminator: Perceptron
    generator: Perceptron
    memories: tuple[Ledger, Ledger]
    values: tuple[float, ...]

    @property
    def rounds(self) -> int:
        """How many were played."""
        return len(self.values)


@dataclass(frozen=True, eq=False)
class Pull:
    """What the generator's loss does to every fake point.

    Attributes:
        logits: (N,) of the discriminator.
        slopes: (N, 2) of the logit along x and y.
        factors: (N,) derivative of a fake's own loss by its logit: -(1 - D), or -D for minimax.
    """

    logits: Numbers
    slopes: Numbers
    factors: Numbers

    @property
    def gradients(self) -> Numbers:
        """(N, 2) derivative of each fake's own loss by its place; it moves the other way."""
        return np.asarray(self.factors[:, None] * self.slopes)


def draw_uniforms(seed: int, first: int, count: int) -> Numbers:
    """(count,) of the numbers of `explorer.learning.terrain.surfaces.draw_uniforms`, the first of them at `first`."""
    state = (seed + _PACE * (first + 1 + np.arange(count, dtype=np.uint64))) & _UINT32
    mixed = ((state ^ state >> np.uint64(15)) * (state | np.uint64(1))) & _UINT32
    mixed ^= (mixed + ((mixed ^ mixed >> np.uint64(7)) * (mixed | np.uint64(61)) & _UINT32)) & _UINT32
    return np.asarray((mixed ^ mixed >> np.uint64(14)) / 2.0**32)


def shape_codes(codes: Codes, uniforms: Numbers) -> Numbers:
    """(N, size) codes of 2 N uniform numbers, or of N for a uniform code of one."""
    if not codes.normal:
        return 2.0 * uniforms.reshape(-1, codes.size) - 1.0
    length = np.sqrt(-2.0 * np.log(1.0 - uniforms[::2]))  # Box and Muller 1958
    angle = 2.0 * np.pi * uniforms[1::2]
    return np.stack([length * np.cos(angle), length * np.sin(angle)], axis=-1)[:, : codes.size]


def count_uniforms(codes: Codes) -> int:
    """How many a code is made of."""
    return 2 if codes.normal else codes.size


def fixed_codes(recipe: Recipe) -> Numbers:
    """(FAKES, size) by which the generator is measured, the same at every round."""
    codes = CODES[recipe.codes]
    return shape_codes(codes, draw_uniforms(recipe.seed + MEASURED, 0, FAKES * count_uniforms(codes)))


def first_state(recipe: Recipe) -> State:
    """PyTorch's own first weights of `nn.Linear` in float64, those of the discriminator `SHARPNESS` fold."""
    import torch

    chance = torch.Generator().manual_seed(recipe.seed)
    of_judge, of_maker = layer_sizes(recipe)
    discriminator = Perceptron(of_judge, draw_layers(of_judge, chance, SHARPNESS), "tanh")
    return State(discriminator, Perceptron(of_maker, draw_layers(of_maker, chance), "tanh"), ({}, {}), ())


def layer_sizes(recipe: Recipe) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Inputs, units and outputs of the discriminator and of the generator."""
    return (2, *HIDDEN, 1), (CODES[recipe.codes].size, *HIDDEN, 2)


def make_fakes(generator: Perceptron, codes: Numbers) -> Numbers:
    """(N, 2) points of (N, size) codes."""
    return forward(generator, codes).sums[-1]


def log_sigmoid(logits: Numbers) -> Numbers:
    """Log D of (N, 1) logits, also where D rounds to 0; log(1 - D) is that of their negatives."""
    return np.asarray(np.minimum(logits, 0.0) - np.log1p(np.exp(-np.abs(logits))))


def judge(discriminator: Perceptron, real: Numbers, fake: Numbers) -> tuple[float, Numbers]:
    """The game's value on two batches, which the discriminator wants to be large, and the gradient of its negative.

    Args:
        discriminator: Whose turn it is.
        real, fake: (N, 2) each, of one length.

    Returns:
        Mean of log D over the real ones plus mean of log(1 - D) over the others; (P,) the gradient that it steps
        against.
    """
    passed = forward(discriminator, np.concatenate([real, fake]))
    logits = passed.sums[-1]
    count = len(real)
    value = float(log_sigmoid(logits[:count]).mean() + log_sigmoid(-logits[count:]).mean())
    by_logits = sigmoid(logits)
    by_logits[:count] -= 1.0
    # Over twice as many points the mean is half of the sum of two means.
    return value, 2.0 * carry_back(discriminator, passed, by_logits).gradient


def pull(discriminator: Perceptron, fake: Numbers, loss: str) -> Pull:
    """How the generator's loss changes with the place of each of (N, 2) fakes; a name in `LOSSES`."""
    passed = forward(discriminator, fake)
    logits = passed.sums[-1]
    back = carry_back(discriminator, passed, np.ones_like(logits))
    slopes = back.upstream[0] @ discriminator.layers[0].weight
    factors = -sigmoid(logits) if loss == "minimax" else sigmoid(logits) - 1.0
    return Pull(logits[:, 0], slopes, factors[:, 0])


def teach(generator: Perceptron, discriminator: Perceptron, codes: Numbers, loss: str) -> Numbers:
    """(P,) the generator's gradient, which comes to it through the discriminator.

    Args:
        generator: Whose turn it is.
        discriminator: It stays as it is.
        codes: (N, size) a batch.
        loss: A name in `LOSSES`.
    """
    passed = forward(generator, codes)
    return carry_back(generator, passed, pull(discriminator, passed.sums[-1], loss).gradients).gradient


def play(
    reals: Reals,
    recipe: Recipe,
    rounds: int,
    since: State | None = None,
    tell: Callable[[State], object] = lambda state: None,
) -> State:
    """The state after so many rounds, or the last one before a number was no longer finite.

    Args:
        reals: What is imitated.
        recipe: How.
        rounds: How many in all.
        since: An earlier state of the same game to go on from.
        tell: Called with the state after every hundredth round.
    """
    state = since or first_state(recipe)
    with np.errstate(over="ignore", invalid="ignore"):
        while state.rounds < rounds:
            after = _play_round(reals, recipe, state)
            numbers = (after.values[-1:], after.discriminator.numbers, after.generator.numbers)
            if not all(np.isfinite(each).all() for each in numbers):
                break
            state = after
            if state.rounds % 100 == 0:
                tell(state)
    return state


def _play_round(reals: Reals, recipe: Recipe, state: State) -> State:
    codes, rules = CODES[recipe.codes], recipe.rules
    by_judge, by_maker = recipe.turns
    each = BATCH * count_uniforms(codes)
    drawn = draw_uniforms(recipe.seed, *_place_draws(recipe, state.rounds))
    discriminator, generator = state.discriminator, state.generator
    of_judge, of_maker = state.memories
    value = 0.0
    for turn in range(by_judge):
        part = drawn[turn * (BATCH + each) :]
        real = reals.places[(part[:BATCH] * len(reals.rows)).astype(int)]
        fake = make_fakes(generator, shape_codes(codes, part[BATCH : BATCH + each]))
        value, gradient = judge(discriminator, real, fake)
        of_judge = _step(rules[0], state.rounds * by_judge + turn + 1, of_judge, discriminator, gradient)
        discriminator = Perceptron(discriminator.sizes, of_judge["place"], "tanh")
    for turn in range(by_maker):
        start = by_judge * (BATCH + each) + turn * each
        gradient = teach(generator, discriminator, shape_codes(codes, drawn[start : start + each]), recipe.loss)
        of_maker = _step(rules[1], state.rounds * by_maker + turn + 1, of_maker, generator, gradient)
        generator = Perceptron(generator.sizes, of_maker["place"], "tanh")
    return State(discriminator, generator, (of_judge, of_maker), (*state.values, value))


def _place_draws(recipe: Recipe, rounds: int) -> tuple[int, int]:
    """Where the numbers of a round begin, and how many there are."""
    by_judge, by_maker = recipe.turns
    count = BATCH * (by_judge + (by_judge + by_maker) * count_uniforms(CODES[recipe.codes]))
    return rounds * count, count


def _step(rule: Optimiser, count: int, before: Ledger, net: Perceptron, gradient: Numbers) -> Ledger:
    return rule.step(np.array(rule.rate), count, before, net.numbers, gradient)
