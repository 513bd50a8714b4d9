"""What becomes of a quantity layer by layer, by powers of ten: bars from 1 up and down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, isnan, log10
from typing import TYPE_CHECKING, Any, Final

from explorer.rendering.colours import ACCENT, SERIES
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TICKS: Final = 6  # at most, on one axis
# What has no place on a logarithmic axis: a bar to its edge, with a pattern and a name.
_BEYOND: Final = {"∞: too large for float32": "/", "0: too small for float32": "\\", "not a number": "x"}


@dataclass(frozen=True)
class LayerBars:
    """One chart of several that share their layers.

    Attributes:
        title: what is measured.
        values: at the pixels and at each layer, none below 0; infinite, 0 and NaN are drawn too.
        expected: what theory says of the same places; None where it says nothing.
    """

    title: str
    values: Sequence[float]
    expected: Sequence[float] | None = None


def layer_bars(charts: Sequence[LayerBars], title: str) -> Figure:
    """Draws charts one above the other, a bar for each layer, in the order of the layers.

    Args:
        charts: at least one, all with a value for the pixels and one for each of the same layers.
        title: of them all.

    Raises:
        ValueError: If they are not about the same layers.
    """
    from plotly import graph_objects as go

    places = list(range(len(charts[0].values)))
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"xaxis": {"title": "layer (0: the pixels)", "anchor": f"y{len(charts)}"}}
    notes = []
    named: set[str] = set()
    for number, chart in enumerate(charts):
        if len(chart.values) != len(places):
            raise ValueError(f"{len(places)} places but {len(chart.values)} values of {chart.title!r}")
        axis = f"y{number + 1}"
        low, high = _find_range([*chart.values, *(chart.expected or ())])
        top = 1 - number / len(charts)
        layout[f"yaxis{number + 1}"] = {
            "domain": [top - 0.8 / len(charts), top - 0.08],
            "range": [low, high],
            **_ticks(low, high),
        }
        notes.append(
            {
                "text": chart.title,
                "x": 0,
                "y": top - 0.07,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13},
            }
        )
        for name, bars in _sort_bars(chart.values, low, high).items():
            pattern = _BEYOND.get(name, "")
            traces.append(
                {
                    "type": "bar",
                    "x": [places[at] for at in bars],
                    "y": list(bars.values()),
                    "yaxis": axis,
                    "name": name,
                    "legendgroup": name,
                    "showlegend": name not in named,
                    "marker": {
                        "color": SERIES[1] if pattern else ACCENT,
                        "line": {"width": 0},
                        "pattern": {"shape": pattern, "solidity": 0.4},
                    },
                    "customdata": [f"{chart.values[at]:.3g}" for at in bars],
                    "hovertemplate": "layer %{x}: %{customdata}<extra></extra>",
                }
            )
            named.add(name)
        if chart.expected is not None:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": places,
                    "y": [log10(value) if 0 < value < inf else None for value in chart.expected],
                    "yaxis": axis,
                    "name": "theory",
                    "legendgroup": "theory",
                    "showlegend": "theory" not in named,
                    "line": {"color": SERIES[5], "width": 2, "dash": "dash"},
                    "customdata": [f"{value:.3g}" for value in chart.expected],
                    "hovertemplate": "layer %{x}: %{customdata}<extra>theory</extra>",
                }
            )
            named.add("theory")
    layout |= {
        "annotations": notes,
        "barmode": "overlay",
        "showlegend": len(named) > 1,
        "legend": {"orientation": "h", "y": -0.14, "yanchor": "top", "x": 0.0},
    }
    # In one go: subplots that are filled trace by trace take four times as long.
    return dress(go.Figure(traces, layout), title, height=120 + 170 * len(charts))


def _find_range(values: Sequence[float]) -> tuple[float, float]:
    """From which to which power of ten an axis goes; 1, where bars begin, is always on it, with some room."""
    powers = [0.0, *(log10(value) for value in values if 0 < value < inf)]
    room = max(0.5, 0.04 * (max(powers) - min(powers)))
    return min(powers) - room, max(powers) + room


def _ticks(low: float, high: float) -> dict[str, Any]:
    step = ceil((high - low) / _TICKS)
    powers = [power for power in range(ceil(low), floor(high) + 1) if power % step == 0]
    return {"tickvals": powers, "ticktext": ["1" if power == 0 else f"10<sup>{power}</sup>" for power in powers]}


def _sort_bars(values: Sequence[float], low: float, high: float) -> dict[str, dict[int, float]]:
    """The end of each bar, by the name of its kind and its place."""
    bars: dict[str, dict[int, float]] = {}
    large, small, neither = _BEYOND
    for place, value in enumerate(values):
        if isnan(value):
            name, end = neither, high
        elif not isfinite(value):
            name, end = large, high
        elif value == 0:
            name, end = small, low
        else:
            name, end = "measured", log10(value)
        bars.setdefault(name, {})[place] = end
    return bars
