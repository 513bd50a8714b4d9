"""Cards on how a convolution goes over a picture: sums of products, borders, strides, sizes."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
import torch
from torch import nn

from explorer.deck.card import Card, Drawn, Experiment
from explorer.deck.formulas import matrix
from explorer.operations import describe_operation
from explorer.operations.convolution import Settings, build, padding_that_keeps
from explorer.operations.sizes import convolution_size

_OWN: Final = "Kernels on your photo"


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


CARDS: tuple[Card, ...] = (
    Card(
        id=30,
        question=r"A convolutional layer has a single $3 \times 3$ filter and reads a grey picture. How is one cell of "
        "its output computed, and how do all the others come about?",
        answer=r"Lay the filter on a $3 \times 3$ patch of the picture, multiply every pixel by the weight that lies "
        "on it, add up the 9 products and a bias, and apply the activation. The same weights then go to every other "
        "place, and every place gives one cell of the output map.",
        more_exactly="The bias is easily forgotten: the layer has 10 parameters. Without padding the map has 2 rows "
        "and 2 columns less than the picture. In mathematics a convolution would flip the kernel both ways first; "
        "what networks do is a cross-correlation, which makes no difference where weights are learned.",
        experiment=Experiment(
            page="convolution",
            address={"look": _OWN, "filters": "Sobel x", "ksize": "3", "grey": "true"},
            shows="nn.Conv2d(1, 1, kernel_size=3",
            does="Point at a cell of the output: its patch lights up on the photo, and the sum is worked out.",
        ),
        draw=_draw_patch,
    ),
    Card(
        id=31,
        question=r"A $3 \times 3$ filter is to stand on every pixel, but on those at the edge it reaches beyond the "
        "picture. Name three ways to deal with that. Which is the most common?",
        answer="Put zeros around the picture (the most common); put values of the picture itself around it, mirrored, "
        "repeated or taken from its other side; or skip the places where the filter does not fit, and accept a smaller "
        "output.",
        more_exactly="In PyTorch the `padding_mode` says which: zeros, reflect, replicate or circular; without "
        "`padding` it skips. The size is kept at stride 1 if $2p = d(k - 1)$: padding 1 for kernel 3, 2 for 5, "
        "and none for kernel 4, whose 3 additional cells cannot be shared equally by two sides.",
        experiment=Experiment(
            page="convolution",
            address={"look": _OWN, "padding": "1", "stride": "1"},
            shows="Five ways to treat the border",
            does="Scroll to the five corners: the same filter answers otherwise at every border.",
        ),
        draw=_draw_padding,
    ),
    Card(
        id=33,
        question="What is the stride of a convolution?",
        answer="How many cells the window moves from one place to the next, in rows and in columns. With stride 1 it "
        "stands on every cell, with stride 2 on every second one, so the output has about a quarter of the cells.",
        more_exactly="The cells between are never computed, but the picture is still read: with kernel 3 and stride 2 "
        "neighbouring windows share a column. Only a stride above the kernel's side leaves pixels out.",
        experiment=Experiment(
            page="convolution",
            address={"look": _OWN, "stride": "2", "padding": "1", "ksize": "3"},
            shows="stride=2",
            does="Move the pointer over the output, cell by cell: the window on the photo jumps by two.",
        ),
        draw=_draw_window,
    ),
    Card(
        id=34,
        question=r"An $N \times N$ picture, a $3 \times 3$ kernel, stride 1, no padding: what size has the output? "
        r"And with a $5 \times 5$ kernel?",
        answer=r"$(N - 2) \times (N - 2)$ and $(N - 4) \times (N - 4)$. Along an axis a kernel of side $k$ has "
        "$N - k + 1$ places: of 28 rows, 26 and 24 are left.",
        more_exactly="An edge loses $(k - 1)/2$ rows, one for kernel 3 and two for kernel 5, and there are two edges. "
        "Three rows at every edge would be kernel 7.",
        experiment=Experiment(
            page="convolution",
            address={"look": _OWN, "border": "Valid (skip the edge)", "ksize": "5", "stride": "1"},
            shows=r"(5 - 1) - 1}{1}",
            does="Read the formula with the numbers of your photo, then change the kernel's size.",
        ),
        draw=_draw_valid,
    ),
    Card(
        id=35,
        question="The border of a picture is padded so that a convolution of stride 1 keeps its size. "
        "What is the size with stride 2?",
        answer=r"Every second row and every second column of the output is left out, so an $N \times N$ picture gives "
        r"$\lceil N/2 \rceil \times \lceil N/2 \rceil$: half of it, rounded up.",
        more_exactly="Often said to be $N/2$, which is right for even sides. Of 7 rows, kernel 3 and padding 1, the "
        "centres stand on rows 1, 3, 5 and 7, so 4 are left.",
        experiment=Experiment(
            page="convolution",
            address={"look": _OWN, "stride": "2", "padding": "1", "ksize": "3"},
            shows="input cells, kernel",
            does="Compare rows and columns of the photo with those of the output; the formula below has your numbers.",
        ),
        draw=_draw_size,
    ),
)
