"""Gradient descent on all points at once: deterministic in the points, the recipe and the step."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from explorer.neurons.activations import Numbers
from explorer.neurons.losses import LOSSES, one_hot
from explorer.neurons.perceptron import Forward, Perceptron, backward, forward, mean_loss
from explorer.neurons.points import Points

if TYPE_CHECKING:
    import torch

MOST_STEPS = 20_000
RESOLUTION = 1e-12  # of the loss: what is smaller is the rounding of float64
_RATES = np.geomspace(1e-6, 1e6, 241)  # among which a rate is looked for


@dataclass(frozen=True)
class Edit:
    """One number set by hand.

    Attributes:
        step: After which step, 0 for the first weights.
        number: Which of the perceptron's numbers.
        value: What it was set to.
    """

    step: int
    number: int
    value: float


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how.

    Attributes:
        hidden: Units of each hidden layer.
        activation: A name in `ACTIVATIONS`.
        loss: A name in `LOSSES`.
        rate: Learning rate.
        seed: Of the first weights.
        clears: Whether gradients are cleared before each step; else they pile up, as in PyTorch without `zero_grad`.
        edits: Numbers set by hand.
    """

    hidden: tuple[int, ...]
    activation: str
    loss: str
    rate: float
    seed: int
    clears: bool = True
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, eq=False)
class State:
    """Where training has come to, finite in every number.

    Attributes:
        net: As it is after the step.
        held: (P,) the gradients of all steps so far where they pile up, else of the last one; zeros before the first.
        losses: Of step 0, 1, ... up to this one.
    """

    net: Perceptron
    held: Numbers
    losses: tuple[float, ...]

    @property
    def step(self) -> int:
        """How many steps were made."""
        return len(self.losses) - 1


@dataclass(frozen=True)
class Promise:
    """What the gradient promises of the next step, and what comes of it.

    Attributes:
        predicted: Change of the loss if the slope stayed what it is: -rate |g|² where gradients are cleared.
        real: Change of the loss.
        parting: The smallest rate at which only half of the promise comes true; None where there is none up to 10^6,
            or the promise is too small for the digits of a float64.
    """

    predicted: float
    real: float
    parting: float | None


@dataclass(frozen=True)
class Rise:
    """That training has made things worse.

    Attributes:
        since: The step from which on the loss has been above that of step 0.
        curvature: The loss's largest one just before, over all directions.
    """

    since: int
    curvature: float

    @property
    def largest_rate(self) -> float:
        """2 / curvature, above which a step down the steepest curve lands higher on its other side; may be infinite."""
        return 2.0 / self.curvature if self.curvature > 0 else inf


def first_perceptron(points: Points, recipe: Recipe) -> Perceptron:
    """PyTorch's own first weights: those of `nn.Linear` layers in float64 that are made after `torch.manual_seed`."""
    import torch

    sizes = (2, *recipe.hidden, points.count)
    return Perceptron(sizes, draw_layers(sizes, torch.Generator().manual_seed(recipe.seed)), recipe.activation)


def draw_layers(sizes: tuple[int, ...], generator: torch.Generator, gain: float = 1.0) -> Numbers:
    """Weights and biases of `nn.Linear` layers in float64 as PyTorch begins them, one after the other.

    Args:
        sizes: inputs, units, outputs.
        generator: draws them.
        gain: what weights, not biases, are multiplied by.
    """
    import torch
    from torch import nn

    from explorer.neurons.first_weights import begin

    layers = begin(
        lambda: nn.Sequential(*(nn.Linear(*pair, dtype=torch.float64) for pair in pairwise(sizes))), generator
    )
    parts = [gain * each if each.ndim > 1 else each for each in layers.parameters()]
    return nn.utils.parameters_to_vector(parts).detach().numpy()


def train(points: Points, recipe: Recipe, steps: int, since: State | None = None) -> State:
    """The state after so many steps, or the last one before a number was no longer finite.

    Args:
        points: Every step takes the mean over all of them.
        recipe: What is trained.
        steps: How many in all.
        since: An earlier state to go on from, of the same points and recipe; the edits of its step may be new.
    """
    x, y = points.places, one_hot(points.classes, points.count)
    value = LOSSES[recipe.loss].value

    def measure(net: Perceptron) -> tuple[Forward, float]:
        passed = forward(net, x)
        return passed, float(value(passed.sums[-1], y).mean())

    net = first_perceptron(points, recipe) if since is None else since.net
    held = np.zeros_like(net.numbers) if since is None else since.held
    losses = [] if since is None else [*since.losses[:-1]]
    net = _edit(net, recipe, len(losses))
    passed, loss = measure(net)
    losses.append(loss)
    with np.errstate(over="ignore", invalid="ignore"):
        while len(losses) <= steps:
            gradient = backward(net, passed, y, recipe.loss).gradient
            held_now = gradient if recipe.clears else held + gradient
            after = Perceptron(net.sizes, net.numbers - recipe.rate * held_now, net.activation)
            after = _edit(after, recipe, len(losses))
            passed, loss = measure(after)
            if not (np.isfinite(loss) and np.isfinite(after.numbers).all()):
                break
            net, held = after, held_now
            losses.append(loss)
    return State(net, held, tuple(losses))


def _edit(net: Perceptron, recipe: Recipe, step: int) -> Perceptron:
    made = {edit.number: edit.value for edit in recipe.edits if edit.step == step}
    if not made:
        return net
    numbers = net.numbers.copy()
    numbers[list(made)] = list(made.values())
    return Perceptron(net.sizes, numbers, net.activation)


def weigh_step(points: Points, recipe: Recipe, state: State) -> Promise:
    """What the step after a state promises and brings."""
    x, y = points.places, one_hot(points.classes, points.count)
    loss = state.losses[-1]
    with np.errstate(over="ignore", invalid="ignore"):
        gradient = backward(state.net, forward(state.net, x), y, recipe.loss).gradient
        direction = gradient if recipe.clears else state.held + gradient
        slope = float(gradient @ direction)

    def change(rate: float) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            moved = Perceptron(state.net.sizes, state.net.numbers - rate * direction, state.net.activation)
            return mean_loss(moved, x, y, recipe.loss) - loss

    def parts(rate: float) -> bool:
        return not change(rate) < -0.5 * rate * slope  # also where it is no number

    rates = [float(rate) for rate in _RATES if rate * slope > RESOLUTION * max(1.0, abs(loss))]
    found = next((place for place, rate in enumerate(rates) if parts(rate)), None)
    if found is None:
        return Promise(-recipe.rate * slope, change(recipe.rate), None)
    low, high = rates[max(0, found - 1)], rates[found]
    for _ in range(20):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if parts(middle) else (middle, high)
    return Promise(-recipe.rate * slope, change(recipe.rate), high)


def find_rise(points: Points, recipe: Recipe, state: State) -> Rise | None:
    """Since when the loss has been above that of step 0, and how curved it was there; None where it is not above it."""
    losses = state.losses
    if losses[-1] <= losses[0]:
        return None
    last = max(step for step, loss in enumerate(losses) if loss <= losses[0])
    return Rise(last + 1, find_curvature(points, recipe, train(points, recipe, last).net))


def find_curvature(points: Points, recipe: Recipe, net: Perceptron) -> float:
    """The largest eigenvalue of the loss's Hessian, whose columns are central differences of gradients.

    Infinite where the differences are.
    """
    x, y = points.places, one_hot(points.classes, points.count)

    def gradient(numbers: Numbers) -> Numbers:
        moved = Perceptron(net.sizes, numbers, net.activation)
        return backward(moved, forward(moved, x), y, recipe.loss).gradient

    steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(net.numbers))
    with np.errstate(over="ignore", invalid="ignore"):
        columns = [
            (gradient(net.numbers + shift) - gradient(net.numbers - shift)) / (2 * step)
            for step, shift in zip(steps, np.diag(steps), strict=True)
        ]
        hessian = np.stack(columns)
        symmetric = (hessian + hessian.T) / 2
    return float(np.linalg.eigvalsh(symmetric)[-1]) if np.isfinite(symmetric).all() else inf
