"""Exercises on networks that make pictures: autoencoders, transposed convolutions, GANs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Draw, Drawn
from explorer.operations.convolution import Settings, build


def _draw_bottleneck(numbers: random.Random) -> Drawn:
    pixels, code = numbers.choice((8, 14, 16, 28, 32)) ** 2, numbers.randint(2, 64)
    with torch.device("meta"):
        network = nn.Sequential(nn.Linear(pixels, code), nn.Linear(code, pixels))
    return Drawn(
        f"An autoencoder of two dense layers with biases squeezes {pixels} pixels into {code} numbers. How many "
        "parameters has it?",
        f"**{sum(each.numel() for each in network.parameters()):,}**: ${pixels} \\cdot {code}$ weights and {code} "
        f"biases in the encoder, as many weights and {pixels} biases in the decoder.",
    )


def _draw_stamps(numbers: random.Random) -> Drawn:
    row = [numbers.randint(-3, 4) for _ in range(3)]
    kernel = [numbers.randint(1, 4) for _ in range(numbers.choice((3, 4)))]
    layer = build(Settings(stride=2, transposed=True), np.array([[[kernel]]], np.float32), 1)
    output = layer(torch.tensor([[[row]]], dtype=torch.float32)).flatten().tolist()
    shown = ", ".join(f"{value:g}" for value in output)
    return Drawn(
        f"A transposed convolution in one dimension, without padding: the input is $({', '.join(map(str, row))})$, the "
        f"kernel $({', '.join(map(str, kernel))})$, the stride 2. What is the output?",
        f"**$({shown})$**: stamps begin at every second cell, and where two meet they are added.",
    )


def _draw_generator(numbers: random.Random) -> Drawn:
    believed = numbers.randint(1, 60) / 100
    logit = torch.logit(torch.tensor(believed, dtype=torch.float64)).requires_grad_()
    minimax, other = (
        torch.autograd.grad(loss, logit)[0].item()
        for loss in (functional.logsigmoid(-logit), -functional.logsigmoid(logit))
    )
    return Drawn(
        f"The discriminator takes a generated picture for real with $D = {believed}$. What is the derivative by its "
        r"logit of $\log(1 - D)$, which the generator could minimise, and of $-\log D$?",
        f"**{minimax:.2f}**, which is $-D$, and **{other:.2f}**, which is $D - 1$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {54: _draw_bottleneck, 55: _draw_stamps, 68: _draw_generator}
