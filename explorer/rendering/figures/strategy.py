"""What is trained and what is frozen, drawn on a network; and the curves of several trainings while they grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Final, Literal, get_args

from explorer.rendering.colours import FROZEN, TRAINABLE
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

State = Literal["frozen", "trained", "new", "removed"]
STATES: tuple[State, ...] = get_args(State)
_LOOKS: Final[dict[State, dict[str, object]]] = {
    "frozen": {"color": FROZEN},
    "trained": {"color": TRAINABLE},
    # New layers learn too, so they are orange; stripes say that nobody has trained them before.
    "new": {
        "color": TRAINABLE,
        "pattern": {"shape": "/", "bgcolor": TRAINABLE, "fgcolor": "#7c2d12", "size": 5, "solidity": 0.3},
    },
    "removed": {"color": "rgba(0, 0, 0, 0)", "line": {"color": FROZEN, "width": 1}},
}
_STATE_NAMES: Final[dict[State, str]] = {
    "frozen": "frozen",
    "trained": "pretrained, trained on",
    "new": "new, trained",
    "removed": "cut off",
}
_LEAST = 0.14  # share of a column that a state gets at least, so that batch norm can be seen beside convolutions
_ROW, _GAP, _TOP, _FOOT = 66, 34, 40, 60  # pixels
SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "x", "star")


@dataclass(frozen=True)
class DrawnStage:
    """A column of a network.

    Attributes:
        title: what a person reads on pointing at it.
        height: 0 to 1, for the resolution of its maps.
        parts: parameters by state; a layer without any counts by its state all the same.
    """

    title: str
    height: float
    parts: tuple[tuple[State, int], ...]


@dataclass(frozen=True)
class Line:
    """One line of a chart of trainings.

    Attributes:
        name: in the legend, and on pointing at it.
        x, y: its points; what is not finite is left out.
        colour: of the line.
        symbol: of its points.
        dotted: whether it is dotted.
        faint: one of several seeds, behind their mean.
        listed: whether the legend has it.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    colour: str
    symbol: str = "circle"
    dotted: bool = False
    faint: bool = False
    listed: bool = True


def strategy_columns(titles: Sequence[str], rows: Sequence[Sequence[DrawnStage]]) -> Figure:
    """Draws one network under another, each as columns from the picture on the left to the classes on the right.

    Slate is frozen, orange is trained, striped orange is new, an empty outline is cut off. A column's height stands
    for the resolution of its maps; where a stage is of several states, each has a part of its height by its number of
    parameters, but always enough to be seen.

    Args:
        titles: One for each network.
        rows: The columns of each network.

    Raises:
        ValueError: If there is not one title for each network.
    """
    from plotly import graph_objects as go

    if len(titles) != len(rows):
        raise ValueError(f"{len(titles)} titles but {len(rows)} networks")
    figure = go.Figure()
    inside = max(1, len(rows) * (_ROW + _GAP))
    listed: set[State] = set()
    most = max((len(stages) for stages in rows), default=1)
    for number, (title, stages) in enumerate(zip(titles, rows, strict=True)):
        axis = "" if number == 0 else str(number + 1)
        top = 1 - (number * (_ROW + _GAP) + _GAP) / inside
        figure.update_layout(
            {
                f"yaxis{axis}": {
                    "domain": [max(0.0, top - _ROW / inside), top],
                    "range": [-0.55, 0.55],
                    "visible": False,
                    "fixedrange": True,
                },
                f"xaxis{axis}": {
                    "anchor": f"y{axis}",
                    "range": [-0.7, most - 0.3],
                    "visible": False,
                    "fixedrange": True,
                },
            }
        )
        bars = [(place, stage, *bar) for place, stage in enumerate(stages) for bar in _bars(stage)]
        for state in STATES:
            own = [each for each in bars if each[2] == state]
            if not own:
                continue
            figure.add_bar(
                x=[place for place, *_ in own],
                y=[height for *_, height, _ in own],
                base=[base for *_, base, _, _ in own],
                width=0.72,
                name=_STATE_NAMES[state],
                legendgroup=state,
                showlegend=state not in listed,
                marker={"line": {"width": 0}, **_LOOKS[state]},
                hovertext=[
                    f"{stage.title}: {parameters:,} parameters, {_STATE_NAMES[state]}"
                    for _, stage, _, _, _, parameters in own
                ],
                hoverinfo="text",
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
            )
            listed.add(state)
        figure.add_annotation(
            text=title,
            x=0,
            y=top,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            align="left",
            showarrow=False,
        )
    figure.update_annotations(font_size=12)
    figure.update_layout(
        barmode="overlay",
        showlegend=True,
        legend={"orientation": "h", "y": -8 / inside, "yanchor": "top", "x": 0.0, "itemclick": False},
    )
    return dress(figure, "Weights that learn", height=_TOP + inside + _FOOT, top=_TOP)


def _bars(stage: DrawnStage) -> list[tuple[State, float, float, int]]:
    """State, base, height and parameters of the bars of a column, frozen ones at the bottom, in the middle of a row."""
    sums = {state: sum(count for each, count in stage.parts if each == state) for state, _ in stage.parts}
    every = sum(sums.values())
    shares = {state: max(_LEAST, count / every if every else 0.0) for state, count in sums.items()}
    whole = sum(shares.values())
    bars: list[tuple[State, float, float, int]] = []
    base = -stage.height / 2
    for state in STATES:
        if state in shares:
            height = stage.height * shares[state] / whole
            bars.append((state, base, height, sums[state]))
            base += height
    return bars


def growing_curves(
    lines: Sequence[Line], title: str, *, percent: bool = False, logarithmic: bool = False, legend: bool = True
) -> Figure:
    """Draws the curves of several trainings over the epochs.

    Args:
        lines: Faint ones first, since they lie behind.
        title: What the values are, with their unit.
        percent: Values are shares, shown in percent.
        logarithmic: On a logarithmic axis; what is not above zero is left out.
        legend: Whether there is one.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for line in lines:
        points = [
            (x, 100.0 * y if percent else y)
            for x, y in zip(line.x, line.y, strict=True)
            if isfinite(y) and (y > 0 or not logarithmic)
        ]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            name=line.name,
            mode="lines" if line.dotted or line.faint or len(points) > 60 else "lines+markers",
            line={
                "color": line.colour,
                "width": 1 if line.faint else 1.5 if line.dotted else 2.5,
                "dash": "dot" if line.dotted else "solid",
            },
            marker={"size": 6, "symbol": line.symbol},
            opacity=0.4 if line.faint else 1.0,
            showlegend=line.listed,
            hoverinfo="skip" if line.faint else None,
            hovertemplate=None
            if line.faint
            else "epoch %{x:.3g}: %{y:.3g}" + (" %" if percent else "") + f"<extra>{line.name}</extra>",
        )
    figure.update_xaxes(title="epoch", rangemode="tozero")
    if logarithmic:
        figure.update_yaxes(type="log", nticks=6)
    elif percent:
        figure.update_yaxes(range=[0, 103], ticksuffix=" %")
    else:
        figure.update_yaxes(rangemode="tozero")
    listed = sum(line.listed for line in lines) if legend else 0
    figure.update_layout(
        showlegend=legend, legend={"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0.0, "itemclick": "toggle"}
    )
    return dress(figure, title, height=280 + 12 * listed)
