"""Cards on optimisers: momentum, AdaGrad, RMSProp, Adam."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import ceil, log
from typing import Final

import torch
from torch import Tensor, optim

from explorer.deck.card import Card, Drawn, Experiment

_SLOPE: Final = {  # the surface x: its gradient is 1 everywhere, so that steps can be read off
    "part": "Terrain",
    "terrain_surface": "own formula",
    "terrain_formula": "x",
    "terrain_rates": "one for all",
    "terrain_rate": "0.1",
}


def _terrain(shows: str, does: str, address: Mapping[str, str]) -> Experiment:
    return Experiment(page="learning", address={"part": "Terrain", **address}, shows=shows, does=does)


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


CARDS: tuple[Card, ...] = (
    Card(
        id=57,
        question="How does momentum work, and what problem is it meant to solve?",
        answer=r"The step follows not the present gradient but a decaying sum of all gradients so far: "
        r"$v \leftarrow \beta v + g$, then $w \leftarrow w - \eta v$. Where gradients agree the steps grow, where they "
        "change sign they cancel out, and over small dips and plateaus the sum carries on.",
        more_exactly=r"It promises no better minimum. In PyTorch $v$ is a sum and not a mean: with a constant "
        r"gradient and $\beta = 0.9$ the steps grow to $1/(1 - \beta) = 10$ times the rate, so the rate has to be "
        r"lower. A large $\beta$ swings to and fro by itself.",
        experiment=_terrain(
            "Momentum **−966 → −966**",
            "All go down an even slope at rate 0.1: step on until the sum has grown, and a step is 10 times the rate.",
            {**_SLOPE, "terrain_chosen": "Momentum", "terrain_step": "20"},
        ),
        draw=_draw_momentum,
    ),
    Card(
        id=58,
        question="Apart from rolling through small dips: what else is momentum good for, in which situations, and why?",
        answer="In a narrow valley the gradient mostly points across it, and changes sign from step to step; along the "
        "valley it is small but steady. In the decaying sum the first cancels out and the second adds up: less zigzag, "
        "more progress.",
        more_exactly=r"That is no rate for each coordinate: turning the valley by 45° changes nothing. With curvatures "
        r"1 and 100, from $(1, 0.3)$ to a loss of $10^{-6}$, each at the best of 13 rates from 0.001 to 1: 366 steps "
        r"without momentum and 110 with $\beta = 0.9$, however it is turned.",
        experiment=_terrain(
            "Momentum **110 → 110**",
            "Compare the steps of SGD and momentum; then turn the valley back, and see who does not notice.",
            {"terrain_turned": "true", "terrain_chosen": "Momentum"},
        ),
    ),
    Card(
        id=59,
        question="In what sense does momentum adapt the learning rate to the terrain?",
        answer="Where one gradient is like the next, their sum makes the steps longer than the rate says; where they "
        "alternate, the sum stays small and the steps are shorter. So progress is fast on even ground without jumping "
        "about on rough ground.",
        more_exactly=r"With $\beta = 0.9$ a constant gradient counts 10-fold and an alternating one 0.526-fold. But "
        "this is one rate for all weights, and a matter of directions, not of coordinates: nothing is divided by the "
        "size of a weight's own gradients, as AdaGrad does.",
        experiment=_terrain(
            "Momentum **110 → 110**",
            "Step through the ledger of momentum: across the valley gradients alternate, along it they add up.",
            {"terrain_chosen": "Momentum"},
        ),
        draw=_draw_reach,
    ),
    Card(
        id=60,
        question="What is the idea of AdaGrad?",
        answer=r"Every weight has a rate of its own: the step is divided by the root of the sum of all its squared "
        r"gradients, $s \leftarrow s + g^2$, then $w \leftarrow w - \eta\, g / (\sqrt{s} + \epsilon)$. Weights with "
        "large gradients are held back, those with small or rare ones get relatively larger steps.",
        more_exactly="It sums all of history, not the recent part, so steps only shrink: with a constant gradient and "
        "rate 0.1 they are 0.1, 0.032, 0.01 and 0.005 at step 1, 10, 100 and 400. Nor is it like momentum, since it "
        "depends on the axes: the valley of card 58 takes it 8 steps, and 502 when turned by 45°, "
        "each at the best rate.",
        experiment=_terrain(
            "AdaGrad **8 → 502**",
            "Turn the valley back and forth: AdaGrad needs 8 steps or 502, each at its best rate.",
            {"terrain_turned": "true", "terrain_chosen": "AdaGrad"},
        ),
        draw=_draw_adagrad,
    ),
    Card(
        id=61,
        question="What is the aim of RMSProp, and how does it reach it, intuitively?",
        answer="Steep directions should not jump about while flat ones crawl. For every weight it keeps a decaying "
        "mean of the squared gradients and divides the step by its root, so that all weights move at about one pace.",
        more_exactly="It has to be the root of the mean square: of the gradients 3, $-3$, 3, $-3$ the mean is 0, "
        "the root mean square 3. And it works along the axes only: the valley of card 58 takes 5 steps, and about 320 "
        "when turned by 45°, each at the best rate.",
        experiment=_terrain(
            "RMSProp **5 → 32",
            "Turn the valley back and forth: what scales each axis by itself works along the axes only.",
            {"terrain_turned": "true", "terrain_chosen": "RMSProp"},
        ),
    ),
    Card(
        id=62,
        question="What does one step of RMSProp compute?",
        answer=r"For each weight, $s \leftarrow \rho s + (1 - \rho)\, g^2$, a decaying mean of squared gradients, and "
        r"then $w \leftarrow w - \eta\, g / (\sqrt{s} + \epsilon)$: the present gradient, divided by the root of that "
        "mean. Large gradients in the past make the step small.",
        more_exactly=r"Of squares, and with an $\epsilon$ so that nothing is divided by 0. $s$ begins at 0: with "
        r"PyTorch's $\rho = 0.99$ the first step is 10 times the rate, with a constant gradient it settles at 1 times.",
        experiment=_terrain(
            "RMSProp **−109",
            "The gradient is 1 everywhere: read the first step, 10 times the rate, then step on until it has settled.",
            {**_SLOPE, "terrain_chosen": "RMSProp"},
        ),
        draw=_draw_rmsprop,
    ),
    Card(
        id=63,
        question="How are RMSProp and AdaGrad related?",
        answer="Both divide the step of every weight by the root of its squared gradients, added up. AdaGrad adds up "
        "all of them alike, RMSProp takes a decaying mean and so forgets.",
        more_exactly="Often called the same, but forgetting is what matters: with a constant gradient and rate 0.1, "
        "AdaGrad's step is down to 0.005 after 400 steps and goes to 0, RMSProp's stays at 0.1. A step that fades "
        "suits convex problems and rare features; a network needs steps for as long as it trains.",
        experiment=_terrain(
            "AdaGrad **−5.1 ",
            "All go down an even slope at rate 0.1: AdaGrad's steps fade, RMSProp's do not.",
            {**_SLOPE, "terrain_chosen": "AdaGrad", "terrain_step": "400"},
        ),
    ),
    Card(
        id=64,
        question="Which optimiser is the usual choice because it works well almost everywhere in deep learning?",
        answer="Adam, nowadays mostly as AdamW, in which weight decay is kept apart from the gradients.",
        more_exactly="A good default is not the best everywhere: on pictures SGD with momentum and a well-tuned rate "
        "often generalises as well or better. A comparison is fair only if each gets its own best rate, and several "
        "seeds.",
        experiment=Experiment(
            page="learning",
            address={"part": "A real network", "race_steps": "50"},
            shows="** over 5 starts",
            does="Each has its best rate and five starts: see who is first, and whether the intervals let you say so.",
        ),
    ),
    Card(
        id=65,
        question="What is Adam, in one sentence?",
        answer="Momentum and RMSProp in one: the step is a decaying mean of the gradients, divided by the root of a "
        "decaying mean of their squares.",
        more_exactly="And both means are corrected for having begun at 0, which is no detail: without the correction "
        "the first step would be 3.16 times the rate, with it the step is the rate itself.",
        experiment=_terrain(
            "Adam **−196",
            "The correction is left out: the first step is 3.16 times the rate. Switch it on again.",
            {**_SLOPE, "terrain_chosen": "Adam", "terrain_left_out": "bias"},
        ),
    ),
    Card(
        id=66,
        question="How does Adam work, step by step?",
        answer=r"For each weight: $m \leftarrow \beta_1 m + (1 - \beta_1)\, g$ as in momentum, "
        r"$s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2$ as in RMSProp, the corrections "
        r"$\hat m = m / (1 - \beta_1^t)$ and $\hat s = s / (1 - \beta_2^t)$, and the step "
        r"$w \leftarrow w - \eta\, \hat m / (\sqrt{\hat s} + \epsilon)$.",
        more_exactly=r"These are means and not sums. The corrections are often left out; they fade slowly: "
        r"with $\beta_2 = 0.999$ and gradients of one size, $s$ has reached 9.5 % of its true value after 100 steps.",
        experiment=_terrain(
            "Adam **−96.5",
            "Read each number of a step in its order; after 100 steps s has reached 9.5 % of its true value.",
            {**_SLOPE, "terrain_chosen": "Adam", "terrain_step": "100"},
        ),
        draw=_draw_adam,
    ),
    Card(
        id=67,
        question="What are the most important hyperparameters of Adam?",
        answer=r"The learning rate, which has to be tuned (0.001 by default), and $\beta_1$ and $\beta_2$, 0.9 and "
        "0.999: how slowly the mean of the gradients and that of their squares forget. The betas are mostly "
        "left alone.",
        more_exactly=r"A gradient counts half after 7 steps in the first mean and after 693 in the second. There is "
        r"also $\epsilon = 10^{-8}$, which keeps steps finite where gradients vanish, and weight decay, 0.01 in "
        "PyTorch's AdamW.",
        experiment=_terrain(
            "Adam **96 → 104**",
            "In the settings, let the mean of squares forget sooner, and see what it does to the steps needed.",
            {"terrain_chosen": "Adam"},
        ),
        draw=_draw_half,
    ),
)
