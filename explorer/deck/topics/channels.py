"""Exercises on the depth of pictures, filters and maps: colours, many filters, their weights, groups."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from PIL import Image
from torch import nn

from explorer.deck.card import Draw, Drawn
from explorer.operations.layer_line import layer_line
from explorer.operations.photo import to_tensor
from explorer.operations.sizes import convolution_size


def _count(layer: nn.Conv2d) -> tuple[int, int]:
    """Weights and biases."""
    return layer.weight.numel(), 0 if layer.bias is None else layer.bias.numel()


def _draw_picture(numbers: random.Random) -> Drawn:
    height, width, batch = numbers.randint(20, 240), numbers.randint(20, 240), numbers.randint(4, 64)
    image = Image.new("RGB", (width, height))
    grey, coloured = (to_tensor(image, 240, grey) for grey in (True, False))
    shape = ", ".join(map(str, coloured.shape))
    return Drawn(
        f"A picture has {height} rows and {width} columns. How many numbers is it in grey, how many in RGB? What shape "
        f"has a batch of {batch} such RGB pictures in PyTorch?",
        f"**{grey.numel():,}** and **{coloured.numel():,}** numbers; the batch is **({batch}, {shape})**.",
    )


def _draw_filter(numbers: random.Random) -> Drawn:
    side, depth = numbers.choice((1, 3, 5, 7)), numbers.randint(3, 24)
    weights, biases = _count(nn.Conv2d(depth, 1, side))
    return Drawn(
        f"The input has {depth} channels, the filter covers ${side} \\times {side}$ places. How many products are "
        "added up for one cell of the output, and how many numbers has the filter to learn, its bias among them?",
        f"**{weights} products** ($k^2 C$) and **{weights + biases} numbers**.",
    )


def _draw_layer(numbers: random.Random) -> Drawn:
    side, depth, filters = numbers.choice((3, 5, 7)), numbers.choice((1, 3)), numbers.randint(2, 32)
    weights, biases = _count(nn.Conv2d(depth, filters, side))
    return Drawn(
        f"From $28 \\times 28 \\times {depth}$ to $28 \\times 28 \\times {filters}$ with kernels of "
        f"${side} \\times {side}$: how many weights and how many biases has the layer?",
        f"**{weights:,} weights and {biases} biases**: {filters} filters of "
        f"${side} \\cdot {side} \\cdot {depth}$ weights, and a bias each.",
    )


def _draw_depth(numbers: random.Random) -> Drawn:
    side, rows, depth = numbers.choice((3, 5, 7)), numbers.choice((14, 28, 56, 112)), numbers.randint(12, 256)
    weights, _ = _count(nn.Conv2d(depth, 1, side))
    return Drawn(
        f"The input is $({rows}, {rows}, {depth})$, the kernel ${side} \\times {side}$. What shape has one filter, and "
        "how many weights?",
        f"**${side} \\times {side} \\times {depth}$**, {weights:,} weights. Rows and columns of the input do not "
        "matter.",
    )


def _draw_filters(numbers: random.Random) -> Drawn:
    side, depth, filters = numbers.choice((1, 3, 5)), numbers.randint(16, 128), numbers.randint(16, 128)
    layer = nn.Conv2d(depth, filters, side)
    weights, biases = _count(layer)
    return Drawn(
        f"An input of shape $(N, N, {depth})$ is to become $(N, N, {filters})$ with kernels of "
        f"${side} \\times {side}$. How many filters are needed, and how many parameters has the layer?",
        f"**{filters} filters** of ${side} \\times {side} \\times {depth}$; with a bias each, "
        f"**{weights + biases:,} parameters**.",
    )


def _draw_line(numbers: random.Random) -> Drawn:
    depth, filters, side = numbers.choice((3, 8, 16)), numbers.choice((8, 16, 24, 32)), numbers.randint(24, 96)
    layer = nn.Conv2d(
        depth, filters, numbers.choice((3, 5, 7)), numbers.choice((1, 2, 3)), numbers.randint(0, 3), device="meta"
    )
    rows = convolution_size(side, layer.kernel_size[0], layer.stride[0], int(layer.padding[0])).value
    weights, biases = _count(layer)
    return Drawn(
        f"`{layer_line(layer)}` reads one picture of shape $({depth}, {side}, {side})$. What shape has the output, and "
        "how many parameters has the layer?",
        f"**({filters}, {rows}, {rows})** and **{weights + biases:,} parameters**.",
    )


def _draw_groups(numbers: random.Random) -> Drawn:
    groups = numbers.choice((2, 3, 4, 8))
    depth, filters, side = groups * numbers.randint(2, 16), groups * numbers.randint(2, 16), numbers.choice((3, 5))
    layer = nn.Conv2d(depth, filters, side, groups=groups, bias=False)
    return Drawn(
        f"`nn.Conv2d({depth}, {filters}, {side}, groups={groups}, bias=False)`: how many input channels does one "
        "filter read, and how many weights has the layer?",
        f"**{layer.weight.shape[1]} channels** and **{layer.weight.numel():,} weights**.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    32: _draw_picture,
    36: _draw_filter,
    37: _draw_layer,
    39: _draw_depth,
    40: _draw_filters,
    47: _draw_line,
    49: _draw_groups,
}
