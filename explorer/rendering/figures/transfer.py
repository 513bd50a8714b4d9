"""Figures of a comparison of trainings: accuracies, learning curves, the four situations.

Names may be untrusted text, so `plain` keeps Plotly from reading markup in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from explorer.rendering.colours import PREVIOUS, faint
from explorer.rendering.figures.basic import dress, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TOP: Final = 1.3  # of the fields: names stand above a point at 1
_GROUND: Final = "rgba(128, 138, 153, 0.10)"


@dataclass(frozen=True)
class Spread:
    """A mean with its interval.

    Attributes:
        mean, low, high: shares, 0 to 1.
        single: of what it is the mean.
    """

    mean: float
    low: float
    high: float
    single: tuple[float, ...] = ()


@dataclass(frozen=True)
class AccuracyRow:
    """A line of `accuracy_rows`.

    Attributes:
        name: on the axis.
        spread: its accuracy.
        colour: of its mark.
    """

    name: str
    spread: Spread
    colour: str


@dataclass(frozen=True)
class LearningCurve:
    """A line of `learning_curves`.

    Attributes:
        name: in the legend.
        counts: training pictures, or what else is counted, rising.
        spreads: one for each count.
        colour: of the line.
        symbol: of its points.
    """

    name: str
    counts: tuple[int, ...]
    spreads: tuple[Spread, ...]
    colour: str
    symbol: str = "circle"


@dataclass(frozen=True)
class MeasuredPoint:
    """A point of `quadrant_chart`.

    Attributes:
        count: training pictures.
        label: beside it.
        winner: what was measured, for the legend.
        colour: of what was measured.
    """

    count: int
    label: str
    winner: str
    colour: str


def accuracy_rows(
    rows: Sequence[AccuracyRow],
    title: str = "Test pictures classified correctly",
    axis: tuple[float, float] | None = None,
) -> Figure:
    """Draws accuracies as marks with their intervals as whiskers, and every single training as a ring.

    Args:
        rows: From the top.
        title: What the values are.
        axis: Its ends as shares, for differences; None for from the lowest to 1.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for place, row in enumerate(rows):
        spread, name = row.spread, plain(row.name)
        figure.add_scatter(
            x=[100 * value for value in spread.single],
            y=[place] * len(spread.single),
            mode="markers",
            marker={"symbol": "circle-open", "size": 9, "color": row.colour, "line": {"width": 1.5}},
            opacity=0.75,
            hovertemplate=f"one training: %{{x:.1f}} %<extra>{name}</extra>",
            showlegend=False,
        )
        figure.add_scatter(
            x=[100 * spread.mean],
            y=[place],
            mode="markers",
            marker={"symbol": "diamond", "size": 11, "color": row.colour},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * (spread.high - spread.mean)],
                "arrayminus": [100 * (spread.mean - spread.low)],
                "color": row.colour,
                "thickness": 2,
                "width": 6,
            },
            hovertemplate=(
                f"{100 * spread.mean:.1f} %, interval {100 * spread.low:.1f} to {100 * spread.high:.1f} %"
                f"<extra>{name}</extra>"
            ),
            showlegend=False,
        )
        # Above its line and not beside it: on a phone the names would take half of the width.
        figure.add_annotation(
            x=0,
            y=place,
            xref="paper",
            text=name,
            xanchor="left",
            yanchor="bottom",
            yshift=8,
            showarrow=False,
            font={"size": 12},
        )
    lowest = min((min([row.spread.low, *row.spread.single]) for row in rows), default=0.0)
    ends = (max(-2.0, 100 * lowest - 4), 102.0) if axis is None else (100 * axis[0], 100 * axis[1])
    figure.update_xaxes(range=ends, ticksuffix=" %", nticks=7, showgrid=True)
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        showticklabels=False,
        range=[len(rows) - 0.5, -0.8],
        showgrid=False,
        zeroline=False,
    )
    return dress(figure, title, height=90 + 54 * max(1, len(rows)))


def learning_curves(
    curves: Sequence[LearningCurve],
    title: str = "Accuracy by number of training pictures",
    x_title: str = "training pictures",
    unit: str = "pictures",
) -> Figure:
    """Draws accuracies over the number of training pictures, each line in a band that is its interval.

    Args:
        curves: The lines.
        title: What the values are.
        x_title: What is counted, where it is no pictures.
        unit: The same behind a number.

    Raises:
        ValueError: If a curve has not one spread for each count.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for curve in curves:
        if len(curve.counts) != len(curve.spreads):
            raise ValueError(f"{len(curve.counts)} counts but {len(curve.spreads)} spreads")
        figure.add_scatter(
            x=[*curve.counts, *reversed(curve.counts)],
            y=[100 * each.high for each in curve.spreads] + [100 * each.low for each in reversed(curve.spreads)],
            fill="toself",
            fillcolor=faint(curve.colour, 0.14),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            legendgroup=curve.name,
        )
    for curve in curves:
        name = plain(curve.name)
        figure.add_scatter(
            x=list(curve.counts),
            y=[100 * each.mean for each in curve.spreads],
            mode="lines+markers",
            name=name,
            legendgroup=curve.name,
            line={"color": curve.colour, "width": 2.5},
            marker={"size": 8, "symbol": curve.symbol},
            customdata=[[100 * each.low, 100 * each.high] for each in curve.spreads],
            hovertemplate=(
                f"%{{x:,}} {unit}: " + "%{y:.1f} %, interval %{customdata[0]:.1f} to %{customdata[1]:.1f} %"
                f"<extra>{name}</extra>"
            ),
        )
    counts = sorted({count for curve in curves for count in curve.counts})
    figure.update_xaxes(type="log", title=x_title, tickvals=counts, ticktext=[f"{each:,}" for each in counts])
    figure.update_yaxes(ticksuffix=" %", range=[_floor(curves), 102])
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=340 + 14 * len(curves))


def quadrant_chart(
    similarity: float, boundary: tuple[float, float], fields: Sequence[tuple[str, str]], points: Sequence[MeasuredPoint]
) -> Figure:
    """Draws the four situations as fields, and a data set in them at every size at which it was measured.

    Args:
        similarity: Of the data set, 0 to 1, the height of all its points.
        boundary: Training pictures at which much begins, and similarity at which similar begins.
        fields: Title and prediction of: little and similar, much and similar, little and different, much and different.
        points: The sizes.

    Raises:
        ValueError: If there are not four fields.
    """
    from plotly import graph_objects as go

    if len(fields) != 4:
        raise ValueError(f"there are four situations, not {len(fields)}")
    much, similar = boundary
    counts = [point.count for point in points]
    left, right = min(10.0, *counts, much / 10) * 0.6, max(much * 10.0, *counts) * 1.6
    edges = ((left, much), (much, right))
    figure = go.Figure()
    for number, (title, prediction) in enumerate(fields):
        (start, end), low = edges[number % 2], number >= 2
        bottom, top = (0.0, similar) if low else (similar, _TOP)
        figure.add_shape(
            type="rect",
            x0=start,
            x1=end,
            y0=bottom,
            y1=top,
            fillcolor=_GROUND if number in (0, 3) else "rgba(0, 0, 0, 0)",
            line={"color": PREVIOUS, "width": 1},
            layer="below",
        )
        figure.add_annotation(
            x=float(np.log10(start)),
            y=bottom if low else top,
            xanchor="left",
            yanchor="bottom" if low else "top",
            align="left",
            text=f"<b>{plain(title)}</b><br>{plain(prediction)}",
            showarrow=False,
            font={"size": 11},
            xshift=4,
        )
    for winner in dict.fromkeys(point.winner for point in points):
        own = [(number, point) for number, point in enumerate(points) if point.winner == winner]
        figure.add_scatter(
            x=[point.count for _, point in own],
            y=[similarity] * len(own),
            mode="markers+text",
            name=plain(winner),
            text=[plain(point.label) for _, point in own],
            # By turns, so that neighbours can be read on a phone.
            textposition=["top center" if number % 2 else "bottom center" for number, _ in own],
            textfont={"size": 11},
            marker={"size": 15, "color": own[0][1].colour, "line": {"color": "white", "width": 1.5}},
            hovertemplate="%{x:,} training pictures (%{text}), similarity %{y:.2f}<extra>" + plain(winner) + "</extra>",
        )
    figure.update_xaxes(
        type="log",
        title="training pictures",
        range=[float(np.log10(left)), float(np.log10(right))],
        dtick=1,
        tickformat=",",
        showgrid=False,
    )
    figure.update_yaxes(title="similarity", range=[-0.02, _TOP + 0.02], tickvals=[0, 0.5, 1], showgrid=False)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0.0, "itemclick": False}
    )
    return dress(figure, "Where these pictures lie, and what won", height=460)


def _floor(curves: Sequence[LearningCurve]) -> float:
    lowest = min((spread.low for curve in curves for spread in curve.spreads), default=0.0)
    return max(-2.0, 100 * lowest - 5)
