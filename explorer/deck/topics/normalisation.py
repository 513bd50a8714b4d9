"""Exercises on batch normalisation and its kin."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Draw, Drawn


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


DRAWS: Final[Mapping[int, Draw]] = {70: _draw_output, 71: _draw_running, 73: _draw_shared}
