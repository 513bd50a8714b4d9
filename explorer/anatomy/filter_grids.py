"""The filters of a convolution on grids: all of them, and those that are most like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.convolutions import Convolution
from explorer.anatomy.filters import FilterOrder, FilterSummary, most_similar, strongest_slices, unit_filters
from explorer.rendering import GRID_ASPECT, MapGrid, Scale, colour_kernels, draw_grid, weight_matrix
from explorer.snippet import snippet

FILTERS_ON_A_PAGE = 512
ROWS_ON_A_PAGE = 256  # filters of a 1x1 convolution, each a row of a matrix of up to 2048 columns
GAP = 4  # pixels between kernels: they have no frame of their own
_GRID_WIDTH, _NARROW_WIDTH = 500, 300  # pixels; the places on the page that grids stand in
_LARGEST_CELL, _SMALLEST_CELL = 96, 24  # pixels


@dataclass(frozen=True)
class FilterGrid:
    """One page of the filters of a convolution.

    Attributes:
        grid: the picture, and where each filter lies on it.
        filters: number of each filter on the page.
        labels: a line for each.
        drawn: what a cell shows.
        scale: what the colours go by.
    """

    grid: MapGrid
    filters: tuple[int, ...]
    labels: tuple[str, ...]
    drawn: str
    scale: Scale


def drawn_as_matrix(convolution: Convolution) -> bool:
    """Whether the filters are best seen as rows of a matrix: their kernels are single cells."""
    return convolution.pointwise and convolution.depth > 1 and not convolution.sees_photo


def pages_of(convolution: Convolution) -> int:
    """How many grids the filters take."""
    return -(-convolution.out_channels // (ROWS_ON_A_PAGE if drawn_as_matrix(convolution) else FILTERS_ON_A_PAGE))


def draw_filters(
    convolution: Convolution,
    weights: NDArray[np.float32],
    summary: FilterSummary,
    order: FilterOrder,
    scale: Scale,
    page: int,
    part: int | None,
) -> FilterGrid:
    """One page of the filters, in the wanted order.

    Args:
        convolution: whose filters.
        weights: (out, in / groups, kh, kw).
        summary: of them.
        order, scale: as wanted.
        page: counted from 1.
        part: the slice to show of every filter; None for all colours, all weights, or each filter's strongest slice.
    """
    matrix = drawn_as_matrix(convolution) and part is None
    many = ROWS_ON_A_PAGE if drawn_as_matrix(convolution) else FILTERS_ON_A_PAGE
    shown = summary.order(order)[(page - 1) * many : page * many]
    magnify = _magnify(convolution.kernel, len(shown), _GRID_WIDTH)
    slices = np.full(len(weights), part or 0) if part is not None else strongest_slices(weights)
    if matrix:
        picture, drawn = weight_matrix(weights[shown, :, 0, 0], scale=scale), "Every row is a filter, every column an"
        drawn += " input channel it reads."
    elif convolution.sees_photo and part is None:
        picture, drawn = (
            colour_kernels(weights[shown], scale=scale, magnify=magnify, gap=GAP),
            "Every filter in its colours.",
        )
    else:
        scale = "shared" if convolution.pointwise else scale  # a single weight would always be its own largest
        picture = draw_grid(weights[shown, slices[shown]], signed=True, scale=scale, magnify=magnify, gap=GAP)
        if convolution.depth == 1:
            drawn = "Every filter has one slice."
        elif part is None:
            drawn = "Of every filter its strongest slice."
        else:
            drawn = f"Of every filter slice {part}."
    with_slice = convolution.depth > 1 and not matrix and not (convolution.sees_photo and part is None)
    labels = tuple(summary.describe(number, int(slices[number]) if with_slice else None) for number in shown)
    return FilterGrid(picture, tuple(shown.tolist()), labels, drawn, scale)


def _magnify(kernel: tuple[int, int], count: int, width: int) -> int:
    """Pixels of a weight, so that a grid of `count` kernels is about as wide as its place on the page."""
    cell = min(_LARGEST_CELL, width / sqrt(GRID_ASPECT * max(1, count)) - GAP)
    return max(1, round(max(cell, _SMALLEST_CELL) / max(kernel)))


def draw_similar(
    convolution: Convolution, weights: NDArray[np.float32], number: int, count: int
) -> tuple[tuple[tuple[int, float], ...], MapGrid]:
    """The filters most similar to one, with their cosines, and a grid of them.

    Args:
        convolution: whose filters.
        weights: (out, in / groups, kh, kw).
        number: of the one.
        count: how many at most.
    """
    found = most_similar(unit_filters(weights), number, count)
    shown = weights[[other for other, _ in found]]
    side = max(weights.shape[2:])
    magnify = max(1, _LARGEST_CELL // side)
    if not found:  # the others have no direction
        picture = draw_grid(np.zeros((0, 1, 1)), signed=True)
    elif convolution.sees_photo:
        picture = colour_kernels(shown, magnify=magnify, columns=3, gap=GAP)
    elif side == 1 and weights.shape[1] > 1:
        row_height = 20 * -(-weights.shape[1] // _NARROW_WIDTH)  # what is left of it where the grid is shrunk is 20
        picture = weight_matrix(shown[:, :, 0, 0], scale="each", row_height=row_height)
    else:
        # The slice that is strongest in the chosen filter, so that like is seen beside like.
        part = int(strongest_slices(weights[number : number + 1])[0])
        scale: Scale = "shared" if side == 1 else "each"
        picture = draw_grid(shown[:, part], signed=True, scale=scale, magnify=magnify, columns=3, gap=GAP)
    return tuple(found), picture


def filter_snippet(
    opening: Sequence[str], convolution: Convolution, number: int, part: int, silenced: tuple[int, ...]
) -> str:
    """Python that gives the weights on the page, and the prediction without the silenced filters.

    `opening` are lines that give `model`, and where filters are silenced `preprocessing` and `image`.
    """
    lines = [
        *opening,
        "from explorer.anatomy import filter_weights, summarise_filters",
        f"weights = filter_weights(model.network.get_submodule({convolution.path!r}))  # (out, in / groups, kh, kw)",
        "summary = summarise_filters(weights)",
        "print(weights.shape, weights.mean(), int(summary.dead.sum()), len(summary.duplicates))",
        f"print(summary.norms[{number}], weights[{number}, {part}])",
    ]
    if silenced:
        lines += [
            "from explorer.anatomy import Edit, record",
            "x = preprocessing.tensor(image)",
            f"edit = Edit({convolution.edited_layer!r}, channels={silenced!r})",
            "before = record(model, x, layers=[]).probabilities",
            "after = record(model, x, layers=[], edits=[edit]).probabilities",
            "best = int(before.argmax())",
            "print(model.classes[best], before[best].item(), after[best].item())",
        ]
    return snippet(*lines)
