"""Exercises on how a convolution goes over a picture: sums of products, borders, strides, sizes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import nn

from explorer.deck.card import Draw, Drawn
from explorer.deck.formulas import matrix
from explorer.operations import describe_operation
from explorer.operations.convolution import Settings, build, padding_that_keeps
from explorer.operations.sizes import convolution_size


def _draw_patch(numbers: random.Random) -> Drawn:
    patch = [[numbers.randint(0, 9) for _ in range(3)] for _ in range(3)]
    kernel = [[numbers.randint(-2, 2) for _ in range(3)] for _ in range(3)]
    bias = numbers.choice((-12, -9, -6, 6, 9, 12))
    layer = build(Settings(border="valid"), np.array([[kernel]], np.float32), 1)
    products = float(layer(torch.tensor([[patch]], dtype=torch.float32)))
    total = products + bias
    return Drawn(
        f"The patch is ${matrix(patch)}$, the filter ${matrix(kernel)}$, the bias {bias}, and the activation ReLU. "
        "What is the cell of the output?",
        f"**{max(0.0, total):g}**. The 9 products add up to {products:g}; with the bias that is {total:g}, "
        f"and ReLU {'leaves it' if total > 0 else 'makes 0 of it'}.",
    )


def _draw_padding(numbers: random.Random) -> Drawn:
    kernel, dilation = numbers.randint(2, 9), numbers.randint(1, 4)
    padding = padding_that_keeps(kernel, dilation)
    reach = dilation * (kernel - 1)
    said = (
        f"**{padding}** on every side, since $2p = {reach}$."
        if padding is not None
        else f"**None**: $2p = {reach}$ is odd, and two sides cannot share it equally."
    )
    return Drawn(
        f"A kernel of side {kernel} with dilation {dilation} and stride 1: which padding, the same on every side, "
        "keeps the size of the picture?",
        f"{said} The kernel needs $d(k - 1) = {reach}$ cells beside the one that it stands on.",
    )


def _draw_window(numbers: random.Random) -> Drawn:
    kernel, stride = numbers.choice((2, 3, 4, 5)), numbers.randint(2, 4)
    place = numbers.randint(2, 8)
    side = (place + 2) * stride + kernel
    layer = nn.Conv2d(1, 1, kernel, stride)
    columns = describe_operation(layer, (1, side, side)).columns[place]
    return Drawn(
        f"Kernel {kernel}, stride {stride}, no padding. Counted from 0: which columns of the picture does column "
        f"{place} of the output read?",
        f"**{columns[0]} to {columns[-1]}**: its window begins at $j\\,s = {place} \\cdot {stride} = {columns[0]}$ and "
        f"is {kernel} columns wide.",
    )


def _draw_valid(numbers: random.Random) -> Drawn:
    side, kernel = numbers.randint(12, 256), numbers.randint(2, 11)
    rows = convolution_size(side, kernel).value
    return Drawn(
        f"A ${side} \\times {side}$ picture, kernel ${kernel} \\times {kernel}$, stride 1, no padding: how many rows "
        "has the output?",
        f"**{rows}**: $N - k + 1 = {side} - {kernel} + 1$.",
    )


def _draw_size(numbers: random.Random) -> Drawn:
    kernel = numbers.choice((3, 5, 7))
    padding = numbers.randint(0, kernel // 2)
    stride = numbers.randint(2, 4)
    side = numbers.randint(12, 64)
    size = convolution_size(side, kernel, stride, padding)
    return Drawn(
        f"A ${side} \\times {side}$ picture, kernel ${kernel} \\times {kernel}$, stride {stride}, padding {padding} on "
        "every side: how many rows and columns has the output?",
        f"**{size.value} rows and {size.value} columns**: ${size.worked}$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    30: _draw_patch,
    31: _draw_padding,
    33: _draw_window,
    34: _draw_valid,
    35: _draw_size,
}
