"""Figures of a decoder: its units over the words of a sentence, lines over words, and words on a plane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.rendering.colours import ACCENT, DIVERGING, PREVIOUS, SEQUENTIAL, SERIES
from explorer.rendering.enlarging import colour_map, enlarge, join_pictures
from explorer.rendering.figures.basic import dress
from explorer.rendering.overlay import encode_png

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES: Final = ("solid", "dash", "dot", "dashdot")
_MARKERS: Final = ("circle", "square", "diamond", "triangle-up")
_NAMED: Final = 40  # words under an axis, at most
_STEPS: Final = 32  # of a colour scale that a figure carries


def unit_heatmap(
    values: NDArray[np.floating],
    words: Sequence[str],
    order: NDArray[np.integer],
    title: str,
    *,
    signed: bool = False,
    height: int = 360,
) -> Figure:
    """Draws units as rows over words as columns; pointing at a cell gives unit, word and value.

    Args:
        values: (T, H), one row a word.
        words: T of them.
        order: (H,) numbers of the units from the top row down.
        title: What the values are.
        signed: Blue-white-red about zero instead of viridis from 0 to 1.
        height: In pixels.

    Raises:
        ValueError: If there is not a column for each word or a row for each unit.
    """
    from plotly import graph_objects as go

    if values.shape != (len(words), len(order)):
        raise ValueError(f"{len(words)} words and {len(order)} units, but {values.shape} values")
    rows = np.asarray(values, dtype=np.float32).T[order]  # (H, T)
    peak = float(np.abs(rows).max(initial=0.0)) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=np.arange(len(words)),
            customdata=np.repeat(np.asarray(order)[:, None], len(words), axis=1),
            text=[list(words)] * len(order),
            zmin=-peak if signed else 0.0,
            zmax=peak if signed else 1.0,
            colorscale=colour_scale(signed=signed),
            colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 5, "len": 1.0},
            hovertemplate="unit %{customdata} at “%{text}”: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showticklabels=False, showgrid=False, zeroline=False, fixedrange=True)
    _name_words(figure, words)
    return dress(figure, title, height=height)


def word_lines(
    words: Sequence[str],
    series: Mapping[str, Sequence[float] | NDArray[np.floating]],
    title: str,
    *,
    percent: bool = False,
    top: float | None = None,
    pair: bool = False,
    height: int = 300,
) -> Figure:
    """Draws one line for each series over the words of a sentence.

    Args:
        words: Of the sentence.
        series: One value a word by name, in the order of the legend; NaN leaves a gap.
        title: What the values are.
        percent: Values are shares, shown in percent.
        top: The end of the axis, before percent; default by the values.
        pair: The first series is the old one and the second the new one, in their colours.
        height: In pixels.

    Raises:
        ValueError: If a series has another length than the sentence.
    """
    from plotly import graph_objects as go

    colours = (PREVIOUS, ACCENT) if pair else SERIES
    figure = go.Figure()
    for number, (name, values) in enumerate(series.items()):
        if len(values) != len(words):
            raise ValueError(f"{len(words)} words but {len(values)} values of {name!r}")
        figure.add_scatter(
            x=np.arange(len(words)),
            y=np.asarray(values, dtype=np.float64) * (100.0 if percent else 1.0),
            name=name,
            text=list(words),
            mode="lines+markers",
            line={"color": colours[number % len(colours)], "dash": _DASHES[number % len(_DASHES)], "width": 2},
            marker={"symbol": _MARKERS[number % len(_MARKERS)], "size": 7},
            hovertemplate="%{text}: %{y:.3g}" + (" %" if percent else "") + f"<extra>{name}</extra>",
        )
    _name_words(figure, words)
    figure.update_yaxes(ticksuffix=" %" if percent else "", fixedrange=True, nticks=6)
    if top is None:
        figure.update_yaxes(rangemode="tozero")
    else:
        end = top * (100.0 if percent else 1.0)
        figure.update_yaxes(range=[-0.02 * end, 1.02 * end])
    figure.update_layout(
        showlegend=len(series) > 1, legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0}
    )
    return dress(figure, title, height=height, top=72 if len(series) > 1 else 44)


def word_map(
    points: NDArray[np.floating],
    words: Sequence[str],
    marked: Mapping[str, Collection[str]],
    title: str,
    *,
    rest: str,
    height: int = 520,
) -> Figure:
    """Draws words as points on a plane; those that are marked have a colour and their name beside them.

    Args:
        points: (N, 2).
        words: N of them.
        marked: Words by the name of their group; one in several groups belongs to the last.
        title: Of the figure.
        rest: Name of the group of all others, whose points are faint and named where one points at them.
        height: In pixels.

    Raises:
        ValueError: If there is not a point for each word.
    """
    from plotly import graph_objects as go

    if points.shape != (len(words), 2):
        raise ValueError(f"{len(words)} words but {points.shape} points")
    group_of = _groups(marked)
    figure = go.Figure()
    for number, name in enumerate([rest, *marked]):
        own = [place for place, word in enumerate(words) if group_of.get(word, rest) == name]
        if not own:
            continue
        faint = name == rest
        looks: dict[str, Any] = {"size": 5 if faint else 9, "symbol": "circle" if faint else _MARKERS[number % 4]}
        figure.add_scatter(
            x=points[own, 0].astype(np.float64),
            y=points[own, 1].astype(np.float64),
            text=[words[place] for place in own],
            name=name,
            mode="markers" if faint else "markers+text",
            marker={**looks, "color": PREVIOUS if faint else SERIES[number - 1], "opacity": 0.55 if faint else 1.0},
            textposition="top center",
            textfont={} if faint else {"color": SERIES[number - 1]},
            hovertemplate="%{text}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False)
    # One unit is as long to the side as upwards: distances mean something in both directions.
    figure.update_yaxes(showticklabels=False, showgrid=False, zeroline=False, scaleanchor="x")
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0.0}, hovermode="closest"
    )
    return dress(figure, title, height=height)


def draw_words(
    points: NDArray[np.floating], words: Sequence[str], marked: Mapping[str, Collection[str]], *, side: int = 1000
) -> bytes:
    """Draws the same plane as a PNG on white: faint dots, and in colour with their names those that are marked.

    Args:
        points: (N, 2).
        words: N of them.
        marked: As for `word_map`.
        side: Of the picture in pixels.

    Raises:
        ValueError: If there is not a point for each word.
    """
    if points.shape != (len(words), 2):
        raise ValueError(f"{len(words)} words but {points.shape} points")
    picture = Image.new("RGB", (side, side), "white")
    pencil, font = ImageDraw.Draw(picture), ImageFont.load_default(side / 55)
    spread = float(np.ptp(points, axis=0).max(initial=0.0)) or 1.0
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    places = (points - middle) / spread * (0.9 * side) * (1, -1) + side / 2  # upwards is down in a picture
    group_of, names = _groups(marked), list(marked)
    # Those that are marked come last, over the others.
    for place in sorted(range(len(words)), key=lambda place: words[place] in group_of):
        word, (x, y) = words[place], places[place]
        group = group_of.get(word)
        radius = side / (300 if group is None else 140)
        colour = PREVIOUS if group is None else SERIES[names.index(group) % len(SERIES)]
        pencil.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        if group is not None:
            pencil.text((x, y - 1.5 * radius), word, fill=colour, font=font, anchor="mb")
    return encode_png(np.asarray(picture))


def _groups(marked: Mapping[str, Collection[str]]) -> dict[str, str]:
    """The group of every word that is in one, the last where there are several."""
    return {word: name for name, members in marked.items() for word in members}


def _name_words(figure: Figure, words: Sequence[str]) -> None:
    """Words under an axis of their numbers: the same word may stand twice. Too many would lie on one another."""
    figure.update_xaxes(
        tickvals=list(range(len(words))),
        ticktext=list(words),
        showticklabels=len(words) <= _NAMED,
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )


def colour_scale(*, signed: bool) -> list[tuple[float, str]]:
    """Viridis, or blue-white-red, in the few steps that a figure carries."""
    steps = np.linspace(0.0, 1.0, _STEPS + 1)
    # Row 0 of the signed table repeats row 1, so that white is in the middle of what is left.
    rows = [1 + round(254 * step) for step in steps] if signed else [round(255 * step) for step in steps]
    table = DIVERGING if signed else SEQUENTIAL
    return [
        (float(step), f"rgb({', '.join(str(int(part)) for part in table[row])})")
        for step, row in zip(steps, rows, strict=True)
    ]


def draw_units(panels: Sequence[NDArray[np.floating]], units: NDArray[np.intp], signed: Sequence[bool]) -> bytes:
    """Heatmaps side by side as PNG, units down and words across.

    Args:
        panels: (T, U) each.
        units: numbers of the units from the top row down.
        signed: which panels are blue below zero and red above; the others run from 0 to 1.
    """
    pictures = []
    for panel, both_ways in zip(panels, signed, strict=True):
        rows = panel.T[units]
        peak = float(np.abs(rows).max()) or 1.0
        picture = colour_map(rows, -peak if both_ways else 0.0, peak if both_ways else 1.0, signed=both_ways)
        pictures.append(enlarge(picture, max(512, len(rows)), 24 * rows.shape[1]))
    return encode_png(join_pictures(pictures, len(pictures)))
