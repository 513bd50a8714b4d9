"""How widely every head of a network looks, as a small chart of layers and heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.rendering.colours import ACCENT, SEQUENTIAL
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_STEPS = 16  # of the colour scale


def head_heatmap(bits: np.ndarray, most: float, layer: int | None = None, head: int | None = None) -> Figure:
    """Entropies in viridis, layers as rows from the top and heads as columns; what is chosen is framed.

    Args:
        bits: (layers, heads); NaN is left blank.
        most: bits where every patch counts the same, the end of the scale.
        layer: the chosen one.
        head: the chosen one.
    """
    from plotly import graph_objects as go

    rows, columns = bits.shape
    scale = [
        (step / _STEPS, f"rgb({', '.join(str(int(part)) for part in SEQUENTIAL[round(255 * step / _STEPS)])})")
        for step in range(_STEPS + 1)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=[[None if np.isnan(value) else float(value) for value in row] for row in bits],
            zmin=0.0,
            zmax=most,
            colorscale=scale,
            xgap=1,
            ygap=1,
            colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 5, "len": 1.0},
            hovertemplate="layer %{y}, head %{x}: %{z:.2f} bits<extra></extra>",
        )
    )
    if layer is not None or head is not None:
        top, bottom = (-0.5, rows - 0.5) if layer is None else (layer - 0.5, layer + 0.5)
        left, right = (-0.5, columns - 0.5) if head is None else (head - 0.5, head + 0.5)
        figure.add_shape(
            type="rect", x0=left, x1=right, y0=top, y1=bottom, line={"color": "#ffffff", "width": 4}, fillcolor=None
        )
        figure.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, line={"color": ACCENT, "width": 2})
    figure.update_xaxes(title="head", showgrid=False, zeroline=False, fixedrange=True, dtick=1)
    figure.update_yaxes(
        title="layer", autorange="reversed", showgrid=False, zeroline=False, fixedrange=True, dtick=1 if rows < 8 else 2
    )
    return dress(figure, "Bits of every head's attention", height=120 + 22 * max(rows, 6))
