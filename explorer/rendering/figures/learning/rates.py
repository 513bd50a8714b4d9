"""Figures of learning rates: what comes of them step by step with the rates below, and a sweep over many rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Final, Literal

from explorer.rendering.colours import SERIES, faint
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TICKS: Final = 8  # powers of ten on an axis, at most one more
_LEGEND: Final[dict[str, Any]] = {"orientation": "h", "yanchor": "top", "x": 0.0}  # rows as a narrow screen needs


@dataclass(frozen=True)
class StepLine:
    """A line over steps.

    Attributes:
        name: in the legend.
        steps: where the values were taken.
        values: above zero, for the axis is logarithmic; what is not has no place on it.
        colour: of the line.
        dash: "solid", "dash" or "dot".
        band: the interval of each value, lowest and highest; empty for none.
        width: in pixels.
        listed: whether its name stands in the legend.
    """

    name: str
    steps: Sequence[float]
    values: Sequence[float]
    colour: str
    dash: Literal["solid", "dash", "dot"] = "solid"
    band: tuple[Sequence[float], Sequence[float]] | tuple[()] = ()
    width: float = 2
    listed: bool = True


def step_lines(
    lines: Sequence[StepLine], rates: Mapping[str, Sequence[float]], title: str, y_title: str, x_title: str = "step"
) -> Figure:
    """Draws lines over steps on a logarithmic axis, and below them the learning rates of the steps.

    Args:
        lines: those of one name in `rates` share its colour.
        rates: of every step, by the name of the line that they belong to; without any there is no panel for them.
        title: of the figure.
        y_title: what the values are.
        x_title: what is counted along the other axis.

    Raises:
        ValueError: a line has not one value for each step.
    """
    from plotly import graph_objects as go

    traces: list[dict[str, Any]] = []
    for line in lines:
        if len(line.steps) != len(line.values) or any(len(edge) != len(line.steps) for edge in line.band):
            raise ValueError(f"{line.name}: {len(line.steps)} steps but {len(line.values)} values")
        if line.band:
            low, high = line.band
            traces.append(
                {
                    "x": [*line.steps, *reversed(line.steps)],
                    "y": [*high, *reversed(low)],
                    "fill": "toself",
                    "fillcolor": faint(line.colour, 0.18),
                    "line": {"width": 0},
                    "mode": "lines",
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
    for line in lines:
        traces.append(
            {
                "x": list(line.steps),
                "y": list(line.values),
                "name": line.name,
                "mode": "lines",
                "line": {"color": line.colour, "width": line.width, "dash": line.dash},
                "hovertemplate": f"{x_title} %{{x}}: %{{y:.3g}}<extra>{line.name}</extra>",
                "showlegend": line.listed,
            }
        )
    colours = {line.name: line.colour for line in lines}
    shown = [value for line in lines for value in line.values if value > 0]
    for name, values in rates.items():
        traces.append(
            {
                "x": list(range(len(values))),
                "y": list(values),
                "name": f"rate, {name}",
                "mode": "lines",
                "line": {"color": colours[name], "width": 2, "shape": "hv"},
                "yaxis": "y2",
                "showlegend": False,
                "hovertemplate": "step %{x}: rate %{y:.3g}<extra>" + name + "</extra>",
            }
        )
    figure = go.Figure(
        traces,
        {
            "xaxis": {"title": x_title, "anchor": "y2" if rates else "y"},
            "yaxis": {"title": y_title, "type": "log", "domain": [0.36 if rates else 0, 1], **_ticks(shown)},
            "yaxis2": {
                "title": "rate",
                "domain": [0, 0.26],
                "rangemode": "tozero",
                "nticks": 4,
                "visible": bool(rates),
            },
            "legend": {**_LEGEND, "y": -0.16 if rates else -0.22},
        },
    )
    return dress(figure, title, height=(430 if rates else 340) + 10 * len(lines))


@dataclass(frozen=True)
class Mark:
    """A place on the axis of rates.

    Attributes:
        name: in the legend.
        low, high: between which it lies in all seeds.
        colour: of its stripe.
        dash: of the line in its middle.
    """

    name: str
    low: float
    high: float
    colour: str
    dash: Literal["dash", "dot"] = "dash"


def rate_sweep_chart(
    rates: Sequence[float],
    middle: Sequence[float],
    spread: tuple[Sequence[float], Sequence[float]],
    marks: Sequence[Mark],
    looked_at: float,
    title: str,
) -> Figure:
    """Draws the loss by learning rate, both logarithmic, with the places that matter as upright stripes.

    Args:
        rates: rising.
        middle: the median loss of each rate.
        spread: the lowest and the highest.
        marks: the stripes.
        looked_at: one of the rates, ringed.
        title: of the figure.
    """
    from plotly import graph_objects as go

    low, high = spread
    top, bottom = 1.3 * max(high), 0.8 * min(low)
    colour = SERIES[0]
    traces: list[dict[str, Any]] = [
        {
            "x": [*rates, *reversed(rates)],
            "y": [*high, *reversed(low)],
            "fill": "toself",
            "fillcolor": faint(colour, 0.18),
            "line": {"width": 0},
            "mode": "lines",
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for mark in marks:
        traces += [
            {
                "x": [mark.low, mark.high, mark.high, mark.low],
                "y": [bottom, bottom, top, top],
                "fill": "toself",
                "fillcolor": faint(mark.colour, 0.18),
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
                "showlegend": False,
            },
            {
                "x": [(mark.low * mark.high) ** 0.5] * 2,
                "y": [bottom, top],
                "name": mark.name,
                "mode": "lines",
                "line": {"color": mark.colour, "width": 2, "dash": mark.dash},
                "hoverinfo": "skip",
            },
        ]
    traces += [
        {
            "x": list(rates),
            "y": list(middle),
            "name": "median of the seeds, from lowest to highest",
            "mode": "lines+markers",
            "line": {"color": colour, "width": 2},
            "marker": {"size": 6},
            "hovertemplate": "rate %{x:.3g}: loss %{y:.3g}<extra></extra>",
        },
        {
            "x": [looked_at],
            "y": [middle[list(rates).index(looked_at)]],
            "name": "looked at",
            "mode": "markers",
            "marker": {"size": 14, "symbol": "circle-open", "color": SERIES[1], "line": {"width": 3}},
            "hoverinfo": "skip",
        },
    ]
    figure = go.Figure(
        traces,
        {
            "xaxis": {"title": "learning rate", "type": "log", **_ticks(rates)},
            "yaxis": {"title": "loss", "type": "log", **_ticks([bottom, top])},
            "legend": {**_LEGEND, "y": -0.26},
        },
    )
    return dress(figure, title, height=430)


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Powers of ten as plain numbers on a logarithmic axis, and 2 and 5 times them where there would be few."""
    low, high = floor(log10(min(values, default=1.0))), ceil(log10(max(values, default=1.0)))
    parts = (1,) if high - low > 3 else (1, 2, 5) if high - low < 2 else (1, 3)
    every = max(1, -(-(high - low) // _TICKS))
    places = [part * 10.0**power for power in range(low, high + 1, every) for part in parts]
    return {"tickvals": places, "ticktext": [_plainly(place) for place in places], "tickangle": 0}


def _plainly(value: float) -> str:
    """0.001, but 1e-4 and 1e6: seven powers of ten stand side by side on a phone."""
    if 0.001 <= value < 1e6:
        return f"{value:g}"
    mantissa, _, power = f"{value:.0e}".partition("e")
    return f"{mantissa}e{int(power)}"
