"""What a layer makes of a map that is 1 everywhere: a value for each phase of its kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from torch import nn

from explorer.generators.growing.ways import WAYS, Name
from explorer.neurons.activations import Numbers

Start = Literal["random", "ones", "bilinear"]
CELLS: Final = 6  # rows and columns of the constant map
_SAME: Final = 1e-9  # values that are nearer are one, but for rounding


@dataclass(frozen=True, eq=False)
class Phases:
    """Of every second row and every second column of the output, away from its edge.

    Attributes:
        taps: (2, 2) how many cells of the kernel meet there: even rows first, even columns first.
        values: (2, 2) what they add up to, which is the output of a map of ones.
    """

    taps: Numbers
    values: Numbers

    @property
    def different(self) -> int:
        """How many values there are."""
        ordered = np.sort(self.values.ravel())
        return 1 + int((np.diff(ordered) > _SAME).sum())

    @property
    def power(self) -> float:
        """Their variance: the power of what repeats every two cells."""
        return float(self.values.var())


def draw_kernel(name: Name, start: Start, seed: int) -> Numbers:
    """The kernel (k, k) of one channel: normally distributed, all ones, or the weights of bilinear enlarging."""
    side = WAYS[name].side
    if start == "random":
        return np.random.default_rng(seed).standard_normal((side, side))
    if start == "ones":
        return np.ones((side, side))
    line = np.array([0.5, 1.0, 0.5]) if side == 3 else np.array([0.25, 0.75, 0.75, 0.25])
    return np.outer(line, line)


def find_phases(name: Name, kernel: Numbers) -> Phases:
    """By hand.

    A transposed convolution with padding 1 puts tap t of the input's cell i at 2 i - 1 + t: output cells of even number
    are met by the odd taps, those of odd number by the even ones. After resizing every cell is met by the whole kernel.
    """
    if WAYS[name].output_padding is None:
        return Phases(np.full((2, 2), float(kernel.size)), np.full((2, 2), float(kernel.sum())))
    parts = [[kernel[1 - row :: 2, 1 - column :: 2] for column in (0, 1)] for row in (0, 1)]
    return Phases(
        np.array([[float(part.size) for part in row] for row in parts]),
        np.array([[float(part.sum()) for part in row] for row in parts]),
    )


def run_on_ones(name: Name, kernel: Numbers) -> Numbers:
    """(12, 12) what PyTorch's layers make of 6 x 6 ones, in float64."""
    layers = nn.Sequential(*WAYS[name].build(1, 1)).double()
    weighted = layers[-1]
    assert isinstance(weighted, (nn.Conv2d, nn.ConvTranspose2d))
    assert weighted.bias is not None
    with torch.no_grad():
        weighted.weight.copy_(torch.from_numpy(kernel)[None, None])
        weighted.bias.zero_()
        return np.asarray(layers(torch.ones(1, 1, CELLS, CELLS, dtype=torch.float64))[0, 0].numpy())
