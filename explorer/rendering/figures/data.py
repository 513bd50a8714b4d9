"""Figures of a data set before it is learned from: how many pictures of each class and part, and how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLOURS: Final = (ACCENT, PREVIOUS, SERIES[2])
_LONGEST: Final = 24  # letters of a class's name beside its bar


def count_bars(classes: Sequence[str], counts: NDArray[np.int64], parts: Sequence[str]) -> Figure:
    """Draws one bar for each class, the first on top, with a piece for each part.

    Args:
        classes: Names, untrusted text.
        counts: (K, P) pictures of each class in each part.
        parts: Names, at most three.

    Raises:
        ValueError: If there is not a row for each class and a column for each part.
    """
    from plotly import graph_objects as go

    if counts.shape != (len(classes), len(parts)):
        raise ValueError(f"{len(classes)} classes and {len(parts)} parts but {counts.shape} counts")
    figure = go.Figure()
    names = [plain(name, _LONGEST) for name in classes]
    room = len(classes) <= 20
    for column, part in enumerate(parts):
        figure.add_bar(
            y=list(range(len(classes))),
            x=counts[:, column].tolist(),
            name=part,
            orientation="h",
            marker={"color": _COLOURS[column], "line": {"width": 0}},
            text=[f"{count:,}" if count else "" for count in counts[:, column].tolist()] if room else None,
            textposition="inside",
            insidetextanchor="middle",
            customdata=names,
            hovertemplate="%{customdata}, " + part + ": %{x:,}<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(classes))), ticktext=names, showgrid=False)
    if not room:
        figure.update_yaxes(tickvals=None, ticktext=None, showticklabels=False)
    figure.update_xaxes(rangemode="tozero", nticks=6)
    legend = {"orientation": "h", "traceorder": "normal", "y": 1.0, "yanchor": "bottom", "x": 0.0}
    figure.update_layout(barmode="stack", legend=legend)
    return dress(figure, "Pictures of each class", height=126 + (30 if room else 8) * len(classes), top=68)


def size_points(sizes: NDArray[np.int64]) -> Figure:
    """Draws a point for every size that pictures have, larger where more have it.

    Args:
        sizes: (N, 2) width and height in pixels.
    """
    from plotly import graph_objects as go

    found, counts = np.unique(sizes, axis=0, return_counts=True)
    figure = go.Figure(
        go.Scatter(
            x=found[:, 0].tolist(),
            y=found[:, 1].tolist(),
            mode="markers",
            marker={
                "color": ACCENT,
                "opacity": 0.6,
                "size": (6 + 18 * np.sqrt(counts / counts.max())).tolist(),
                "line": {"width": 0},
            },
            customdata=counts.tolist(),
            hovertemplate="%{x} × %{y} pixels: %{customdata:,}<extra></extra>",
            name="sizes",
        )
    )
    figure.update_xaxes(title="width (pixels)", rangemode="tozero")
    figure.update_yaxes(title="height (pixels)", rangemode="tozero")
    return dress(figure, "Sizes of the pictures", height=300)
