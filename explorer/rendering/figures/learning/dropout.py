"""What masks do to a number: its histogram over them, and the masks themselves, a row for each example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BINS: Final = 40
_LINES: Final = ((SERIES[1], "solid"), (SERIES[0], "dash"), (SERIES[2], "dot"))
_DROPPED: Final = "rgba(128, 138, 153, 0.35)"


def marked_histogram(
    values: NDArray[np.float64], marks: Mapping[str, float], title: str, *, unit: str = "", noun: str = "masks"
) -> Figure:
    """Draws how often values occur, and named values as upright lines over it.

    Args:
        values: Any number of them, finite.
        marks: Values by name, at most three, in the order of the legend.
        title: What the values are.
        unit: Behind the values.
        noun: What is counted, in the plural.
    """
    from plotly import graph_objects as go

    low, high = (float(each) for each in (min(values.min(), *marks.values()), max(values.max(), *marks.values())))
    room = max(high - low, 1e-6 * max(1.0, abs(high)))
    counts, edges = np.histogram(values, _BINS, (low, low + room))
    figure = go.Figure()
    figure.add_bar(
        x=((edges[:-1] + edges[1:]) / 2).tolist(),
        y=counts.tolist(),
        width=np.diff(edges).tolist(),
        name=f"single {noun}",
        marker={"color": PREVIOUS, "line": {"width": 0}},
        customdata=np.stack([edges[:-1], edges[1:]], axis=1).tolist(),
        hovertemplate=f"%{{customdata[0]:.3g}} to %{{customdata[1]:.3g}}{unit}: %{{y}} {noun}<extra></extra>",
    )
    top = 1.08 * int(counts.max())
    for (name, value), (colour, dash) in zip(marks.items(), _LINES, strict=False):
        figure.add_scatter(
            x=[value, value],
            y=[0, top],
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate=f"{name}: %{{x:.4g}}{unit}<extra></extra>",
        )
    figure.update_xaxes(ticksuffix=unit, nticks=7, range=[low - 0.03 * room, low + 1.03 * room])
    figure.update_yaxes(title=noun, range=[0, top])
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=300)


def mask_grid(kept: NDArray[np.float64], masks: NDArray[np.float64], evaluation: NDArray[np.float64]) -> Figure:
    """Draws what a layer passes on, a row for each example of a batch and a column for each unit; dropped is grey.

    Args:
        kept: (N, H) what is passed on, 0 or more.
        masks: (N, H) 0 where it was dropped.
        evaluation: (H,) the same without a mask, the first row.
    """
    from plotly import graph_objects as go

    rows = ["evaluation", *(f"{number}" for number in range(1, len(kept) + 1))]
    values = np.vstack([evaluation, np.where(masks == 0, np.nan, kept)])
    z = [[None if np.isnan(value) else float(value) for value in row] for row in values]
    told = [["dropped" if value is None else f"{value:.3g}" for value in row] for row in z]
    figure = go.Figure(
        go.Heatmap(
            x=list(range(1, kept.shape[1] + 1)),
            y=rows,
            z=z,
            text=told,
            zmin=0.0,
            zmax=max(float(np.nanmax(values)), 1e-9),
            colorscale="Viridis",
            xgap=1,
            ygap=1,
            colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 5},
            hovertemplate="example %{y}, neuron %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title="hidden neuron", showgrid=False, zeroline=False, nticks=9)
    figure.update_yaxes(
        title="example of the batch", type="category", autorange="reversed", showgrid=False, zeroline=False
    )
    dress(figure, "Hidden outputs, dropped ones grey", height=90 + 17 * len(rows))
    # What has no value shows the ground.
    return figure.update_layout(plot_bgcolor=_DROPPED)
