"""Cards on what training needs in practice: inputs of one scale, a learning rate, dropout."""

from __future__ import annotations

import random
from typing import Final

from PIL import Image

from explorer.augmentation import normalise
from explorer.deck.card import Card, Drawn, Experiment

_SCALE: Final = {"part": "Scale and batch norm"}


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


CARDS = (
    Card(
        id=16,
        question="Why is it important to bring all input columns to the same scale?",
        answer="The gradient of a weight is proportional to its input, so a column of large values gets large "
        "gradients and one of small values tiny ones. One rate has to serve both. Subtract each column's mean and "
        "divide by its standard deviation, and one rate suits all.",
        more_exactly="Often told the other way round: it is the large column that overshoots, and the small one that "
        "crawls. With standard deviations 100 and 0.01, mean 0 and half the mean squared error, the curvatures are "
        "10,000 and 0.0001, and the largest stable rate is 0.0002 for both.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "Two columns"},
            shows="**0.0002 for both**",
            does="See which weight jumps past its best value; then give both columns one spread and compare the steps.",
        ),
        draw=_draw_scales,
    ),
    Card(
        id=17,
        question="What is the learning rate? When would you lower it, and when raise it?",
        answer=r"The positive number that the gradient is multiplied by to get the step: $\Delta w = -\eta\,g$. Raise "
        "it where the loss falls smoothly but slowly; lower it where the loss jumps about or grows.",
        more_exactly="Underfitting is no reason to lower it: rather raise it, train for longer, or take a larger "
        r"network. On a parabola of curvature $c$ each step multiplies the distance to the minimum by $1 - \eta c$: "
        r"there at once at $\eta = 1/c$, to and fro above that, away from it above $2/c$.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "Two columns", "columns_first": "1", "columns_second": "0.3"},
            shows="= **2 for both**",
            does="Half the largest stable rate gets the first weight there at once, 0.9 of it goes to and fro, 1.01 of "
            "it away. On digits: Rate over time, Sweep of rates.",
        ),
        draw=_draw_rate,
    ),
    Card(
        id=18,
        question="What is dropout, and why does it work against overfitting?",
        answer="In training, every output of a layer is set to zero with probability $p$, drawn anew for each example "
        "in each step. No unit can rely on certain others being there, so groups of units that only together fit a few "
        "training examples do not form.",
        more_exactly="The mask belongs to an example, not to a training run. Those kept are divided by $1 - p$, times "
        "1.25 at $p = 0.2$, so that the expected sum stays. That it trains a smaller network is a loose picture: all "
        "weights are there and all are learned.",
        experiment=Experiment(
            page="learning",
            address={"part": "Dropout", "dropout_look": "200 masks", "dropout_p": "20 %"},
            shows="Every mask drops other neurons",
            does="See a mask for each example; then leave out the division by 1 − p, and watch the mean of the masks "
            "move.",
        ),
        draw=_draw_dropout,
    ),
    Card(
        id=21,
        question="Why is it useful to lower the learning rate in the course of training?",
        answer="Large steps cover the way at the beginning; near a minimum they jump around it, and smaller ones get "
        "closer.",
        more_exactly="It is also because of noise: gradients of batches never settle. On the parabola $w^2/2$ with "
        r"noise of variance 1 in the gradient, the mean of $w^2$ comes to rest at $\eta/(2 - \eta)$: 0.333, 0.053 and "
        r"0.010 at $\eta$ = 0.5, 0.1 and 0.02. And many schedules begin small and rise first (warm-up).",
        experiment=Experiment(
            page="learning",
            address={"part": "Rate over time", "rate_view": "Noisy parabola", "rate_schedule": "Constant"},
            shows="it comes to rest no lower than rate ÷ (2 − rate) = 0.333",
            does="See where constant rates come to rest; then choose a schedule that falls, and see how much closer "
            "it gets.",
        ),
    ),
    Card(
        id=27,
        question="Is dropout used in evaluation too, or only in training?",
        answer="Only in training; in evaluation every unit is on. In PyTorch `model.eval()` switches it off, and "
        "`model.train()` on again.",
        more_exactly="The comparison with a penalty, which is not counted in evaluation either, is loose. The reason "
        "is that evaluation wants one network whose answer does not depend on chance, with the outputs that training "
        "had on average: since those kept were divided by $1 - p$, leaving all on is just that.",
        experiment=Experiment(
            page="learning",
            address={"part": "Dropout", "dropout_look": "200 masks", "dropout_p": "50 %"},
            shows="in evaluation, where it changes nothing",
            does="200 masks give 200 answers, evaluation one: compare it with their mean.",
        ),
    ),
    Card(
        id=28,
        question="The pixels of grey pictures run from 0 to 255. What is nearly always done to them first, and why "
        "does it help?",
        answer="Subtract a mean and divide by a standard deviation, both of the training set and the same for every "
        "picture. The inputs then lie around 0 with a spread of about 1, where the usual initial weights and rates "
        "work.",
        more_exactly="Often said to make dim and bright pictures alike. It does not: with mean 0.5 and standard "
        "deviation 0.25 a pixel of 0.6 becomes 0.4, and at half the light -0.8. Only the picture's own mean and "
        "standard deviation would make them alike.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "Dim and bright"},
            shows="so a dim one stays dim",
            does="Make the picture dimmer: after the data set's mean and standard deviation it stays dim, after its "
            "own it does not.",
        ),
        draw=_draw_dim,
    ),
)
