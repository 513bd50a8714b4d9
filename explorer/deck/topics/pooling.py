"""Cards on pooling: windows, arguments, what it saves, and averages in place of dense layers."""

from __future__ import annotations

import random
from typing import Final

import torch
from torch import nn

from explorer.anatomy.costs import module_macs
from explorer.anatomy.heads import Head
from explorer.deck.card import Card, Drawn, Experiment
from explorer.deck.formulas import matrix
from explorer.operations.layer_line import layer_line
from explorer.operations.pooling import Pooling, pool

_NETWORK: Final = "Inside a network"


def _draw_work(numbers: random.Random) -> Drawn:
    depth, filters, side = numbers.choice((16, 32, 64)), numbers.choice((32, 64, 128)), 2 * numbers.randint(7, 56)
    layer = nn.Conv2d(depth, filters, 3, padding=1, bias=False, device="meta")
    pooled = Pooling("max").size(side)
    before, after = (module_macs(layer, ((depth, rows, rows),), (filters, rows, rows)) for rows in (side, pooled))
    return Drawn(
        f"A padded $3 \\times 3$ convolution from {depth} to {filters} channels reads maps of "
        f"${side} \\times {side}$. How many weights has it (no biases), and how many multiply-adds does it take? And "
        "with a $2 \\times 2$ max pooling before it?",
        f"**{layer.weight.numel():,} weights** either way; **{before:,}** multiply-adds without pooling, and a "
        f"quarter, **{after:,}**, with it.",
    )


def _draw_windows(numbers: random.Random) -> Drawn:
    values = torch.tensor([[[numbers.randint(-9, 9) for _ in range(4)] for _ in range(4)]], dtype=torch.float32)
    largest, mean = (pool(values, Pooling(kind)).output[0].tolist() for kind in ("max", "average"))
    return Drawn(
        rf"What does a $2 \times 2$ max pooling with stride 2 make of ${matrix(values[0].tolist())}$? "
        "And average pooling?",
        f"Max: ${matrix(largest)}$, average: ${matrix(mean)}$.",
    )


def _draw_dense(numbers: random.Random) -> Drawn:
    channels, side, classes = (
        numbers.choice((32, 64, 128, 256, 512)),
        2 * numbers.randint(3, 14),
        numbers.randint(5, 100),
    )
    half = Pooling("max").size(side)
    before, after = (Head("", (channels, rows, rows), (channels, 1, 1), classes, 0) for rows in (side, half))
    return Drawn(
        f"The last maps are ${channels} \\times {side} \\times {side}$. How many weights and biases has a dense layer "
        f"to {classes} classes on all of them? And behind one more $2 \\times 2$ pooling?",
        f"**{before.flattened:,}**, and **{after.flattened:,}** behind the pooling.",
    )


def _draw_size(numbers: random.Random) -> Drawn:
    window, side = numbers.choice((2, 3, 4, 5)), numbers.randint(20, 120)
    stride = window if numbers.random() < 0.5 else numbers.randint(1, 4)
    layer = nn.MaxPool2d(window) if stride == window else nn.MaxPool2d(window, stride)
    line = f"nn.MaxPool2d({window})" if stride == window else layer_line(layer)
    rows = Pooling("max", window, stride).size(side)
    return Drawn(
        f"`{line}` reads maps of ${side} \\times {side}$. How many rows has its output?",
        f"**{rows}**: its stride is {stride}{', as its window' if stride == window else ''}.",
    )


def _draw_head(numbers: random.Random) -> Drawn:
    channels, side, classes = numbers.choice((64, 128, 512, 1280)), numbers.randint(3, 14), numbers.randint(5, 1000)
    head = Head("", (channels, side, side), (channels, 1, 1), classes, 0)
    return Drawn(
        f"The last maps are ${channels} \\times {side} \\times {side}$, and there are {classes} classes. How many "
        "weights and biases has the dense layer on the flattened maps, and how many behind global average pooling?",
        f"**{head.flattened:,}** flattened, **{head.averaged:,}** behind the average.",
    )


CARDS: tuple[Card, ...] = (
    Card(
        id=41,
        question="What is a max pooling layer for, at a high level?",
        answer="It makes maps smaller in height and width, so that all layers after it have fewer cells to compute and "
        "to store, and each of their cells sees a larger part of the picture.",
        more_exactly="Often said to keep the weights from exploding. But the weights of a convolution do not depend on "
        r"height and width: a $3 \times 3$ one from 64 to 128 channels has 73,728 on maps of any size. Only a dense "
        "layer on flattened maps gets smaller.",
        experiment=Experiment(
            page="pooling",
            address={"part": _NETWORK, "model": "tiny-vgg", "change": "Remove the last one"},
            shows="Change the pooling",
            does="The last pooling is removed here: maps get larger, the weights of the network stay as many.",
        ),
        draw=_draw_work,
    ),
    Card(
        id=42,
        question=r"How does $2 \times 2$ max pooling work, and what does it make of $28 \times 28 \times 3$? "
        "What does average pooling do instead?",
        answer=r"Every channel by itself is cut into windows of $2 \times 2$, and of each window the largest value is "
        r"kept: $14 \times 14 \times 3$. Average pooling keeps the mean of the 4 values.",
        more_exactly="The number of channels never changes. Of an odd side the last row or column is left out: 7 rows "
        "become 3, or 4 with `ceil_mode`.",
        experiment=Experiment(
            page="pooling",
            address={"part": "Pictures", "window": "2", "pool_stride": "2"},
            shows="nn.MaxPool2d(kernel_size=2, stride=2)",
            does="Point at a cell below “One cell”, and compare max with average.",
        ),
        draw=_draw_windows,
    ),
    Card(
        id=43,
        question="Why make maps smaller in height and width at certain points of a network?",
        answer="Deeper layers have more channels. With both sides halved, the same convolution takes a quarter of the "
        "multiply-adds and its maps a quarter of the memory, which pays for more channels; and its kernel covers twice "
        "as much of the picture in each direction.",
        more_exactly="It saves work and memory, not weights of convolutions. It does save weights of a dense layer "
        r"behind the maps: to 1,000 outputs from $512 \times 14 \times 14$ there are 100,352,000, from "
        r"$512 \times 7 \times 7$ 25,088,000.",
        experiment=Experiment(
            page="pooling",
            address={"part": _NETWORK, "model": "tiny-vgg", "change": "Remove the last one"},
            shows="`48 × 4 × 4`",
            does="The last pooling is removed here: compare “multiply-adds”, “weights” and “dense head”.",
        ),
        draw=_draw_dense,
    ),
    Card(
        id=44,
        question="Can one CNN work on pictures of different sizes?",
        answer="Its convolutions and poolings can: they slide over maps of any size. A dense layer on flattened maps "
        "cannot, for it has a weight for every single value. With global average pooling before the dense layer the "
        "network takes any size that leaves at least one cell.",
        more_exactly=r"Often said: no. It was so while networks ended in flatten and dense. tiny-vgg, trained on "
        r"$32 \times 32$, runs on $256 \times 256$ too; flattened, its last maps would be 49,152 values in place of "
        "768. Pictures of one batch must have one size, and far from the size trained on predictions get worse.",
        experiment=Experiment(
            page="pooling",
            address={"part": _NETWORK, "model": "tiny-vgg"},
            shows="The network was really run at every size",
            does="In the last table, see which sizes run as the network is, and which with a dense layer on all cells.",
        ),
    ),
    Card(
        id=48,
        question="What do you tell PyTorch when you make a max pooling layer, `nn.MaxPool2d`?",
        answer="The side of the window, and the stride only if it is another one: unlike in `nn.Conv2d` it is the "
        "window's side by default, so that windows do not overlap. `nn.MaxPool2d(2)` halves rows and columns.",
        more_exactly="There are also `padding`, `dilation` and `ceil_mode`; padded cells never win. No channels are "
        "given: every channel is pooled by itself, and nothing is learned.",
        experiment=Experiment(
            page="pooling",
            address={"part": "Pictures", "window": "3", "pool_stride": "2"},
            shows="nn.MaxPool2d(kernel_size=3, stride=2)",
            does="Change window and stride, and read the line that makes the layer.",
        ),
        draw=_draw_size,
    ),
    Card(
        id=56,
        question="What is global average pooling? Where in a CNN does it stand, and what is it good for?",
        answer=r"It makes one number of every map, the mean of its cells: $C \times H \times W$ becomes $C$ values. It "
        r"stands between the last convolution and the dense layer, which then has $C$ weights for each class and not "
        r"$C \cdot H \cdot W$. Fewer weights overfit less, and pictures may have any size.",
        more_exactly="That most parameters of a CNN are in its dense layers was true of VGG-16, with 89 % of "
        "138,357,544, but not of ResNets, which end in this average: ResNet-50 has 8 % there.",
        experiment=Experiment(
            page="pooling",
            address={"part": _NETWORK, "model": "tiny-vgg"},
            shows="15.7 times fewer",
            does="Compare the weights of both heads, then choose another network in the sidebar.",
        ),
        draw=_draw_head,
    ),
)
