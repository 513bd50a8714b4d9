"""Coarse pictures side by side at one display size, every cell a hard-edged rectangle, and cells marked on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.map_grid import MapGrid
from explorer.rendering.overlay import encode_png
from explorer.rendering.palette import DIVERGING_LEVELS, SEQUENTIAL_LEVELS, map_palette, to_entries
from explorer.rendering.scaling import find_ranges, to_levels

_DARK: Final = (0, 0, 0)
_LIGHT: Final = (255, 214, 10)  # black about yellow: one of the two stands out on any photo
_DIMMED: Final = 0.65  # of a picture's brightness, so that dots stand out
_GAP: Final = 8  # pixels


def colour_map(values: NDArray[np.floating], low: float, high: float, *, signed: bool) -> NDArray[np.uint8]:
    """Turns a map into colours by a range that several pictures share.

    Args:
        values: (H, W), any real dtype.
        low, high: at the ends of the colour table; values beyond take the ends.
        signed: blue-white-red about zero instead of viridis.

    Returns:
        (H, W, 3) uint8.
    """
    levels = to_levels(
        values.astype(np.float32)[None],
        np.array([[low, high]], dtype=np.float64),
        signed=signed,
        levels=DIVERGING_LEVELS if signed else SEQUENTIAL_LEVELS,
    )
    return np.asarray(map_palette(signed=signed)[to_entries(levels)[0]])


def as_picture(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A photo (3, H, W) or a grey one (1, H, W), 0 to 1, as (H, W, 3) uint8."""
    pixels = (values.transpose(1, 2, 0) * 255).round().clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def colour_alike(pictures: Sequence[NDArray[np.floating]]) -> list[NDArray[np.uint8]]:
    """Colours photos, or maps by the range of the first.

    Args:
        pictures: (3, H, W) photos, 0 to 1, or (1, H, W) maps, of any sizes.

    Returns:
        (H, W, 3) uint8 of each.
    """
    if len(pictures[0]) == 3:
        return [as_picture(each) for each in pictures]
    signed = bool(pictures[0].min() < 0)
    low, high = find_ranges(pictures[0], signed=signed)[0].tolist()
    return [colour_map(each[0], low, high, signed=signed) for each in pictures]


def enlarge(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Brings a picture to a size without blending neighbours.

    Cells become rectangles whose sides differ by at most a pixel; more cells than pixels lose some.

    Args:
        picture: (H, W, 3) uint8.
        height, width: in pixels.
    """
    rows, columns = picture.shape[:2]
    return picture[np.arange(height) * rows // height][:, np.arange(width) * columns // width]


def enlarge_cells(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Every pixel of a picture (H, W, 3) a square of whole pixels, as large as the height fits into `side`."""
    times = max(1, side // picture.shape[0])
    return np.ascontiguousarray(picture.repeat(times, axis=0).repeat(times, axis=1))


def mark_cells(picture: NDArray[np.uint8], cells: NDArray[np.integer], size: int) -> NDArray[np.uint8]:
    """Draws a dot, yellow in black, on some cells of a picture that is enlarged by a whole number and dimmed.

    Args:
        picture: (H, W, 3) uint8.
        cells: (N, 2) rows and columns.
        size: of the longer side in pixels; where it leaves less than 4 for a cell, a cell takes 4.
    """
    height, width = picture.shape[:2]
    times = max(4, size // max(height, width))
    dimmed = (picture * _DIMMED).astype(np.uint8)
    large = dimmed.repeat(times, axis=0).repeat(times, axis=1)
    marked = np.zeros((height, width), bool)
    marked[cells[:, 0], cells[:, 1]] = True
    places = marked.repeat(times, axis=0).repeat(times, axis=1)
    offsets = np.abs(np.arange(times) - (times - 1) / 2)
    distance = np.hypot(offsets[:, None], offsets[None, :])  # from the middle of a cell
    tiles = (height, width)
    large[places & np.tile(distance <= 0.55 * times, tiles)] = _DARK
    large[places & np.tile(distance <= max(0.75, 0.38 * times), tiles)] = _LIGHT
    return np.asarray(large)


def join_pictures(pictures: Sequence[NDArray[np.uint8]], columns: int) -> NDArray[np.uint8]:
    """Lays pictures of one size out in rows on white.

    Args:
        pictures: (H, W, 3) uint8 each, at least one.
        columns: pictures in a full row.

    Returns:
        (rows, columns) of them, 8 pixels apart.
    """
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    grid = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (height + _GAP), place % columns * (width + _GAP)
        grid[top : top + height, left : left + width] = picture
    return grid


def cut_up(photo: NDArray[np.uint8], rows: int, columns: int) -> MapGrid:
    """A photo (H, W, 3) as a grid of cells, a pixel apart; its sides are multiples of their numbers."""
    high, wide = photo.shape[0] // rows, photo.shape[1] // columns
    grid = np.zeros((rows * (high + 1), columns * (wide + 1), 3), np.uint8)
    parted = grid.reshape(rows, high + 1, columns, wide + 1, 3)
    parted[:, :high, :, :wide] = photo.reshape(rows, high, columns, wide, 3)
    grid = grid[:-1, :-1]  # none after the last
    return MapGrid(encode_png(grid), grid.shape[1], grid.shape[0], columns, rows, wide, high, 1, rows * columns)
