"""Cards on the depth of pictures, filters and maps: colours, many filters, their weights, groups."""

from __future__ import annotations

import random
from typing import Final

from PIL import Image
from torch import nn

from explorer.deck.card import Card, Drawn, Experiment
from explorer.operations.layer_line import layer_line
from explorer.operations.photo import to_tensor
from explorer.operations.sizes import convolution_size

_LAYER: Final = "A layer of the network"


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


CARDS: tuple[Card, ...] = (
    Card(
        id=32,
        question="As what numbers does a CNN get an RGB picture, and how does that differ from a grey one?",
        answer=r"A grey picture of $28 \times 28$ pixels is one grid of 784 brightnesses. An RGB picture is three such "
        "grids, for red, green and blue: a tensor with 3 channels and 2,352 numbers.",
        more_exactly="Whether the channels come last or first is a convention: image files and NumPy have "
        "$(28, 28, 3)$, PyTorch has $(3, 28, 28)$, with the batch in front. Pixels are stored as 0 to 255; networks "
        "mostly get them scaled and normalised.",
        experiment=Experiment(
            page="convolution",
            address={"look": "Kernels on your photo", "filters": "Identity", "grey": "false"},
            shows="nn.Conv2d(3, 1",
            does="Point at a cell: the pixel below it is three numbers. Then switch to the grey picture in the "
            "settings.",
        ),
        draw=_draw_picture,
    ),
    Card(
        id=36,
        question=r"How does a $5 \times 5$ convolution read an RGB picture? What shape has the filter, and what is "
        "added up for one cell of its output?",
        answer=r"The filter is as deep as what it reads: $5 \times 5 \times 3$, a slice of weights for each of red, "
        "green and blue. At every place the 75 products of all three slices and one bias become a single sum, and the "
        "activation follows.",
        more_exactly="So one filter has 76 parameters and makes one map, not three: the channels are added before the "
        "activation. That is why a filter can weigh one colour against another.",
        experiment=Experiment(
            page="convolution",
            address={"look": _LAYER, "model": "five-by-five", "layer": "features.conv1_1"},
            shows="one cell = 75 products + 1 bias",
            does="Point at a cell of the map: the patch lights up in all three colours, and the sum is worked out.",
        ),
        draw=_draw_filter,
    ),
    Card(
        id=37,
        question="A convolutional layer reads $(28, 28, 3)$ and gives $(28, 28, 4)$. Where does the 4 come from, and "
        "what weights has the layer?",
        answer=r"It has 4 different filters, each as deep as the input, say $5 \times 5 \times 3$. Each of them makes "
        "a map of its own, and the maps are stacked. That is 300 weights and 4 biases.",
        more_exactly="Depth comes from the number of filters alone; the 28 rows and columns from padding and stride, "
        "here padding 2 and stride 1. PyTorch keeps the weights as one tensor of shape $(4, 3, 5, 5)$.",
        experiment=Experiment(
            page="convolution",
            address={"look": _LAYER, "model": "tiny-vgg", "layer": "features.conv1_1"},
            shows="24 filters of",
            does="Choose another map: every map has a filter of its own, and there are as many as the output is deep.",
        ),
        draw=_draw_layer,
    ),
    Card(
        id=38,
        question="Why give a convolutional layer several filters, and so an output of several channels?",
        answer="Every filter answers to a pattern of its own, such as an edge in one direction, a colour or a texture. "
        "The next layer can then combine many answers about the same place.",
        more_exactly="Often said: one filter, one thing. But a filter answers, more or less, to everything that "
        "resembles its weights, and trained networks have filters that are nearly alike, or that do next to nothing: 4 "
        "of the 32 in the first layer of efficientnet-lite0.",
        experiment=Experiment(
            page="filters",
            address={"model": "efficientnet-lite0", "conv": "stem.conv"},
            shows="4 of 32 filters are dead",
            does="Look for edges and colours among the filters; click one, then switch it off under “Cause and "
            "effect”.",
        ),
    ),
    Card(
        id=39,
        question="Deeper in a CNN a convolution reads an input of $(128, 128, 25)$. What shape has its filter?",
        answer=r"Any height and width, but the depth of the input: for instance $5 \times 5 \times 25$, which is 25 "
        "slices and 625 weights. It makes no difference whether channels are colours or what earlier layers found.",
        more_exactly="",
        experiment=Experiment(
            page="filters",
            address={"model": "five-by-five", "conv": "features.conv1_2", "filter": "26"},
            shows="filter 26: 5 × 5 × 25",
            does="See the filter as one block, and its 25 slices, each beside the map that it reads.",
        ),
        draw=_draw_depth,
    ),
    Card(
        id=40,
        question="An input of $(N, N, 32)$ is to become $(N, N, 45)$. What filters does the convolution need?",
        answer=r"45 filters, one for each channel of the output, and each 32 deep to read all channels of the input: "
        r"say $5 \times 5 \times 32$, 800 weights a filter and 36,000 in all.",
        more_exactly="With a bias for each filter there are 36,045 parameters, whatever $N$ is.",
        experiment=Experiment(
            page="filters",
            address={"model": "five-by-five", "conv": "features.conv1_2", "filter": "26"},
            shows="one filter for each of the 32 output channels",
            does="At the end of the page, read how shape and parameters of this layer follow from its channels.",
        ),
        draw=_draw_filters,
    ),
    Card(
        id=47,
        question="What do you tell PyTorch when you make a convolutional layer, `nn.Conv2d`?",
        answer="The number of input channels, the number of output channels and the side of the kernel, as in "
        "`nn.Conv2d(3, 16, 5)`; and stride and padding where they are not 1 and 0.",
        more_exactly=r"The depth of the filters follows: here 16 filters of $3 \times 5 \times 5$. There are also "
        "`dilation`, `groups`, `bias` and `padding_mode`, all with defaults. Rows and columns of the picture are not "
        "among the arguments.",
        experiment=Experiment(
            page="convolution",
            address={"look": _LAYER, "model": "tiny-vgg", "layer": "features.conv1_1"},
            shows="nn.Conv2d(3, 24, kernel_size=3, padding=1)",
            does="Read the line that makes this layer, then choose another convolution and foresee its line.",
        ),
        draw=_draw_line,
    ),
    Card(
        id=49,
        question="What does `groups=2` or `groups=3` do to an `nn.Conv2d`, and what is it good for?",
        answer="Input channels and filters are split into that many groups, and a filter reads the channels of its own "
        "group only. `groups=2` is like two layers side by side, each from half of the channels to half of the maps. "
        "Weights and multiply-adds are divided by the number of groups.",
        more_exactly="Both channel counts have to be divisible by it. From 32 to 32 channels with kernel 3 there are "
        "9,216 weights, with `groups=2` 4,608, and with `groups=32` 288: that is a depthwise convolution, whose "
        r"filters read one channel each; a $1 \times 1$ convolution mostly follows and mixes the channels.",
        experiment=Experiment(
            page="filters",
            address={"model": "efficientnet-lite0", "conv": "stages.stage1.block1.depthwise.conv"},
            shows="Every output channel sees one input channel of 32",
            does="At the end of the page, see who reads whom, and how many weights that leaves.",
        ),
        draw=_draw_groups,
    ),
)
