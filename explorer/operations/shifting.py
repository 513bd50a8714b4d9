"""A picture moved by some pixels, and how far what is made of it moves along.

What ignores where things are would move exactly as far as the picture. Pooling with a stride does so only for whole
strides (Zhang 2019, "Making convolutional networks shift-invariant again").
"""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.operations.convolution import Impossible
from explorer.operations.pooling import Pooled, Pooling, pool

MOST = 8  # pixels


def shift(x: Tensor, rows: int, columns: int) -> Tensor:
    """Move a picture down and to the right; what comes in at the edges is its mirror image.

    Args:
        x: (..., C, H, W).
        rows, columns: how far, 0 up to H - 1 and W - 1.
    """
    flat = x.reshape(-1, *x.shape[-3:])
    moved = F.pad(flat, (columns, 0, rows, 0), mode="reflect") if rows or columns else flat
    return moved[..., : x.shape[-2], : x.shape[-1]].reshape(x.shape)


def pooled_drift(x: Tensor, pooling: Pooling, rows: int = 0, columns: int = 1, most: int = MOST) -> list[float]:
    """How far pooled maps are from having moved with the picture, for shifts of 0 up to `most` steps.

    Maps of the moved picture are compared with maps of the picture where it was, moved by as many cells: a shift of d
    at stride s is d / s cells, and between two cells values are interpolated linearly. Cells near the edges, which the
    move brings in, are left out. An L2 value is divided by the window's side first, to be of the picture's size.

    Args:
        x: (C, H, W).
        pooling: how.
        rows, columns: of one step, 0 or 1 each.
        most: steps.

    Returns:
        most + 1 root mean square distances, in standard deviations of the picture's own values; 0 is a perfect copy.

    Raises:
        Impossible: PyTorch has no output for these settings, or nothing is left without the edges.
    """
    still = _of_input_size(pool(x, pooling))
    if pooling.kind == "global":
        margins, strides = [0, 0], [1.0, 1.0]  # a single cell stays where it is
        rows, columns, moves = 0, 0, (rows, columns)
    else:
        strides = [
            side / cells if pooling.kind == "adaptive" else float(pooling.stride)
            for side, cells in zip(x.shape[1:], still.shape[1:], strict=True)
        ]
        edge = most + max(pooling.window, pooling.stride) + pooling.padding
        margins, moves = [ceil(edge / stride) + 1 for stride in strides], (rows, columns)
    inside = [slice(margin, cells - margin) for margin, cells in zip(margins, still.shape[1:], strict=True)]
    if any(part.stop <= part.start for part in inside):
        raise Impossible(f"A picture of {x.shape[1]} × {x.shape[2]} has nothing but edges when it moves by {most}.")
    contrast = max(float(x.std()), 1e-12)
    distances = []
    for step in range(most + 1):
        moved = _of_input_size(pool(shift(x, step * moves[0], step * moves[1]), pooling))
        expected = _move_cells(_move_cells(still, step * rows / strides[0], -2), step * columns / strides[1], -1)
        difference = (moved - expected)[:, inside[0], inside[1]]
        distances.append(float(difference.square().mean().sqrt()) / contrast)
    return distances


def _of_input_size(pooled: Pooled) -> Tensor:
    return pooled.output / pooled.pooling.window if pooled.pooling.kind == "l2" else pooled.output


def _move_cells(maps: Tensor, cells: float, axis: int) -> Tensor:
    """Maps moved along an axis by a part of a cell or more; what comes in is a copy of the first cell."""
    if not cells:
        return maps
    places = (torch.arange(maps.shape[axis], device=maps.device) - cells).clamp(min=0)
    lower = places.floor().long()
    upper = (lower + 1).clamp(max=maps.shape[axis] - 1)
    share = (places - lower).to(maps).reshape([-1, 1] if axis == -2 else [-1])
    return maps.index_select(axis, lower) * (1 - share) + maps.index_select(axis, upper) * share


def total_variation(first: Tensor, second: Tensor) -> Tensor:
    """Half the sum of the absolute differences of two distributions: 0 if equal, 1 if they share nothing.

    Args:
        first, second: (..., classes).
    """
    return (first - second).abs().sum(dim=-1) / 2
