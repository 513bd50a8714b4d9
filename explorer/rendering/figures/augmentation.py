"""What augmentation does, drawn: a sweep's curves, one number for each layer, histograms, averages, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, AMBER, PREVIOUS, SERIES, faint
from explorer.rendering.figures.basic import dress, plain
from explorer.rendering.figures.curves import curves

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_CHANNELS: Final = (("red", "#d62f3a"), ("green", "#1f9d4d"), ("blue", "#2f6fe0"))
_MARK: Final = "#{:02x}{:02x}{:02x}".format(*AMBER[180])
_NAMED: Final = 16  # layers with their names under a chart


def sweep_curves(
    values: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    title: str,
    x_title: str,
    cursor: float,
    neutral: float,
    flips: Sequence[float] = (),
) -> Figure:
    """Draws class probabilities over one parameter, with the chosen value and the places where the prediction flips.

    Args:
        values: Of the parameter.
        series: Probabilities, 0 to 1, by class.
        title: Of the figure.
        x_title: The parameter, with its unit.
        cursor: The chosen value, a solid line.
        neutral: The value that changes nothing, a dashed line.
        flips: Values at which another class takes the lead, dotted lines.

    Raises:
        ValueError: If a series has another length than `values`.
    """
    figure = curves(values, series, title, x_title=x_title)
    figure.update_traces(mode="lines", line={"width": 2.5}, hovertemplate="%{y:.3g} %<extra>%{fullData.name}</extra>")
    marks = [(value, {"color": PREVIOUS, "width": 1, "dash": "dot"}) for value in flips]
    marks += [(neutral, {"color": PREVIOUS, "width": 1.5, "dash": "dash"}), (cursor, {"color": _MARK, "width": 2.5})]
    upright = {"type": "line", "xref": "x", "yref": "y domain", "y0": 0, "y1": 1}
    # All at once: each `add_vline` takes longer than all curves together.
    figure.layout.shapes = [{**upright, "x0": value, "x1": value, "line": line} for value, line in marks]
    figure.update_yaxes(range=[0, 103])
    figure.update_layout(hovermode="x unified", height=400)
    return figure


def layer_numbers(
    names: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    title: str,
    measure: str = "agreement",
    most: float = 1.0,
) -> Figure:
    """Draws a few numbers from -1 to 1 for every layer, from the pixels on the left to the classes on the right.

    Args:
        names: Of the layers, in the order they run.
        series: Values by what they measure; None leaves a gap.
        title: Of the figure.
        measure: What the numbers are.
        most: The largest that there can be.

    Raises:
        ValueError: If a series has another length than `names`.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    looks = ((ACCENT, "solid", "circle"), (SERIES[1], "solid", "diamond"), (PREVIOUS, "dot", "line-ew"))
    for (name, values), (colour, dash, symbol) in zip(series.items(), looks, strict=False):
        if len(values) != len(names):
            raise ValueError(f"{len(names)} layers but {len(values)} values of {name!r}")
        figure.add_scatter(
            x=list(names),
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 7},
            hovertemplate="%{x}: %{y:.3f}<extra>" + name + "</extra>",
        )
    lowest = min((value for values in series.values() for value in values if value is not None), default=0.0)
    every = max(1, -(-len(names) // _NAMED))
    shown = list(names)[::every]
    figure.update_xaxes(
        type="category",
        tickangle=-45,
        tickvals=shown,
        ticktext=[".".join(name.split(".")[-2:]) for name in shown],
        tickfont={"size": 10},
    )
    figure.update_yaxes(range=[min(0.0, lowest) - 0.03 * most, 1.05 * most], title=measure, zeroline=True)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0})
    return dress(figure, title, height=420, top=72)


def channel_histograms_chart(
    edges: Sequence[float], counts: NDArray[np.floating], title: str, *, x_title: str, height: int = 240
) -> Figure:
    """Draws how the values of red, green and blue are spread.

    Args:
        edges: (bins + 1,) of the bins.
        counts: (3, bins) shares, 0 to 1.
        title: Of the figure.
        x_title: What the values are, with their unit.
        height: In pixels.

    Raises:
        ValueError: If there are not three rows, or not one bin between two edges.
    """
    from plotly import graph_objects as go

    if counts.shape != (3, len(edges) - 1):
        raise ValueError(f"{len(edges)} edges do not fit counts of {counts.shape}")
    figure = go.Figure()
    for (name, colour), shares in zip(_CHANNELS, counts.tolist(), strict=True):
        _add_histogram(figure, edges, shares, name, colour)
    figure.update_xaxes(title=x_title)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %")
    figure.update_layout(showlegend=False)
    return dress(figure, title, height=height)


def two_histograms(
    edges: Sequence[float], first: Sequence[float], second: Sequence[float], names: tuple[str, str], title: str
) -> Figure:
    """Draws two spreads of values over each other, the old in grey and the new in the accent.

    Raises:
        ValueError: If there is not one share between two edges.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for name, colour, shares in zip(names, (PREVIOUS, ACCENT), (first, second), strict=True):
        if len(shares) != len(edges) - 1:
            raise ValueError(f"{len(edges)} edges do not fit {len(shares)} shares")
        _add_histogram(figure, edges, shares, name, colour)
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.15, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=270)


def _add_histogram(figure: Figure, edges: Sequence[float], shares: Sequence[float], name: str, colour: str) -> None:
    middles = (np.asarray(edges[:-1]) + np.asarray(edges[1:])) / 2
    figure.add_scatter(
        x=middles.tolist(),
        y=[100.0 * share for share in shares],
        name=name,
        mode="lines",
        line={"color": colour, "width": 1.5, "shape": "hvh"},
        fill="tozeroy",
        fillcolor=faint(colour, 0.18),
        hovertemplate="%{x:.3g}: %{y:.3g} %<extra>" + name + "</extra>",
    )


def training_curves(
    pairs: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]], title: str, *, percent: bool
) -> Figure:
    """Draws the curves of runs together: a colour for each run, solid for validation, dotted for training.

    Args:
        pairs: By run, then by "training" and "validation": steps and values. The first run is the old one.
        title: What the values are.
        percent: Values are shares, shown in percent.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for (run, lines), colour in zip(pairs.items(), (PREVIOUS, ACCENT), strict=False):
        for part, (steps, values) in lines.items():
            name = f"{run}, {part}"
            figure.add_scatter(
                x=list(steps),
                y=[100.0 * value for value in values] if percent else list(values),
                name=name,
                mode="lines+markers",
                line={"color": colour, "width": 2, "dash": "dot" if part == "training" else "solid"},
                marker={"size": 5, "symbol": "circle-open" if part == "training" else "circle"},
                hovertemplate="step %{x}: %{y:.3g}" + (" %" if percent else "") + f"<extra>{name}</extra>",
            )
    figure.update_xaxes(title="step", rangemode="tozero")
    figure.update_yaxes(rangemode="tozero", ticksuffix=" %" if percent else "")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=380)


def average_bars(
    names: Sequence[str], mean: Sequence[float], spread: Sequence[float], single: Sequence[float]
) -> Figure:
    """Draws the mean of each class over draws with its spread, above the same class for the one picture, in grey.

    Args:
        names: Of the classes, in the order they are shown.
        mean: 0 to 1, one for each name.
        spread: Standard deviations, drawn as whiskers that end at 0 and 1.
        single: Probabilities of the one picture.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    if not len(names) == len(mean) == len(spread) == len(single):
        raise ValueError(f"{len(names)} names, {len(mean)} means, {len(spread)} spreads, {len(single)} probabilities")
    figure = go.Figure()
    up = [100.0 * min(width, 1.0 - middle) for middle, width in zip(mean, spread, strict=True)]
    down = [100.0 * min(width, middle) for middle, width in zip(mean, spread, strict=True)]
    whiskers = {
        "error_x": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": PREVIOUS, "width": 4},
        "customdata": [100.0 * width for width in spread],
    }
    for name, shares, colour, more, said in (
        ("average", mean, ACCENT, whiskers, "%{x:.3g} ± %{customdata:.2g} %"),
        ("as it is", single, PREVIOUS, {}, "%{x:.3g} %"),
    ):
        figure.add_bar(
            y=list(map(plain, names)),
            x=[100.0 * value for value in shares],
            name=name,
            orientation="h",
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate=f"%{{y}}: {said}<extra>{name}</extra>",
            **more,
        )
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    figure.update_xaxes(range=[0, 104], ticksuffix=" %", nticks=6)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0})
    return dress(figure, "Average over draws and single prediction", height=120 + 44 * max(1, len(names)), top=68)
