"""The way of two weights over the contours of their loss, both axes in one unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def weight_path(
    weights: NDArray[np.float64],
    losses: NDArray[np.float64],
    path: NDArray[np.float64],
    best: tuple[float, float],
    title: str,
) -> Figure:
    """Draws contours at even steps of the loss's root, so that a bowl has evenly spaced ones.

    Args:
        weights: (N,) that both axes run over, rising.
        losses: (N, N), a row for each value of the second weight.
        path: (steps, 2); from where it leaves the frame for good, nothing is drawn.
        best: the weights at which the loss is least.
        title: of the figure.
    """
    from plotly import graph_objects as go

    low, high = float(weights[0]), float(weights[-1])
    reach = 3 * (high - low)  # lines out of the frame are cut by it; only what is far beyond would upset them
    inside = np.isfinite(path).all(axis=1) & (np.abs(path - np.array(best)).max(axis=1) <= reach)
    shown = path[: len(path) if inside.all() else int(inside.argmin())]
    hover = {"hovertemplate": "step %{text}: %{x:.4g}, %{y:.4g}<extra></extra>"}
    figure = go.Figure(
        [
            {
                "type": "contour",
                "x": weights,
                "y": weights,
                "z": np.sqrt(losses),
                "ncontours": 14,
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
                "x": [best[0]],
                "y": [best[1]],
                "mode": "markers",
                "marker": {"symbol": "star", "size": 14, "color": ACCENT},
                "name": "best",
                "hovertemplate": "best: %{x:.4g}, %{y:.4g}<extra></extra>",
            },
        ],
        {
            "xaxis": {"title": "weight of the first column", "range": [low, high], "constrain": "domain"},
            "yaxis": {"title": "of the second", "range": [low, high], "scaleanchor": "x", "constrain": "domain"},
            "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0.0},
        },
    )
    return dress(figure, title, height=400)
