"""Exercises on pooling: windows, arguments, what it saves, and averages in place of dense layers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import torch
from torch import nn

from explorer.anatomy.costs import module_macs
from explorer.anatomy.heads import Head
from explorer.deck.card import Draw, Drawn
from explorer.deck.formulas import matrix
from explorer.operations.layer_line import layer_line
from explorer.operations.pooling import Pooling, pool


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


DRAWS: Final[Mapping[int, Draw]] = {41: _draw_work, 42: _draw_windows, 43: _draw_dense, 48: _draw_size, 56: _draw_head}
