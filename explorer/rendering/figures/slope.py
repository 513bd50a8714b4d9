"""A function and its slope, one above the other, with the tangent at a point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_REACH: Final = 6.0  # how far from 0 the curve is drawn, if the point lies no farther
_TANGENT: Final = 1.5  # half its length along the axis


def slope_curves(
    value: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    slope: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    at: float,
    name: str,
) -> Figure:
    """Draws the function with its tangent at a point, and under it the slope with the same point.

    Args:
        value, slope: of the function, number by number.
        at: the point.
        name: of the function.
    """
    from plotly import graph_objects as go

    reach = max(_REACH, 1.1 * abs(at))
    x = np.linspace(-reach, reach, 241)
    height, rise = float(value(np.array([at]))[0]), float(slope(np.array([at]))[0])
    ends = np.array([at - _TANGENT, at + _TANGENT])
    tangent = {"color": SERIES[1], "width": 2, "dash": "dash"}
    point = {"mode": "markers", "marker": {"color": SERIES[1], "size": 10}, "showlegend": False}
    hover = {"hovertemplate": "at %{x:.3g}: %{y:.4g}<extra></extra>"}
    # In one go: subplots that are filled trace by trace take four times as long.
    figure = go.Figure(
        [
            {"x": x, "y": value(x), "name": name, "line": {"color": ACCENT, "width": 3}, **hover},
            {"x": ends, "y": height + rise * (ends - at), "name": "tangent", "mode": "lines", "line": tangent, **hover},
            {"x": x, "y": slope(x), "name": "slope", "line": {"color": PREVIOUS, "width": 3}, "yaxis": "y2", **hover},
            {"x": [at], "y": [height], **point, **hover},
            {"x": [at], "y": [rise], "yaxis": "y2", **point, **hover},
        ],
        {
            "xaxis": {"title": "sum z", "anchor": "y2"},
            "yaxis": {"title": "out", "domain": [0.54, 1]},
            "yaxis2": {"title": "slope", "domain": [0, 0.46], "rangemode": "tozero"},
            "legend": {"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0.0},  # two rows on a narrow screen
        },
    )
    return dress(figure, f"{name} and its slope", height=400)
