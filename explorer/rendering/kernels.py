"""Weights as pictures: kernels in colour, matrices of weights and connections, and one kernel in numbers.

Kernels of a single channel are maps like others: `draw_grid(..., signed=True)` draws them.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering.colours import DIVERGING, SEQUENTIAL
from explorer.rendering.figures.basic import dress
from explorer.rendering.map_grid import MapGrid, lay_out
from explorer.rendering.overlay import encode_png
from explorer.rendering.palette import DIVERGING_LEVELS, encode_entries, map_palette, to_entries
from explorer.rendering.scaling import Scale, average_blocks, find_ranges, to_levels

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MATRIX_WIDTH: Final = 540  # pixels of a grid up to which weights are magnified
MATRIX_HEIGHT: Final = 512
MOST_COLUMNS: Final = 2048
MOST_DOTS: Final = 256  # channels a side; more would be finer than the page draws
_GREY: Final = 128
_LARGEST_WEIGHT: Final = 16  # pixels
_SLICE, _SLICE_GAP, _SLICES_WIDTH = 36, 4, 330  # pixels of a slice's longer side, between slices, and of a row
_EDGE_ENTRY, _EDGE = 255, (113, 123, 137)  # the one entry that the colours leave; as dark on a white page as on black


def colour_kernels(
    kernels: NDArray[np.floating],
    *,
    scale: Scale = "each",
    columns: int | None = None,
    magnify: int | None = None,
    gap: int | None = None,
) -> MapGrid:
    """Draws kernels over red, green and blue in colour, on a grid like that of `grid`.

    A weight of 0 is middle grey, 128; the largest magnitude m reaches 1 (-m) or 255 (+m). So a kernel looks like the
    patch of a photo, against a grey ground, that it answers to most.

    Args:
        kernels: (N, 3, kh, kw), any real dtype; N may be 0.
        scale: m of "each" kernel, over its three channels, or one "shared" by all.
        columns: Cells in a row; by default what gives a grid of about 16:10.
        magnify: Pixels a weight takes in both directions; by default what makes a cell about 24 pixels.
        gap: Pixels between cells; by default 1 or 2, by their size.

    Returns:
        The grid, gaps transparent; a single transparent pixel for N = 0. Weights that are not finite are drawn
        as 0.

    Raises:
        ValueError: If `kernels` is not (N, 3, kh, kw).
    """
    if kernels.ndim != 4 or kernels.shape[1] != 3 or 0 in kernels.shape[2:]:
        raise ValueError(f"kernels must be (N, 3, kh, kw), not {kernels.shape}")
    count, _, height, width = kernels.shape
    if count == 0:
        return MapGrid(_encode_rgba(np.zeros((1, 1, 4), np.uint8)), 1, 1, 0, 0, 0, 0, 0, 0)
    finite = np.where(np.isfinite(kernels), kernels, 0.0).astype(np.float64)
    largest = find_ranges(finite.reshape(count, 3 * height, width), signed=True, scale=scale)[:, 1]
    steps = finite / np.where(largest > 0, largest, 1.0)[:, None, None, None]
    pixels = np.full((count, height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.rint(_GREY + 127 * steps).astype(np.uint8).transpose(0, 2, 3, 1)
    grid = lay_out(pixels, columns, magnify, gap)
    return grid.as_grid(_encode_rgba(grid.entries), count)


def kernel_slices(kernel: NDArray[np.floating]) -> bytes:
    """Draws the slices of one kernel side by side, blue-white-red about zero on one scale, each with an edge.

    The edge keeps slices about zero apart, which are as white as a page.

    Args:
        kernel: (D, kh, kw), any real dtype, D at least 1.
    """
    kernel = kernel.astype(np.float32)
    levels = to_levels(kernel, find_ranges(kernel, signed=True, scale="shared"), signed=True, levels=DIVERGING_LEVELS)
    times = max(1, _SLICE // max(kernel.shape[1:]))
    cells = to_entries(levels).repeat(times, axis=1).repeat(times, axis=2)
    framed = np.pad(cells, ((0, 0), (1, 1), (1, 1)), constant_values=_EDGE_ENTRY)
    columns = min(len(kernel), max(1, _SLICES_WIDTH // (framed.shape[2] + _SLICE_GAP)))
    palette = map_palette(signed=True)
    palette[_EDGE_ENTRY] = _EDGE
    return encode_entries(lay_out(framed, columns, 1, _SLICE_GAP).entries, palette)


def weight_matrix(weights: NDArray[np.floating], *, scale: Scale = "shared", row_height: int | None = None) -> MapGrid:
    """Draws a matrix of weights, blue-white-red about zero; every row is a cell of the grid.

    Args:
        weights: (N, M), any real dtype.
        scale: "each" row on its own, or one "shared" by all.
        row_height: In pixels; by default what leaves the grid within 512 pixels, at most 16.

    Returns:
        The grid, without gaps. A column is as many whole pixels wide, at most 16, as leave the grid within 540;
        where there are more than 2048 columns, neighbours are averaged.

    Raises:
        ValueError: If `weights` is not (N, M) with both at least 1.
    """
    if weights.ndim != 2 or weights.size == 0:
        raise ValueError(f"weights must be (N, M) with both at least 1, not {weights.shape}")
    rows = weights[:, None, :].astype(np.float32)  # (N, 1, M)
    ranges = find_ranges(rows, signed=True, scale=scale)
    rows = average_blocks(rows, -(-rows.shape[2] // MOST_COLUMNS))
    count, _, width = rows.shape
    across = max(1, min(_LARGEST_WEIGHT, MATRIX_WIDTH // width))
    down = row_height or max(1, min(_LARGEST_WEIGHT, MATRIX_HEIGHT // count))
    levels = to_levels(rows, ranges, signed=True, levels=DIVERGING_LEVELS)[:, 0]  # (N, M)
    entries = to_entries(levels).repeat(down, axis=0).repeat(across, axis=1)
    png = encode_entries(entries, map_palette(signed=True))
    return MapGrid(png, width * across, count * down, 1, count, width * across, down, 0, count)


def connection_picture(matrix: NDArray[np.bool_], *, size: int = 320) -> bytes:
    """Draws which of M inputs each of N outputs reads, a row for each output: viridis, dark for no and yellow for yes.

    Above 256 channels a side, a dot stands for several neighbours and is yellow where any of them are connected.

    Args:
        matrix: (N, M).
        size: The most pixels the longer side may take.

    Raises:
        ValueError: If `matrix` is not (N, M) with both at least 1.
    """
    if matrix.ndim != 2 or matrix.size == 0:
        raise ValueError(f"a matrix is (N, M) with both at least 1, not {matrix.shape}")
    step = dot_side(matrix.shape)
    rows, columns = (np.arange(0, side, step) for side in matrix.shape)
    dots = np.logical_or.reduceat(np.logical_or.reduceat(matrix, rows, axis=0), columns, axis=1)
    times = max(1, size // max(dots.shape))
    return encode_png(SEQUENTIAL[np.where(dots, 255, 0)].repeat(times, axis=0).repeat(times, axis=1))


def dot_side(shape: tuple[int, ...]) -> int:
    """How many channels a side one dot of `connection_picture` stands for."""
    return -(-max(shape) // MOST_DOTS)


def kernel_numbers(kernel: NDArray[np.floating]) -> Figure:
    """Draws one slice of a kernel with its numbers in the cells, blue-white-red about zero, exact ones on hover.

    Args:
        kernel: (kh, kw).

    Raises:
        ValueError: If `kernel` is not (kh, kw) with both at least 1.
    """
    from plotly import graph_objects as go

    if kernel.ndim != 2 or kernel.size == 0:
        raise ValueError(f"a slice is (kh, kw), not {kernel.shape}")
    height, width = kernel.shape
    finite = kernel[np.isfinite(kernel)]
    largest = (float(np.abs(finite).max()) if finite.size else 0.0) or 1.0
    table = DIVERGING[1:]  # row 0 repeats row 1
    stops = [(row / 254, "rgb({}, {}, {})".format(*table[row])) for row in range(0, 255, 2)]
    rows, columns = np.indices(kernel.shape)
    cells = {
        "type": "heatmap",
        "z": kernel,
        "zmin": -largest,
        "zmax": largest,
        "colorscale": stops,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        # A float32 has at most nine digits that say anything.
        "customdata": [[f"{value:.9g}" for value in row] for row in kernel.tolist()],
        "hovertemplate": "row %{y}, column %{x}: %{customdata}<extra></extra>",
    }
    words = {
        "type": "scatter",
        "x": columns.ravel(),
        "y": rows.ravel(),
        "mode": "text",
        "text": [f"{value:.3g}" for value in kernel.ravel().tolist()],
        # White on the dark ends of the scale, black on the rest, in both themes.
        "textfont": {
            "size": max(8, min(15, 120 // width)),
            "color": np.where(np.abs(kernel.ravel()) > 0.6 * largest, "#ffffff", "#000000").tolist(),
        },
        "hoverinfo": "skip",
        "showlegend": False,
    }
    axis = {"dtick": 1, "showgrid": False, "zeroline": False, "fixedrange": True}
    across = {"side": "top", "range": [-0.5, width - 0.5], **axis}
    # In one go: a figure that is filled trace by trace checks every colour of the scale again.
    figure = go.Figure([cells, words], {"xaxis": across, "yaxis": {"range": [height - 0.5, -0.5], **axis}})
    return dress(figure, "", height=max(150, min(420, 60 + 42 * height)), top=24)


def _encode_rgba(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of (H, W, 4)."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
