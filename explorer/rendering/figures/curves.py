"""Line charts: several quantities over one variable, told apart by colour, dash and marker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from explorer.rendering.colours import SERIES
from explorer.rendering.figures.basic import dress, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MARKERS: Final = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "hexagon")


def curves(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    title: str,
    *,
    x_title: str,
    percent: bool = True,
    height: int = 340,
) -> Figure:
    """Draws one line for each series, with a legend under the title.

    Args:
        x: Where the values were taken.
        series: Values by name, one for each of `x`, in the order of the legend.
        title: What the values are.
        x_title: What `x` is, with its unit.
        percent: Values are shares, shown in percent.
        height: In pixels, without the legend's rows.

    Raises:
        ValueError: If a series has another length than `x`.
    """
    from plotly import graph_objects as go

    lines = []
    for number, (name, values) in enumerate(series.items()):
        if len(values) != len(x):
            raise ValueError(f"{len(x)} places but {len(values)} values of {name!r}")
        lines.append(
            {
                "type": "scatter",
                "x": list(x),
                "y": [100.0 * value for value in values] if percent else list(values),
                "name": plain(name),
                "mode": "lines+markers",
                "line": {"color": SERIES[number % len(SERIES)], "dash": _DASHES[number % len(_DASHES)], "width": 2},
                "marker": {"symbol": _MARKERS[number % len(_MARKERS)], "size": 7},
                "hovertemplate": "%{x:g}: %{y:.3g}" + (" %" if percent else "") + "<extra>%{fullData.name}</extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"rangemode": "tozero", "ticksuffix": " %" if percent else ""},
        "showlegend": True,
        # Under the chart, where it may take as many rows as a narrow screen needs.
        "legend": {"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0.0},
    }
    figure = go.Figure(lines, layout)
    return dress(figure, title, height=height + 24 * len(series) // 2)
