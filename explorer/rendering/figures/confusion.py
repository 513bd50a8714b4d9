"""The confusion matrix of trained networks, each of whose cells can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, SEQUENTIAL
from explorer.rendering.figures.basic import dress, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LONG: Final = 22  # characters of a class name on an axis
_NUMBERED: Final = 25  # classes above which cells are too small for numbers


def confusion_chart(counts: NDArray[np.integer], names: Sequence[str], chosen: tuple[int, int] | None = None) -> Figure:
    """Draws how often each true class (rows) was predicted to be each class (columns).

    Colour is the share of the true class. A square of points lies over the cells, since cells themselves cannot be
    clicked; a point's `customdata` is [row, column].

    Args:
        counts: (K, K).
        names: Of the classes, which may be alike.
        chosen: A cell to be outlined.

    Raises:
        ValueError: If there is not a row and a column for each name.
    """
    from plotly import graph_objects as go

    classes = len(names)
    if counts.shape != (classes, classes):
        raise ValueError(f"{classes} names but counts of {counts.shape}")
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    steps = np.linspace(0, 1, 33)
    scale = [[float(step), f"rgb{tuple(int(part) for part in SEQUENTIAL[round(255 * step)])}"] for step in steps]
    cells = [(row, column) for row in range(classes) for column in range(classes)]
    figure = go.Figure(
        go.Heatmap(
            z=(100 * shares).tolist(),
            zmin=0,
            zmax=100,
            colorscale=scale,
            showscale=False,
            xgap=1 if classes <= _NUMBERED else 0,
            ygap=1 if classes <= _NUMBERED else 0,
            # In a large matrix zeros would drown the mistakes. Plotly picks black or white, by the cell.
            text=[[str(count) if count or classes <= 8 else "" for count in row] for row in counts.tolist()],
            texttemplate="%{text}" if classes <= _NUMBERED else None,
            textfont={"size": 14 if classes <= 8 else 10},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        mode="markers",
        marker={"symbol": "square", "size": _marker_side(classes), "opacity": 0, "color": ACCENT},
        customdata=[list(cell) for cell in cells],
        hovertext=[
            f"{plain(names[row])} predicted as {plain(names[column])}: {counts[row, column]} of {totals[row, 0]}, "
            f"{100 * shares[row, column]:.3g} %"
            for row, column in cells
        ],
        hoverinfo="text",
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        showlegend=False,
    )
    if chosen is not None:
        row, column = chosen
        for colour, width in (("#000000", 5), ("#ffa51f", 3)):  # amber within black: seen on every viridis
            figure.add_shape(
                type="rect",
                x0=column - 0.5,
                x1=column + 0.5,
                y0=row - 0.5,
                y1=row + 0.5,
                line={"color": colour, "width": width},
            )
    ticks: dict[str, Any] = {
        "tickvals": list(range(classes)),
        "ticktext": [plain(name, _LONG) for name in names],
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"size": 12 if classes <= 15 else 9 if classes <= 40 else 7},
    }
    figure.update_xaxes(title="predicted", range=[-0.5, classes - 0.5], **ticks)
    figure.update_yaxes(title="true", range=[classes - 0.5, -0.5], **ticks)
    cell = 64 if classes <= 5 else 44 if classes <= 10 else 26 if classes <= 25 else 14 if classes <= 50 else 9
    return dress(figure, "True classes and what they were predicted to be", height=150 + max(180, cell * classes))


def _marker_side(classes: int) -> int:
    """Pixels of a point that can be hit by a finger where the cells allow it."""
    return 44 if classes <= 5 else 30 if classes <= 10 else 16 if classes <= 25 else 8
