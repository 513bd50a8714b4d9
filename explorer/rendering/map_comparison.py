"""Maps before a change, after it, and their difference, side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.enlarging import colour_map, enlarge
from explorer.rendering.picture_sheets import fit_picture, picture_sheet

_CELL = 84  # pixels of a map on the sheet

Maps = NDArray[np.floating]


def change_sheets(before: Maps, after: Maps, difference: Maps) -> tuple[bytes, bytes, bytes]:
    """Three sheets as PNG, four maps in a row. Before and after share a map's scale; all differences have one.

    Args:
        before, after, difference: (N, H, W).
    """
    first, second, third = (
        picture_sheet(sheet, columns=4, side=_CELL, gap=4).png for sheet in _coloured(before, after, difference)
    )
    return first, second, third


def change_rows(before: Maps, after: Maps, difference: Maps) -> NDArray[np.uint8]:
    """One picture with a row for each map: before, after, difference. Arguments as for `change_sheets`."""
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
    sheets: tuple[list[NDArray[np.uint8]], ...] = ([], [], [])
    for first, second, change in zip(before, after, difference, strict=True):
        low = min(0.0, float(first.min()), float(second.min()))
        high = max(float(first.max()), float(second.max()), low + 1e-12)
        sheets[0].append(colour_map(first, low, high, signed=False))
        sheets[1].append(colour_map(second, low, high, signed=False))
        sheets[2].append(colour_map(change, -peak, peak, signed=True))
    return tuple([_at_least(each, _CELL) for each in sheet] for sheet in sheets)


def _at_least(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Small maps with hard edges, so that cells show; large ones as they are."""
    height, width = picture.shape[:2]
    return enlarge(picture, side, side) if max(height, width) < side else picture
