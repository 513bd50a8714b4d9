"""Figures of a recurrent network: its steps as boxes in a row, and its matrices under what they are multiplied by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import SERIES
from explorer.rendering.figures.basic import dress, plain
from explorer.rendering.figures.decoder import colour_scale

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HALF: Final = 0.31  # of a box's width, where boxes are 1 apart
_LINE: Final = "rgba(128, 138, 153, 1)"
_CHOSEN: Final = SERIES[5]  # amber
_ROW: Final = 26  # pixels of a unit
_WITH_NUMBERS: Final = 16  # columns of a matrix, at most, whose cells have room for a number


def step_boxes(
    states: NDArray[np.float64],
    letters: Sequence[str],
    written: Sequence[str],
    numbers: Sequence[int],
    chosen: int,
    title: str,
) -> Figure:
    """Draws some steps of a network in a row: below the letter read, in the box the new state, above what comes next.

    Args:
        states: (T, H) after each of the T steps, in [-1, 1].
        letters: read at each.
        written: above each box.
        numbers: of the steps, from 1; before the first of a text there are zeros.
        chosen: the number of the step to frame.
        title: of the figure.
    """
    from plotly import graph_objects as go

    steps, units = states.shape
    # A column of nothing between two boxes leaves room for the arrow.
    edges = [side for step in range(steps) for side in (step - _HALF, step + _HALF)]
    cells: list[list[float | None]] = [[None] * (2 * steps - 1) for _ in range(units)]
    texts = [[""] * (2 * steps - 1) for _ in range(units)]
    for step, unit in np.ndindex(steps, units):
        cells[unit][2 * step] = float(states[step, unit])
        texts[unit][2 * step] = f"{states[step, unit]:z.2f}".replace("-", "−")
    told = [
        [f"step {numbers[column // 2]}, unit {unit + 1}" for column in range(2 * steps - 1)] for unit in range(units)
    ]
    heat = go.Heatmap(
        x=edges,
        y=list(range(units)),
        z=cells,
        zmin=-1,
        zmax=1,
        text=texts,
        texttemplate="%{text}",
        customdata=told,
        colorscale=colour_scale(signed=True),
        showscale=False,
        hoverongaps=False,
        hovertemplate="%{customdata}: %{z:.4f}<extra></extra>",
    )
    middle, top, bottom = (units - 1) / 2, -0.5, units - 0.5
    notes: list[dict[str, Any]] = []
    frames = []
    for step in range(steps):
        is_chosen = numbers[step] == chosen
        frames.append(
            {
                "type": "rect",
                "x0": step - _HALF,
                "x1": step + _HALF,
                "y0": top,
                "y1": bottom,
                "line": {"color": _CHOSEN if is_chosen else _LINE, "width": 4 if is_chosen else 1},
            }
        )
        notes += [
            _arrow(step, bottom + 1.1, step, bottom),
            _word(step + 0.17, bottom + 0.65, "W<sub>x</sub>", 11),
            _arrow(step, top, step, top - 1.1),
            _word(step + 0.17, top - 0.5, "W<sub>y</sub>", 11),
            _arrow(step - 1 + _HALF, middle, step - _HALF, middle),
            _word(step - 0.5, middle - 0.45, "W<sub>h</sub>", 11),
            _word(step, bottom + 1.55, f"<b>{plain(letters[step])}</b>", 17),
            _word(step, bottom + 2.3, f"step {numbers[step]}", 11),
            _word(step, top - 1.75, written[step], 12),
        ]
    if numbers[0] == 1:
        notes.append(_word(-1 + _HALF - 0.12, middle, "0", 13))
    figure = go.Figure(heat)
    figure.update_xaxes(range=[-0.85, steps - 0.6], visible=False, fixedrange=True)
    figure.update_yaxes(range=[bottom + 2.7, top - 2.5], visible=False, fixedrange=True)
    figure.update_layout(annotations=notes, shapes=frames, dragmode=False)
    return dress(figure, title, height=60 + round(_ROW * (units + 5.2)))


def vector_over_matrix(
    matrix: NDArray[np.float64],
    vector: NDArray[np.float64],
    names: Sequence[str],
    blocks: Mapping[str, int],
    title: str,
    framed: int | None = None,
) -> Figure:
    """Draws a matrix with the vector that it is multiplied by on top, an entry above its column.

    Args:
        matrix: (H, N).
        vector: (N,), in [-1, 1].
        names: of the columns.
        blocks: how many columns each part of the matrix has, by its name.
        title: of the figure.
        framed: a column, from 0; None for none.
    """
    from plotly import graph_objects as go

    units, columns = matrix.shape
    rows = np.vstack([vector[None], np.full((1, columns), np.nan), matrix])
    most = float(np.abs(matrix).max()) or 1.0
    shares = np.vstack([rows[:1], rows[1:] / most])
    rows_named = ["times", "", *(f"unit {unit + 1}" for unit in range(units))]
    heat = go.Heatmap(
        x=list(range(columns)),
        y=list(range(units + 2)),
        z=[[None if np.isnan(value) else float(value) for value in row] for row in shares],
        zmin=-1,
        zmax=1,
        text=[["" if np.isnan(value) else f"{value:z.2f}".replace("-", "−") for value in row] for row in rows],
        texttemplate="%{text}" if columns <= _WITH_NUMBERS else None,
        customdata=[[f"{name}, column {plain(column)}" for column in names] for name in rows_named],
        colorscale=colour_scale(signed=True),
        showscale=False,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{customdata}: %{text}<extra></extra>",
    )
    figure = go.Figure(heat)
    line = {"color": _CHOSEN, "width": 4}
    ends = np.cumsum([0, *blocks.values()])
    for (name, count), first in zip(blocks.items(), ends, strict=False):
        figure.add_annotation(_word(first + (count - 1) / 2, 1, name, 13))
        if first:
            figure.add_shape(type="line", x0=first - 0.5, x1=first - 0.5, y0=-0.5, y1=units + 1.5, line=line)
    if framed is not None:
        figure.add_shape(type="rect", x0=framed - 0.5, x1=framed + 0.5, y0=1.5, y1=units + 1.5, line=line)
    figure.update_xaxes(
        tickvals=list(range(columns)), ticktext=[plain(name) for name in names], showgrid=False, zeroline=False
    )
    figure.update_yaxes(
        tickvals=list(range(units + 2)), ticktext=rows_named, autorange="reversed", showgrid=False, zeroline=False
    )
    figure.update_layout(xaxis_fixedrange=True, yaxis_fixedrange=True, dragmode=False)
    return dress(figure, title, height=100 + _ROW * (units + 2))


def _arrow(x0: float, y0: float, x1: float, y1: float) -> dict[str, Any]:
    """From one place to another."""
    return {
        "x": x1,
        "y": y1,
        "ax": x0,
        "ay": y0,
        "axref": "x",
        "ayref": "y",
        "text": "",
        "showarrow": True,
        "arrowhead": 2,
        "arrowwidth": 1.5,
        "arrowcolor": _LINE,
    }


def _word(x: float, y: float, text: str, size: int) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": {"size": size}}
