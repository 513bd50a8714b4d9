"""Exercises on what training needs in practice: inputs of one scale, a learning rate, dropout."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from PIL import Image

from explorer.deck.card import Draw, Drawn


def _draw_scales(numbers: random.Random) -> Drawn:
    large, small = numbers.choice((5, 10, 20, 40, 50)), numbers.choice((0.1, 0.2, 0.4, 0.5))
    return Drawn(
        "A linear model with half the mean squared error as its loss. Two columns that do not correlate, both with "
        f"mean 0, one with standard deviation {large}, one with {small}: what are the curvatures, and up to which rate "
        f"is gradient descent stable?",
        f"The curvatures are the variances, **{large**2:,}** and **{small**2:.2f}**, so the rate must stay below "
        f"2/{large**2:,} = **{2 / large**2:g}** for both.",
    )


def _draw_rate(numbers: random.Random) -> Drawn:
    curvature, rate = numbers.choice((2, 4, 5, 10)), numbers.choice((0.05, 0.1, 0.25, 0.3, 0.45))
    w = 1.0
    for _ in range(3):
        w -= rate * curvature * w
    ends = "gets there" if abs(1 - rate * curvature) < 1 else "grows without bound"
    return Drawn(
        f"The loss is ${curvature}w^2/2$, the rate {rate:g}, and $w$ starts at 1. Where is it after three steps, and "
        f"how does it end?",
        f"**{w:.4f}**: each step multiplies it by ${1 - rate * curvature:g}$, so it {ends}.",
    )


def _draw_dropout(numbers: random.Random) -> Drawn:
    p = numbers.choice((0.2, 0.5, 0.6, 0.75))
    values = [numbers.randint(1, 30) / 10 for _ in range(4)]
    dropped = sorted(numbers.sample(range(4), 2))
    names = " and the ".join(("first", "second", "third", "fourth")[place] for place in dropped)
    given = [0.0 if place in dropped else value / (1 - p) for place, value in enumerate(values)]
    return Drawn(
        f"Outputs $({', '.join(f'{value:g}' for value in values)})$, dropout with $p = {p:g}$; the {names} are "
        f"dropped. What is passed on in training, and what in evaluation?",
        f"In training $({', '.join(f'{value:.3f}' for value in given)})$: what is kept is divided by ${1 - p:g}$. In "
        "evaluation all four as they are.",
    )


def _draw_dim(numbers: random.Random) -> Drawn:
    # Brings the compiler, for which pages that only count their cards need not wait.
    from explorer.augmentation import normalise

    mean, std = numbers.randint(30, 60) / 100, numbers.choice((0.2, 0.25, 0.3))
    half = numbers.randint(20, 127)
    light, dim = (
        float(normalise(Image.new("RGB", (1, 1), (level,) * 3), (mean,) * 3, (std,) * 3).values[0, 0, 0])
        for level in (2 * half, half)
    )
    return Drawn(
        f"The data set has mean {mean:g} and standard deviation {std:g}, of pixels from 0 to 1. A pixel is {2 * half} "
        f"of 255, and {half} in a picture half as bright. What does the network get of each?",
        f"**{light:.3f}** and **{dim:.3f}**: the dim picture stays dim.",
    )


DRAWS: Final[Mapping[int, Draw]] = {16: _draw_scales, 17: _draw_rate, 18: _draw_dropout, 28: _draw_dim}
