"""Many maps on one grid, as one PNG. What each map means, its order and its labels are the caller's."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.palette import DIVERGING_LEVELS, SEQUENTIAL_LEVELS, encode_entries, map_palette, to_entries
from explorer.rendering.scaling import Scale, average_blocks, find_ranges, to_levels

MAXIMUM_BYTES: Final = 500_000  # of one grid's PNG
MAXIMUM_WIDTH: Final = 1400  # pixels; a wider grid would only be shrunk again by the page
SMALLEST_CELL: Final = 24  # pixels; below this a finger cannot hit a map
GRID_ASPECT: Final = 1.6


@dataclass(frozen=True)
class MapGrid:
    """A grid of maps and where each one lies on it. All lengths are pixels of the PNG.

    Attributes:
        png: The encoded picture, gaps transparent.
        width: Of the grid.
        height: Of the grid.
        columns: Cells in a full row; 0 when there is no map.
        rows: Number of rows; the last may be short.
        cell_width: Of one map as drawn.
        cell_height: Of one map as drawn.
        gap: Between neighbouring cells; none around the grid.
        count: Number of maps.
    """

    png: bytes
    width: int
    height: int
    columns: int
    rows: int
    cell_width: int
    cell_height: int
    gap: int
    count: int

    def box(self, i: int) -> tuple[int, int, int, int]:
        """Gives the pixels of map `i` as (left, top, right, bottom), right and bottom exclusive.

        Raises:
            IndexError: If there is no such map.
        """
        if not 0 <= i < self.count:
            raise IndexError(f"map {i} of {self.count}")
        left = i % self.columns * (self.cell_width + self.gap)
        top = i // self.columns * (self.cell_height + self.gap)
        return left, top, left + self.cell_width, top + self.cell_height


def draw_grid(
    maps: NDArray[np.floating],
    *,
    signed: bool,
    scale: Scale = "each",
    columns: int | None = None,
    magnify: int | None = None,
    gap: int | None = None,
    ranges: NDArray[np.float64] | None = None,
) -> MapGrid:
    """Draws maps side by side on one grid, in reading order.

    Small maps are magnified by a whole number, nearest neighbour, until a cell is about 24 pixels. Large ones are
    block-averaged by a whole number until the grid is at most 1400 pixels wide and 500 KB. Colours refer to the
    ranges of the maps as given, before averaging.

    Args:
        maps: (N, H, W), any real dtype; N may be 0.
        signed: Blue-white-red about zero instead of viridis.
        scale: "each" map on its own range, or one "shared" by all.
        columns: Cells in a row; by default what gives a grid of about 16:10.
        magnify: Pixels a value takes in both directions. When given, nothing is averaged and no limit holds.
        gap: Pixels between cells; by default 1 or 2, by their size.
        ranges: (N, 2) values at the two ends of the colours, in place of what `scale` would give; symmetric about
            zero where `signed`.

    Returns:
        The grid; a single transparent pixel for N = 0.

    Raises:
        ValueError: If `maps` is not (N, H, W) with H and W at least 1, or `columns` or `magnify` is below 1.
    """
    if maps.ndim != 3 or 0 in maps.shape[1:]:
        raise ValueError(f"maps must be (N, H, W) with H and W at least 1, not {maps.shape}")
    if (columns is not None and columns < 1) or (magnify is not None and magnify < 1):
        raise ValueError("columns and magnify must be at least 1")
    count, height, width = maps.shape
    palette = map_palette(signed=signed)
    if count == 0:
        return MapGrid(encode_entries(np.zeros((1, 1), np.uint8), palette), 1, 1, 0, 0, 0, 0, 0, 0)
    if not np.issubdtype(maps.dtype, np.floating) or maps.dtype == np.float16:
        maps = maps.astype(np.float32)  # half precision overflows where maps are averaged

    ranges = find_ranges(maps, signed=signed, scale=scale) if ranges is None else ranges
    factor = 1 if magnify else _fit_width(count, height, width, columns)
    while True:
        small = average_blocks(maps, factor)
        levels = to_levels(small, ranges, signed=signed, levels=DIVERGING_LEVELS if signed else SEQUENTIAL_LEVELS)
        grid = lay_out(to_entries(levels), columns, magnify, gap)
        png = encode_entries(grid.entries, palette)
        excess = len(png) / MAXIMUM_BYTES
        if 1 < excess < 1.1 and magnify is None:  # a tenth is what a slower search for repeats can win back
            png = encode_entries(grid.entries, palette, compress_level=6)
            excess = len(png) / MAXIMUM_BYTES
        if excess <= 1 or magnify is not None or max(small.shape[1:]) == 1:
            return grid.as_grid(png, count)
        # Bytes go with the area. The mean of a block is smoother than its cells, hence the 0.9.
        factor = max(factor + 1, math.floor(factor * math.sqrt(excess) * 0.9))


@dataclass(frozen=True)
class Grid:
    """Cells laid out, not yet encoded; the other lengths as in `MapGrid`."""

    entries: NDArray[np.uint8]  # (grid height, grid width), or (grid height, grid width, channels)
    columns: int
    rows: int
    cell_width: int
    cell_height: int
    gap: int

    def as_grid(self, png: bytes, count: int) -> MapGrid:
        """The places of `count` cells, and the picture."""
        height, width = self.entries.shape[:2]
        return MapGrid(png, width, height, self.columns, self.rows, self.cell_width, self.cell_height, self.gap, count)


def _choose_gap(cell_height: int, cell_width: int) -> int:
    return 2 if max(cell_height, cell_width) >= 16 else 1


def _choose_columns(count: int, cell_height: int, cell_width: int, gap: int) -> int:
    """Weighs the distance from the wished aspect against empty places in the last row."""
    ideal = math.sqrt(count * GRID_ASPECT * (cell_height + gap) / (cell_width + gap))

    def cost(columns: int) -> float:
        return abs(math.log(columns / ideal)) + 1 - count / (-(-count // columns) * columns)

    return min(range(max(1, int(ideal / 1.5)), min(count, math.ceil(ideal * 1.5)) + 1), key=cost, default=count)


def _fit_width(count: int, height: int, width: int, columns: int | None) -> int:
    """The smallest block side with which a grid of the wished shape is at most `MAXIMUM_WIDTH` wide."""
    for factor in range(1, max(height, width)):
        cell_height, cell_width = -(-height // factor), -(-width // factor)
        gap = _choose_gap(cell_height, cell_width)
        across = min(count, columns or _choose_columns(count, cell_height, cell_width, gap))
        if across * (cell_width + gap) - gap <= MAXIMUM_WIDTH or max(cell_height, cell_width) <= SMALLEST_CELL:
            return factor
    return 1


def lay_out(entries: NDArray[np.uint8], columns: int | None, magnify: int | None, gap: int | None = None) -> Grid:
    """Puts (N, h, w) palette entries, or (N, h, w, channels) colours, on a grid, magnified where they are tiny.

    Gaps are zero in every channel.
    """
    count, height, width, *channels = entries.shape
    times = magnify or max(1, math.ceil(SMALLEST_CELL / max(height, width)))
    cell_height, cell_width = height * times, width * times
    gap = _choose_gap(cell_height, cell_width) if gap is None else gap
    if columns is None:
        columns = _choose_columns(count, cell_height, cell_width, gap)
        if magnify is None:  # magnified cells cannot be averaged smaller, so the row is broken earlier
            columns = max(1, min(columns, (MAXIMUM_WIDTH + gap) // (cell_width + gap)))
    columns = min(columns, count)
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, cell_height + gap, cell_width + gap, *channels), np.uint8)
    cells[:count, :cell_height, :cell_width] = entries.repeat(times, axis=1).repeat(times, axis=2)
    grid = cells.reshape(rows, columns, *cells.shape[1:]).swapaxes(1, 2)
    grid = grid.reshape(rows * (cell_height + gap), columns * (cell_width + gap), *channels)
    grid = grid[: grid.shape[0] - gap, : grid.shape[1] - gap]
    return Grid(grid, columns, rows, cell_width, cell_height, gap)
