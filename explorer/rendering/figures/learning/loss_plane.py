"""The loss on a plane with the paths of trainings, the two losses of one path, and losses from several starts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Numbers = NDArray[np.float64]

_LEAST: Final = 1e-16  # a loss below that is drawn as that
# Opaque, so that lower is lighter on any ground; a colour bar could not show transparency either.
_GROUND: Final = ((0, "#f6f7f9"), (1, "#99a1ad"))
_LINES: Final = 12  # contours, about
_MARKS: Final = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")


@dataclass(frozen=True, eq=False)
class PlanePath:
    """A path as `plane_map` draws it.

    Attributes:
        name: In the legend.
        place: Among all that could be drawn, which gives it colour and mark.
        colour: Of its line.
        places: (T, 2) on the plane.
        parted: (T,) where it is dotted.
        notes: What stands at each place under the pointer.
    """

    name: str
    place: int
    colour: str
    places: Numbers
    parted: NDArray[np.bool_]
    notes: Sequence[str]


def plane_map(first: Numbers, second: Numbers, losses: Numbers, paths: Sequence[PlanePath], title: str) -> Figure:
    """Draws the loss in shades of grey, darker where it is higher, and the paths from their common start.

    Args:
        first, second: (N,) places along the axes.
        losses: (N, N), a row for each of `second`.
        paths: All from one start.
        title: Of the figure.
    """
    from plotly import graph_objects as go

    decades = _decades(losses)
    low, high = float(decades.min()), float(decades.max())
    ticks = _ticks(low, high)
    traces: list[dict[str, Any]] = [
        {
            "type": "contour",
            "x": first,
            "y": second,
            "z": decades,
            "colorscale": _GROUND,
            "contours": {"start": low, "end": high, "size": max((high - low) / _LINES, 1e-6)},
            "line": {"width": 0.7, "color": "#808a99"},
            "colorbar": {
                "title": {"text": "loss", "side": "top"},
                "tickvals": [log10(tick) for tick in ticks],
                "ticktext": [f"{tick:g}" for tick in ticks],
                "thickness": 10,
                "len": 0.9,
                "x": 1.0,
                "outlinewidth": 0,
            },
            "customdata": losses,
            "hovertemplate": "loss on the plane %{customdata:.3g}<extra></extra>",
        }
    ]
    for path in paths:
        solid, dotted = _parts(path)
        line = {"color": path.colour, "width": 2.5}
        common = {"type": "scatter", "mode": "lines", "legendgroup": path.name, "hoverinfo": "skip"}
        x, y = path.places.T
        symbol = _MARKS[path.place % len(_MARKS)]
        traces += [
            {**common, "x": solid[:, 0], "y": solid[:, 1], "line": line, "showlegend": False},
            {**common, "x": dotted[:, 0], "y": dotted[:, 1], "line": {**line, "dash": "dot"}, "showlegend": False},
            {
                "type": "scatter",
                "mode": "markers",
                "name": path.name,
                "legendgroup": path.name,
                "x": x,
                "y": y,
                "text": list(path.notes),
                "marker": {
                    "color": path.colour,
                    "symbol": symbol,
                    "size": [3] * (len(x) - 1) + [12],
                    "line": {"width": 0},
                },
                "hovertemplate": "%{text}<extra></extra>",
            },
        ]
    if paths:
        start = paths[0].places[0]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "start",
                "x": start[:1],
                "y": start[1:],
                "marker": {"size": 12, "color": "#ffffff", "line": {"width": 3, "color": "#23292b"}},
                "hoverinfo": "skip",
            }
        )
    # In one go: figures that are filled trace by trace take several times as long.
    figure = go.Figure(traces)
    figure.update_xaxes(title="first principal direction", zeroline=False, showgrid=False)
    figure.update_yaxes(title="second principal direction", zeroline=False, showgrid=False)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0.0, "itemsizing": "constant"},
        hovermode="closest",
    )
    return dress(figure, title, height=520)


def plane_picture(first: Numbers, second: Numbers, losses: Numbers, paths: Sequence[PlanePath], title: str) -> bytes:
    """The same as a PNG on white, for a paper or a slide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as Grid

    # Not pyplot: its current figure is one for all threads of a server.
    grid = Grid(figsize=(7.5, 6), dpi=120, layout="constrained")
    FigureCanvasAgg(grid)
    axes = grid.add_subplot()
    decades = _decades(losses)
    ticks = _ticks(float(decades.min()), float(decades.max()))
    greys = LinearSegmentedColormap.from_list("loss", [colour for _, colour in _GROUND])
    shades = axes.contourf(first, second, decades, levels=_LINES, cmap=greys)
    axes.contour(first, second, decades, levels=_LINES, colors="#808a99", linewidths=0.4)
    bar = grid.colorbar(shades, ax=axes, ticks=[log10(tick) for tick in ticks], label="loss")
    bar.ax.set_yticklabels([f"{tick:g}" for tick in ticks])
    for path in paths:
        for part, style in zip(_parts(path), ("-", ":"), strict=True):
            axes.plot(*part.T, style, color=path.colour, linewidth=2)
        axes.plot(*path.places[-1], "o", color=path.colour, label=path.name)
    if paths:
        axes.plot(*paths[0].places[0], "o", mfc="none", mec="#23292b", ms=10, label="start")
        axes.legend(loc="best", fontsize=8)
    axes.set(xlabel="first principal direction", ylabel="second principal direction")
    axes.set_title(title, fontsize=10)
    buffer = io.BytesIO()
    grid.savefig(buffer, format="png")
    return buffer.getvalue()


def two_losses(steps: Sequence[int], true: Numbers, drawn: Numbers, title: str) -> Figure:
    """Draws the loss of a path and what the plane shows at its places, both on a scale of powers of ten.

    Args:
        steps: (T,) of the path's places.
        true, drawn: (T,) losses.
        title: Of the figure.
    """
    from plotly import graph_objects as go

    lines = (("of the network", true, ACCENT, "solid"), ("on the plane", drawn, PREVIOUS, "dot"))
    figure = go.Figure(
        [
            {
                "x": list(steps),
                "y": np.maximum(values, _LEAST),
                "name": name,
                "mode": "lines",
                "line": {"color": colour, "width": 3, "dash": dash},
                "hovertemplate": f"step %{{x}}: %{{y:.3g}}<extra>{name}</extra>",
            }
            for name, values, colour, dash in lines
        ]
    )
    figure.update_xaxes(title="step")
    figure.update_yaxes(title="loss", **_log_axis([*true, *drawn]))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=300)


@dataclass(frozen=True)
class LossRow:
    """A line of `loss_rows`.

    Attributes:
        name: On the axis.
        colour: Of its marks.
        single: Losses, one a start, above zero and finite.
        spread: Their mean and the ends of its interval; None where there is none.
    """

    name: str
    colour: str
    single: Sequence[float]
    spread: tuple[float, float, float] | None


def loss_rows(rows: Sequence[LossRow], title: str) -> Figure:
    """Draws losses as rings on a scale of powers of ten, their mean as a diamond, its interval as whiskers.

    Args:
        rows: From the top.
        title: What the values are.
    """
    from plotly import graph_objects as go

    traces: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        ring = {"symbol": "circle-open", "size": 9, "color": row.colour, "line": {"width": 1.5}}
        name = f"<extra>{row.name}</extra>"
        traces.append(
            {
                "x": np.maximum(row.single, _LEAST),
                "y": [place] * len(row.single),
                "mode": "markers",
                "marker": ring,
                "hovertemplate": f"one start: %{{x:.3g}}{name}",
            }
        )
        if row.spread is None:
            continue
        mean, low, high = row.spread
        traces.append(
            {
                "x": [mean],
                "y": [place],
                "mode": "markers",
                "marker": {"symbol": "diamond", "size": 11, "color": row.colour},
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [high - mean],
                    "arrayminus": [mean - low],
                    "color": row.colour,
                    "thickness": 2,
                    "width": 6,
                },
                "hovertemplate": f"{mean:.3g}, interval {low:.3g} to {high:.3g}{name}",
            }
        )
    figure = go.Figure(traces)
    for place, row in enumerate(rows):
        # Above its line and not beside it: on a phone the names would take half of the width.
        figure.add_annotation(
            x=0, xref="paper", y=place, text=row.name, xanchor="left", yanchor="bottom", yshift=8, showarrow=False
        )
    figure.update_xaxes(**_log_axis([each for row in rows for each in (*row.single, *(row.spread or ()))]))
    figure.update_yaxes(
        showticklabels=False,
        range=[len(rows) - 0.5, -0.8],
        showgrid=False,
        zeroline=False,
        tickvals=[*range(len(rows))],
    )
    figure.update_layout(showlegend=False)
    return dress(figure, title, height=90 + 54 * len(rows))


def _decades(losses: Numbers) -> Numbers:
    """Logarithms to base 10; what is not finite is as high as the highest that is."""
    finite = losses[np.isfinite(losses)]
    highest = float(finite.max()) if finite.size else 1.0
    return np.asarray(np.log10(np.clip(losses, _LEAST, max(highest, _LEAST))))


def _ticks(low: float, high: float) -> list[float]:
    """Losses between two powers of ten, round ones where there are two: 1, 2 and 5 of each power, or fewer."""
    steps = (1, 2, 5) if high - low < 2 else (1, 3) if high - low < 3.5 else (1,)
    powers = range(floor(low), ceil(high) + 1, max(1, ceil((high - low) / 6)))
    every = [step * 10.0**power for power in powers for step in steps]
    found = [tick for tick in every if low <= log10(tick) <= high]
    inside = 0.1 * (high - low)
    return found if len(found) > 1 else [float(f"{10**end:.3g}") for end in (low + inside, high - inside)]


def _log_axis(losses: Sequence[float]) -> dict[str, Any]:
    """An axis of powers of ten that has ticks however near to each other the losses are."""
    decades = _decades(np.asarray(losses, np.float64))
    if not decades.size:
        return {"type": "log"}
    margin = 0.05 * max(float(np.ptp(decades)), 1.0)
    low, high = float(decades.min()) - margin, float(decades.max()) + margin
    ticks = _ticks(low, high)
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def _parts(path: PlanePath) -> tuple[Numbers, Numbers]:
    """(K, 2) the solid pieces of a path and the dotted ones, each piece followed by a gap.

    A piece between two places is dotted where the losses have parted at one of them.
    """
    pieces = np.stack([path.places[:-1], path.places[1:], np.full_like(path.places[1:], np.nan)], axis=1)
    parted = path.parted[:-1] | path.parted[1:]
    return pieces[~parted].reshape(-1, 2), pieces[parted].reshape(-1, 2)
