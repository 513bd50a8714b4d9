"""The curve of an activation function over the values it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def activation_curve(
    before: NDArray[np.floating], x: NDArray[np.floating], y: NDArray[np.floating], name: str
) -> Figure:
    """Draws what goes in as a histogram, and over it what comes out as a curve.

    Args:
        before: the values the function is given, any shape.
        x, y: (N,) the curve.
        name: of the function.
    """
    from plotly import graph_objects as go

    finite = np.asarray(before, dtype=np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    counts, edges = np.histogram(finite, bins=60, range=(float(x[0]), float(x[-1])))
    figure = go.Figure()
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges),
        name="cells with this sum",
        marker={"color": PREVIOUS, "line": {"width": 0}},
        opacity=0.5,
        hovertemplate="about %{x:.3g}: %{y:,} cells<extra></extra>",
    )
    figure.add_scatter(
        x=x,
        y=y,
        name=f"{name}: out of in",
        yaxis="y2",  # an overlaying axis draws on top
        line={"color": ACCENT, "width": 3},
        hovertemplate="in %{x:.3g}, out %{y:.3g}<extra></extra>",
    )
    figure.update_layout(
        yaxis={"showgrid": False, "showticklabels": False, "zeroline": False},
        yaxis2={"overlaying": "y", "side": "left", "title": "out", "tickmode": "auto", "automargin": True},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
    )
    figure.update_xaxes(title="sum before the activation")
    return dress(figure, f"What {name} does to these values", height=280, top=72)
