"""Cards on batch normalisation and its kin."""

from __future__ import annotations

import random
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Card, Drawn, Experiment

_SCALE: Final = {"part": "Scale and batch norm"}


def _draw_values(numbers: random.Random) -> list[int]:
    return numbers.sample(range(-9, 10), 4)


def _listed(values: list[int]) -> str:
    return ", ".join(map(str, values[:-1])) + f" and {values[-1]}"


def _draw_output(numbers: random.Random) -> Drawn:
    values, gamma, beta = _draw_values(numbers), numbers.choice((0.5, 1, 2)), numbers.choice((-1, 0, 1))
    channel = torch.tensor(values, dtype=torch.float64)[:, None]
    scale, shift = (torch.tensor([number], dtype=torch.float64) for number in (gamma, beta))
    first, *_ = functional.batch_norm(channel, None, None, scale, shift, training=True, eps=1e-12).flatten().tolist()
    return Drawn(
        f"A channel has the values {_listed(values)} in a batch; $\\gamma = {gamma}$, $\\beta = {beta}$, and "
        "$\\epsilon$ is left out. What does batch normalisation in training make of the first value?",
        f"**{first:.3f}**: the mean is {channel.mean().item():g}, the variance {channel.var(correction=0).item():.5g}.",
    )


def _draw_running(numbers: random.Random) -> Drawn:
    values, old = _draw_values(numbers), numbers.randint(2, 20)
    layer = nn.BatchNorm1d(1, dtype=torch.float64)
    assert layer.running_mean is not None
    assert layer.running_var is not None
    layer.running_var.fill_(old)
    layer(torch.tensor(values, dtype=torch.float64)[:, None])
    return Drawn(
        f"`nn.BatchNorm1d` has a running mean of 0, a running variance of {old} and momentum 0.1. In training it meets "
        f"a batch of {_listed(values)}. What are both afterwards?",
        f"Mean **{layer.running_mean.item():.4g}**, variance **{layer.running_var.item():.5g}**: nine tenths of the "
        "old one and a tenth of the batch's, whose variance is taken with $n/(n - 1)$ here.",
    )


def _draw_shared(numbers: random.Random) -> Drawn:
    batch, channels, rows, columns = (
        numbers.choice((4, 8, 16, 32)),
        numbers.choice((16, 24, 32, 64, 128)),
        numbers.randint(7, 56),
        numbers.randint(7, 56),
    )
    layer = nn.BatchNorm2d(channels)
    shared = batch * rows * columns
    learned = sum(each.numel() for each in layer.parameters())
    return Drawn(
        f"`nn.BatchNorm2d` reads a batch of shape $({batch}, {channels}, {rows}, {columns})$. How many means does it "
        "take, of how many values each, and how many numbers does it learn?",
        f"**{layer.num_features} means of {shared:,} values** each, and **{learned} numbers**: a scale and a shift for "
        "every channel.",
    )


CARDS: tuple[Card, ...] = (
    Card(
        id=70,
        question="What is batch normalisation, and why should it be useful?",
        answer="In training, from every channel the mean over the batch is subtracted, and the result is divided by "
        r"the batch's standard deviation; a learned scale $\gamma$ and shift $\beta$ follow. So what a layer reads "
        "keeps its scale however the layers before it change, and it learns faster and more steadily.",
        more_exactly="By the root of the variance, not by the variance: of 0, 2, 4 and 10 the variance is 14. Divided "
        "by it they have standard deviation 0.267, divided by its root 1. In evaluation running averages from training "
        "take the batch's place, so that a picture's result does not depend on its neighbours.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "By hand"},
            shows="divided by the variance, 0.267",
            does="See which standard deviation four numbers get by the root of their variance, and which by the "
            "variance itself.",
        ),
        draw=_draw_output,
    ),
    Card(
        id=71,
        question="How is batch normalisation computed?",
        answer=r"$\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}$ with mean $\mu$ and variance $\sigma^2$ of the "
        r"batch, then $y = \gamma \hat x + \beta$ with learned $\gamma$ and $\beta$. Running averages of $\mu$ and "
        r"$\sigma^2$ are kept for evaluation.",
        more_exactly=r"$\epsilon$, $10^{-5}$ in PyTorch, only guards against division by 0. That a batch's variance is "
        "a little too small for that of all data is another matter: the factor $n/(n - 1)$ goes into the running "
        "variance only, for 0, 2, 4 and 10 18.67 beside 14.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "Running averages"},
            shows="18.67 beside 14",
            does="See how the running averages come near those of all pictures, batch by batch, and with which factor.",
        ),
        draw=_draw_running,
    ),
    Card(
        id=72,
        question="What is the main benefit of batch normalisation, and what is a possible second one?",
        answer="Faster training, since larger learning rates work and the initial weights matter less. Then often a "
        "somewhat better accuracy: the statistics of random batches are noise, which regularises a little.",
        more_exactly="Larger rates, not smaller ones. One reason is that the scale of the weights before it no longer "
        "matters: with weights 10 times as large the output is the same, and their gradient 0.1 of what it was. "
        "Small batches make the statistics too noisy; then layer or group normalisation is better.",
        experiment=Experiment(
            page="learning",
            address={"part": "Depth", "depth_start": "own σ", "depth_norm": "true"},
            shows="all initialisations give the same",
            does="Switch batch norm off and on: with it, the scale of the weights no longer matters.",
        ),
    ),
    Card(
        id=73,
        question="Over what is a mean taken in normalisation: each neuron, a dimension, the whole tensor? What does "
        "`BatchNorm2d` do?",
        answer=r"There are several ways. `BatchNorm2d` reads $N \times C \times H \times W$ and takes one mean and one "
        "standard deviation for each channel, over the batch, all rows and all columns. After a dense layer batch "
        "normalisation has one for each neuron; layer normalisation has one for each example.",
        more_exactly=r"For $8 \times 16 \times 32 \times 32$ these are 16 means of 8,192 values each, and 32 learned "
        "numbers. Afterwards mean and standard deviation are 0 and 1, but the distribution keeps its shape and need "
        "not be normal. Dividing pixels by 255 is scaling only.",
        experiment=Experiment(
            page="learning",
            address={**_SCALE, "scale_view": "Who shares a mean"},
            shows="a cell shares its mean with",
            does="Point at a cell of your pictures' maps: all that share its mean light up, for batch, layer, "
            "instance and group norm.",
        ),
        draw=_draw_shared,
    ),
)
