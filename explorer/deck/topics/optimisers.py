"""Exercises on optimisers: momentum, AdaGrad, RMSProp, Adam."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import ceil, log
from typing import Final

import torch
from torch import Tensor, optim

from explorer.deck.card import Draw, Drawn


def _steps(
    make: Callable[[list[Tensor]], optim.Optimizer], gradients: Sequence[float]
) -> tuple[list[float], dict[str, Tensor]]:
    """How far PyTorch's optimiser lowers a weight at each of these gradients, and what it remembers of it at last."""
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = make([weight])
    places = [0.0]
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimiser.step()
        places.append(weight.item())
    # Rounded, so that what cancels out is zero.
    steps = [round(before - after, 12) + 0.0 for before, after in pairwise(places)]
    return steps, optimiser.state[weight]


def _gradients(numbers: random.Random, count: int) -> list[int]:
    return [numbers.choice((-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)) for _ in range(count)]


def _listed(gradients: Sequence[int]) -> str:
    return ", ".join(map(str, gradients[:-1])) + f" and {gradients[-1]}"


def _draw_momentum(numbers: random.Random) -> Drawn:
    beta, rate, gradients = numbers.choice((0.5, 0.8, 0.9)), numbers.choice((0.01, 0.1)), _gradients(numbers, 3)
    steps, _ = _steps(lambda weights: optim.SGD(weights, rate, momentum=beta), gradients)
    sums = ", ".join(f"{step / rate:.4g}" for step in steps)
    return Drawn(
        f"Momentum as in PyTorch, $\\beta = {beta}$, rate {rate}, $v = 0$ at first. The gradients of a weight are "
        f"{_listed(gradients)}. What is $v$ after each, and how much is subtracted from the weight at last?",
        f"$v$ is **{sums}**; the last step subtracts **{steps[-1]:.4g}**.",
    )


def _draw_reach(numbers: random.Random) -> Drawn:
    beta = numbers.randint(50, 98) / 100
    return Drawn(
        f"Momentum as in PyTorch, $\\beta = {beta}$. In the long run, how many times the rate is a step along a "
        "constant gradient of 1? And where the gradient is 1 and $-1$ in turn?",
        rf"**{1 / (1 - beta):.4g}** times, $1/(1 - \beta)$; and **{1 / (1 + beta):.4g}** times, $1/(1 + \beta)$.",
    )


def _draw_adagrad(numbers: random.Random) -> Drawn:
    rate, gradients = numbers.choice((0.1, 0.2, 0.5, 1.0)), _gradients(numbers, 3)
    (*_, step), _ = _steps(lambda weights: optim.Adagrad(weights, rate), gradients)
    return Drawn(
        f"AdaGrad with rate {rate:g}: the first three gradients of a weight are {_listed(gradients)}. How much does "
        "the third step subtract from it?",
        f"**{step:.4g}**: the rate times the last gradient, divided by "
        rf"$\sqrt{{{sum(gradient**2 for gradient in gradients)}}}$.",
    )


def _draw_rmsprop(numbers: random.Random) -> Drawn:
    rho, rate, gradients = numbers.choice((0.9, 0.95, 0.99)), numbers.choice((0.01, 0.1)), _gradients(numbers, 2)
    (*_, step), kept = _steps(lambda weights: optim.RMSprop(weights, rate, alpha=rho), gradients)
    return Drawn(
        f"RMSProp with $\\rho = {rho}$, rate {rate}, $s = 0$ at first and a tiny $\\epsilon$. The gradients of a "
        f"weight are {_listed(gradients)}. What is $s$ after both, and how much does the last step subtract?",
        f"$s$ is **{kept['square_avg'].item():.4g}**, and the step subtracts **{step:.4g}**.",
    )


def _draw_adam(numbers: random.Random) -> Drawn:
    rate, gradients = numbers.choice((0.001, 0.01, 0.1)), _gradients(numbers, 2)
    (first, second), _ = _steps(lambda weights: optim.Adam(weights, rate), gradients)
    return Drawn(
        f"Adam with rate {rate}, $\\beta_1 = 0.9$, $\\beta_2 = 0.999$. The first gradients of a weight are "
        f"{_listed(gradients)}. How much do the first and the second step subtract from it?",
        f"**{first:.4g}** and **{second:.4g}**. The first step is as large as the rate, whatever the gradient.",
    )


def _draw_half(numbers: random.Random) -> Drawn:
    beta = numbers.choice((numbers.randint(50, 98) / 100, numbers.randint(950, 999) / 1000))
    return Drawn(
        f"A decaying mean with $\\beta = {beta}$: after how many steps does a gradient count at most half of what it "
        "did at first?",
        f"**{ceil(log(0.5) / log(beta))}**: the first $k$ with $\\beta^k \\le 1/2$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    57: _draw_momentum,
    59: _draw_reach,
    60: _draw_adagrad,
    62: _draw_rmsprop,
    66: _draw_adam,
    67: _draw_half,
}
