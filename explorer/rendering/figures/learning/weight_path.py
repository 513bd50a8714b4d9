"""The way of two weights over the contours of their loss, both axes in one unit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_CONTOURS: Final = 14  # about
_FIRST, _SECOND = "weight of the first column", "of the second"


class WeightPath(NamedTuple):
    """One way.

    Attributes:
        weights: (N,) that both axes run over, rising.
        losses: (N, N), a row for each value of the second weight.
        path: (steps, 2); nothing is drawn from where it is too far beyond the frame.
        best: the weights at which the loss is least.
        title: of the figure.
    """

    weights: NDArray[np.float64]
    losses: NDArray[np.float64]
    path: NDArray[np.float64]
    best: tuple[float, float]
    title: str

    @property
    def frame(self) -> tuple[float, float]:
        """Both ends of both axes."""
        return float(self.weights[0]), float(self.weights[-1])

    @property
    def shown(self) -> NDArray[np.float64]:
        """(T, 2) of the path. Lines out of the frame are cut by it; only what is far beyond would upset them."""
        low, high = self.frame
        apart = np.abs(self.path - np.array(self.best)).max(axis=1)
        inside = apart <= 3 * (high - low)  # which a NaN is not
        return self.path[: len(self.path) if inside.all() else int(inside.argmin())]


def weight_path(way: WeightPath) -> Figure:
    """Draws contours at even steps of the loss's root, so that a bowl has evenly spaced ones."""
    from plotly import graph_objects as go

    shown, (low, high) = way.shown, way.frame
    hover = {"hovertemplate": "step %{text}: %{x:.4g}, %{y:.4g}<extra></extra>"}
    figure = go.Figure(
        [
            {
                "type": "contour",
                "x": way.weights,
                "y": way.weights,
                "z": np.sqrt(way.losses),
                "ncontours": _CONTOURS,
                "contours": {"coloring": "none"},
                "line": {"color": PREVIOUS, "width": 1},
                "showscale": False,
                "hoverinfo": "skip",
                "name": "contours of the loss",
                "showlegend": False,
            },
            {
                "x": shown[:, 0],
                "y": shown[:, 1],
                "text": [str(step) for step in range(len(shown))],
                "mode": "lines+markers",
                "line": {"color": SERIES[1], "width": 2},
                "marker": {"size": 5},
                "name": "gradient descent",
                **hover,
            },
            {
                "x": [way.best[0]],
                "y": [way.best[1]],
                "mode": "markers",
                "marker": {"symbol": "star", "size": 14, "color": ACCENT},
                "name": "best",
                "hovertemplate": "best: %{x:.4g}, %{y:.4g}<extra></extra>",
            },
        ],
        {
            "xaxis": {"title": _FIRST, "range": [low, high], "constrain": "domain"},
            "yaxis": {"title": _SECOND, "range": [low, high], "scaleanchor": "x", "constrain": "domain"},
            "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0.0},
        },
    )
    return dress(figure, way.title, height=400)


def weight_path_picture(ways: Sequence[WeightPath]) -> bytes:
    """The same, one beside the other, as a PNG on white for a paper or a slide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    # Not pyplot: its current figure is one for all threads of a server.
    drawing = Drawing(figsize=(5 * len(ways), 5.2), dpi=120, layout="constrained")
    FigureCanvasAgg(drawing)
    for axes, way in zip(drawing.subplots(1, len(ways), squeeze=False)[0], ways, strict=True):
        axes.contour(way.weights, way.weights, np.sqrt(way.losses), levels=_CONTOURS, colors=PREVIOUS, linewidths=0.8)
        axes.plot(*way.shown.T, "o-", color=SERIES[1], markersize=4, label="gradient descent")
        axes.plot(*way.best, "*", color=ACCENT, markersize=14, label="best")
        axes.set(xlim=way.frame, ylim=way.frame, aspect="equal", xlabel=_FIRST, ylabel=_SECOND)
        axes.set_title(way.title, loc="left", fontsize=10)
    axes.legend(loc="upper left", fontsize=8)
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png")
    return buffer.getvalue()
