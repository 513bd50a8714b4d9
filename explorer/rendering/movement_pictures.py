"""The charts of `movement_figures` as PNGs on white, for a paper or a slide."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import FROZEN, SERIES, TRAINABLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Grid

_SYMBOLS: Final = ("o", "D", "s", "^", "X", "P", "*", "h")
_NAMES: Final = 16  # classes, above which a legend would be larger than the picture


def movement_picture(moved: Mapping[str, float]) -> bytes:
    """How far each layer moved, as bars.

    Args:
        moved: as for `movement_bars`.
    """
    names = [name for name, value in moved.items() if math.isfinite(value)]
    values = [100.0 * moved[name] for name in names]
    grid = _grid(7.0, 1.2 + 0.17 * max(1, len(names)))
    axes = grid.add_subplot()
    axes.barh(range(len(names)), values, color=[TRAINABLE if value else FROZEN for value in values])
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set(xlabel="distance moved, in percent of the weights' length", ylim=(len(names) - 0.4, -0.6))
    return _encode(grid)


def scatter_picture(
    panels: Mapping[str, NDArray[np.floating]], labels: NDArray[np.integer], classes: Sequence[str]
) -> bytes:
    """Pictures as points, one panel beside the other.

    Args:
        panels: (N, 2) points by the panel's title.
        labels: (N,), places in `classes`.
        classes: Names.

    Raises:
        ValueError: If a panel has another number of points than there are labels.
    """
    grid = _grid(4.6 * max(1, len(panels)), 5.2)
    for place, (title, points) in enumerate(panels.items(), start=1):
        if len(points) != len(labels):
            raise ValueError(f"{len(points)} points but {len(labels)} labels")
        axes = grid.add_subplot(1, len(panels), place)
        for number in range(len(classes)):
            own = points[labels == number]
            symbol, colour = _SYMBOLS[number // len(SERIES) % len(_SYMBOLS)], SERIES[number % len(SERIES)]
            axes.scatter(own[:, 0], own[:, 1], s=22, color=colour, marker=symbol, alpha=0.85)
        axes.set(title=title, xticks=[], yticks=[], aspect="equal", adjustable="datalim")
    if classes and len(classes) <= _NAMES:
        marks = list(grid.axes[0].collections)
        legend = grid.legend(marks, list(classes), loc="outside lower left", ncols=4, frameon=False, fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)  # a class may be "$", which would begin a formula
    return _encode(grid)


def _grid(width: float, height: float) -> Grid:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Grid

    # Not pyplot: its current figure is one for all threads of a server.
    grid = Grid(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(grid)
    return grid


def _encode(grid: Grid) -> bytes:
    buffer = io.BytesIO()
    grid.savefig(buffer, format="png")
    return buffer.getvalue()
