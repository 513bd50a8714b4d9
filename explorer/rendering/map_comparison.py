"""Maps before a change and after it, and perhaps their difference, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.enlarging import colour_map, enlarge
from explorer.rendering.map_grid import MapGrid, draw_grid
from explorer.rendering.picture_grids import draw_picture_grid, fit_picture

_CELL = 84  # pixels of a map on the grid
_LINE, _PAIR_GAP = 4, 14  # pixels between the maps of a pair, and between pairs

Maps = NDArray[np.floating]


def map_pairs(
    before: NDArray[np.floating], after: NDArray[np.floating], *, signed: bool, columns: int, cell: int = 96
) -> MapGrid:
    """Draws every map beside what became of it, with a grey line between them and one scale for both.

    Args:
        before, after: (N, H, W).
        signed: Blue-white-red about zero instead of viridis.
        columns: Pairs in a row.
        cell: Pixels of one map, about.
    """
    count, height, width = before.shape
    times = max(1, cell // max(height, width))
    before, after = (maps.repeat(times, axis=1).repeat(times, axis=2) for maps in (before, after))
    line = np.full((count, height * times, _LINE), np.nan, np.float32)
    pairs = np.concatenate([before, line, after], axis=2)
    # Only maps that are large by themselves may make the grid too wide, and are then averaged.
    return draw_grid(pairs, signed=signed, columns=columns, magnify=1 if times > 1 else None, gap=_PAIR_GAP)


def map_rows(before: NDArray[np.floating], after: NDArray[np.floating], *, signed: bool, cell: int = 96) -> MapGrid:
    """Draws maps in one row and what became of them in a row below, each column on a scale of its own.

    The arguments are those of `map_pairs`.
    """
    peaks = np.maximum(np.abs(before), np.abs(after)).max(axis=(1, 2), keepdims=True)
    rows = np.concatenate([before, after]) / np.tile(np.where(peaks > 0, peaks, 1), (2, 1, 1))
    magnify = max(1, round(cell / max(before.shape[1:])))
    return draw_grid(rows, signed=signed, scale="shared", columns=len(before), magnify=magnify)


def change_grids(before: Maps, after: Maps, difference: Maps) -> tuple[bytes, bytes, bytes]:
    """Three grids as PNG, four maps in a row. Before and after share a map's scale; all differences have one.

    Args:
        before, after, difference: (N, H, W).
    """
    first, second, third = (
        draw_picture_grid(grid, columns=4, side=_CELL, gap=4).png for grid in _coloured(before, after, difference)
    )
    return first, second, third


def change_rows(before: Maps, after: Maps, difference: Maps) -> NDArray[np.uint8]:
    """One picture with a row for each map: before, after, difference. Arguments as for `change_grids`."""
    white = 255
    parts = []
    for row in zip(*_coloured(before, after, difference), strict=True):
        pictures = [np.array(fit_picture(each, _CELL)) for each in row]
        edge = np.full((pictures[0].shape[0], 4, 3), white, np.uint8)
        line = np.concatenate([pictures[0], edge, pictures[1], edge, pictures[2]], axis=1)
        parts += [line, np.full((4, line.shape[1], 3), white, np.uint8)]
    return np.concatenate(parts[:-1])


def _coloured(before: Maps, after: Maps, difference: Maps) -> tuple[list[NDArray[np.uint8]], ...]:
    peak = float(np.abs(difference).max()) or 1.0
    grids: tuple[list[NDArray[np.uint8]], ...] = ([], [], [])
    for first, second, change in zip(before, after, difference, strict=True):
        low = min(0.0, float(first.min()), float(second.min()))
        high = max(float(first.max()), float(second.max()), low + 1e-12)
        grids[0].append(colour_map(first, low, high, signed=False))
        grids[1].append(colour_map(second, low, high, signed=False))
        grids[2].append(colour_map(change, -peak, peak, signed=True))
    return tuple([_at_least(each, _CELL) for each in grid] for grid in grids)


def _at_least(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Small maps with hard edges, so that cells show; large ones as they are."""
    height, width = picture.shape[:2]
    return enlarge(picture, side, side) if max(height, width) < side else picture
