"""Small chance moves of a picture, so that what is found does not rest on single pixels."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFT: Final = 1 / 16  # of the side, in both directions
TURN: Final = math.radians(8)
LARGEST, SMALLEST = 1.1, 0.92  # of the picture's own size


def draw_moves(count: int, random: torch.Generator) -> Tensor:
    """(count, 2, 3) affine maps from the moved picture to the one it shows, in [-1, 1]: jitter, scale and rotation.

    A picture of its own move for each, so that a batch sees as many as it has pictures.
    """
    shift = (torch.rand(count, 2, generator=random) * 2 - 1) * 2 * SHIFT
    turn = (torch.rand(count, generator=random) * 2 - 1) * TURN
    size = SMALLEST + torch.rand(count, generator=random) * (LARGEST - SMALLEST)
    cosine, sine = turn.cos() / size, turn.sin() / size
    rows = (torch.stack([cosine, -sine, shift[:, 0]], 1), torch.stack([sine, cosine, shift[:, 1]], 1))
    return torch.stack(rows, 1)


def move(pictures: Tensor, moves: Tensor) -> Tensor:
    """(B, 3, H, W) pictures moved, mirrored beyond their borders."""
    grid = F.affine_grid(moves.to(pictures.device), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
