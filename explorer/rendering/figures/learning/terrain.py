"""A loss of two numbers as bands, with paths down it, as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import SERIES, UNDEFINED

_BANDS: Final = 14
_DASHES: Final = ("-", (0, (6, 3)), (0, (1.5, 2)), "-.", (0, (3, 2)), (0, (9, 3)), (0, (2, 4)))
_MARKERS: Final = "os^Dvp*"


class PathLine(NamedTuple):
    """One path.

    Attributes:
        label: What the legend says.
        kind: Which colour, dash and marker.
        places: (N, 2) x and y, at least one; what is outside of the picture is cut off.
    """

    label: str
    kind: int
    places: NDArray[np.float64]


def terrain_picture(losses: NDArray[np.float64], reach: float, lines: Sequence[PathLine], title: str) -> bytes:
    """Draws the terrain on white, for a paper or a slide.

    Args:
        losses: (N, N), some of them finite, at places from -reach to reach, a row for each y from below; what is not
            finite stays grey.
        reach: Of the picture, in both directions.
        lines: In the order of the legend, at least one; all begin at the same place.
        title: Over the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Not pyplot: its current figure is one for all threads of a server.
    figure = Figure(figsize=(7, 7.5 + 0.22 * len(lines)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(facecolor=[part / 255 for part in UNDEFINED])
    places = np.linspace(-reach, reach, len(losses))
    known = np.ma.masked_invalid(losses)
    # Each band is wider than the one below, so that the lowest places have lines too.
    levels = np.unique(np.quantile(known.compressed(), np.linspace(0, 1, _BANDS + 1) ** 2))
    if len(levels) > 1:
        shades = [str(shade) for shade in np.linspace(1, 0.72, len(levels) - 1)]  # of grey, as Matplotlib writes them
        axes.contourf(places, places, known, levels, colors=shades)
        axes.contour(places, places, known, levels, colors="0.6", linewidths=0.5, linestyles="solid")
    for label, kind, path in lines:
        (drawn,) = axes.plot(*path.T, label=label, color=SERIES[kind], linestyle=_DASHES[kind], linewidth=2)
        drawn.set(marker=_MARKERS[kind], markersize=9, markeredgecolor="white", markevery=[len(path) - 1])
    axes.plot(*lines[0].places[0], "ko", markersize=9, markerfacecolor="none", markeredgewidth=2, label="start")
    figure.legend(loc="outside lower left", frameon=False)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="x", ylabel="y")
    axes.set_title(title, fontsize=min(12.0, 900 / max(1, len(title))))  # a formula of 80 characters fits
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
