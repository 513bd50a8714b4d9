"""Where on a picture a map answers most, without naming one spot twice, and what stands there."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy.receptive_field import Axis, ReceptiveField
from explorer.rendering import decode_png, draw_box, enlarge

MOST_OVERLAP = 0.3  # of what two cells see, their common part over both together: the usual bound of detectors


def strongest_places(
    maps: Tensor, field: ReceptiveField, size: tuple[int, int], count: int, most_overlap: float = MOST_OVERLAP
) -> tuple[Tensor, Tensor]:
    """The cells with the largest values of each map, and of cells that see nearly the same only the strongest.

    Non-maximum suppression: the strongest cell is taken, all whose windows on the picture overlap its own by more than
    the bound are left out, and so on. Cells that are not above zero say nothing and are never taken.

    Args:
        maps: (C, H, W).
        field: what a cell sees.
        size: height and width of the network's input in pixels.
        count: how many places of a map at most.
        most_overlap: intersection over union of two windows, cut to the picture, that both may be named.

    Returns:
        Values (C, count), the strongest first, NaN where there are no more places; cells (C, count, 2), row and column.
    """
    channels, height, width = maps.shape
    tops, bottoms = _windows(field.rows, height, size[0], maps)
    lefts, rights = _windows(field.columns, width, size[1], maps)
    rows = _meet(tops, bottoms)  # (H, H) pixels that the windows of two rows share
    columns = _meet(lefts, rights)  # (W, W)
    heights, widths = rows.diagonal(), columns.diagonal()
    areas = heights[:, None] * widths  # (H, W)
    left = torch.where(maps > 0, maps, -torch.inf).float()  # NaN is not above zero either
    values = maps.new_full((channels, count), torch.nan, dtype=torch.float32)
    cells = torch.zeros((channels, count, 2), dtype=torch.long, device=maps.device)
    for number in range(count):
        best, place = left.flatten(1).max(dim=1)
        found = best > -torch.inf
        if not found.any():
            break
        row, column = place // width, place % width
        values[found, number] = best[found]
        cells[:, number] = torch.stack([row, column], dim=1)
        shared = rows[row][:, :, None] * columns[column][:, None, :]  # (C, H, W)
        union = areas + areas[row, column][:, None, None] - shared
        left = left.masked_fill(shared > most_overlap * union, -torch.inf)
        left[torch.arange(channels), row, column] = -torch.inf  # a window wholly in the padding has no area
    return values, cells


def _windows(axis: Axis, cells: int, pixels: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """First and last border of each cell's window, cut to the picture."""
    start = axis.offset + axis.stride * torch.arange(cells, dtype=torch.float64, device="cpu")
    first, last = start.clamp(0, pixels), (start + axis.size).clamp(0, pixels)
    return first.to(like.device, torch.float32), last.to(like.device, torch.float32)


def _meet(first: Tensor, last: Tensor) -> Tensor:
    return (torch.minimum(last[:, None], last) - torch.maximum(first[:, None], first)).clamp(min=0)


def own_place(field: ReceptiveField, cell: tuple[int, int]) -> tuple[float, float, float, float]:
    """The middle of what a cell sees, as large as the step to the next cell: left, top, right, bottom in pixels."""
    row, column = (
        axis.offset + place * axis.stride + axis.size / 2
        for axis, place in zip((field.rows, field.columns), cell, strict=True)
    )
    high, wide = field.stride
    return column - wide / 2, row - high / 2, column + wide / 2, row + high / 2


def is_wide(field: ReceptiveField, size: int) -> bool:
    """Whether a cell can see more than half of the picture's side."""
    return max(field.size) > size / 2


def draw_patch(
    crop: NDArray[np.uint8], side: int, inside: tuple[float, float, float, float] | None = None
) -> NDArray[np.uint8]:
    """A patch in the middle of a grey square, cells of pixels unblended: at the picture's border a patch is cut.

    Args:
        crop: (h, w, 3) the pixels of the patch.
        side: of the square, in pixels.
        inside: a part of the patch to mark: left, top, right, bottom in pixels of the crop.

    Returns:
        (side, side, 3).
    """
    times = side / max(crop.shape[:2])
    height, width = (max(1, round(length * times)) for length in crop.shape[:2])
    drawn = enlarge(crop, height, width)
    if inside is not None:
        left, top, right, bottom = (edge * times for edge in inside)
        drawn = decode_png(draw_box(drawn, (left, top, right, bottom)))
    square = np.full((side, side, 3), 128, np.uint8)
    above, before = (side - height) // 2, (side - width) // 2
    square[above : above + height, before : before + width] = drawn
    return square


def describe_patch(field: ReceptiveField, size: int) -> str:
    """What a patch is; `size` is that of the network's input in pixels."""
    high, wide = field.size
    if is_wide(field, size):
        return (
            f"A cell of this layer can see {wide:g} × {high:g} px, more than half of the {size} px there are: "
            "the yellow square is the cell's own place."
        )
    return f"A patch is all that the cell can see, {wide:g} × {high:g} px; grey lies outside the picture."
