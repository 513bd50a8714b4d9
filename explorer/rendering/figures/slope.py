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
    from plotly.subplots import make_subplots

    reach = max(_REACH, 1.1 * abs(at))
    x = np.linspace(-reach, reach, 241)
    height, rise = float(value(np.array([at]))[0]), float(slope(np.array([at]))[0])
    ends = np.array([at - _TANGENT, at + _TANGENT])
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    figure.add_scatter(x=x, y=value(x), name=name, line={"color": ACCENT, "width": 3}, row=1, col=1)
    figure.add_scatter(
        x=ends,
        y=height + rise * (ends - at),
        name="tangent",
        mode="lines",
        line={"color": SERIES[1], "width": 2, "dash": "dash"},
        row=1,
        col=1,
    )
    figure.add_scatter(x=x, y=slope(x), name="slope", line={"color": PREVIOUS, "width": 3}, row=2, col=1)
    for row, y in ((1, height), (2, rise)):
        figure.add_scatter(
            x=[at], y=[y], mode="markers", marker={"color": SERIES[1], "size": 10}, showlegend=False, row=row, col=1
        )
    figure.update_traces(hovertemplate="at %{x:.3g}: %{y:.4g}<extra></extra>")
    figure.update_xaxes(title="sum z", row=2, col=1)
    figure.update_yaxes(title="out", row=1, col=1)
    figure.update_yaxes(title="slope", rangemode="tozero", row=2, col=1)
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0})
    return dress(figure, f"{name} and its slope", height=400, top=72)
