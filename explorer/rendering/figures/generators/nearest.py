"""Made pictures with their nearest known ones under bars as high as the two are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, SERIES
from explorer.rendering.figures.basic import dress
from explorer.rendering.picture_grids import as_address

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES: Final = ("solid", "dash")
_SIDE: Final = 96  # pixels of a picture
_ROOM: Final = 1.3  # of the highest bar, below the axis, for two rows of pictures


def nearest_bars(
    made: Sequence[NDArray[np.uint8]],
    known: Sequence[NDArray[np.uint8]],
    distances: Sequence[float],
    words: Sequence[str],
    marks: Mapping[str, float],
    title: str,
) -> Figure:
    """Draws a bar for each made picture, the picture under it, and below that the known one nearest to it.

    Args:
        made, known: (H, W, 3) uint8, one of each for every bar.
        distances: Between the two.
        words: What stands under the pictures.
        marks: Distances by name, at most two, as level lines.
        title: What the bars are.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    count = len(distances)
    if not count == len(made) == len(known) == len(words):
        raise ValueError(f"{count} distances, {len(made)} and {len(known)} pictures, {len(words)} words")
    figure = go.Figure(
        go.Bar(
            x=list(range(count)),
            y=list(distances),
            marker={"color": ACCENT, "line": {"width": 0}},
            text=[f"{distance:.2f}" for distance in distances],
            textposition="outside",
            cliponaxis=False,
            name="distance",
            hovertemplate="%{y:.3f}<extra></extra>",
        )
    )
    for number, (name, value) in enumerate(marks.items()):
        figure.add_scatter(
            x=[-0.5, count - 0.5],
            y=[value] * 2,
            mode="lines",
            line={"color": SERIES[1], "dash": _DASHES[number], "width": 1.5},
            name=name,
            hovertemplate=f"{name}: %{{y:.3f}}<extra></extra>",
        )
    top = 1.12 * max(*distances, *marks.values())
    row = _ROOM * top / 2
    images = [
        {
            "source": as_address(picture, _SIDE),
            **{"x": place, "xref": "x", "xanchor": "center", "sizex": 0.9},
            **{"y": -(below + 0.5) * row, "yref": "y", "yanchor": "middle", "sizey": 0.92 * row},
            "sizing": "contain",
        }
        for place, pair in enumerate(zip(made, known, strict=True))
        for below, picture in enumerate(pair)
    ]
    marked = [float(value) for value in np.arange(0, top, 0.5)]
    figure.update_yaxes(
        range=[-2 * row, top],
        tickvals=[*marked, -0.5 * row, -1.5 * row],
        ticktext=[*(f"{value:g}" for value in marked), "made", "nearest"],
        showgrid=False,
        zeroline=False,
    )
    figure.update_xaxes(
        range=[-0.5, count - 0.5], tickvals=list(range(count)), ticktext=list(words), tickangle=0, showgrid=False
    )
    legend = {"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0.0}
    figure.update_layout(legend=legend, showlegend=True, images=images)
    return dress(figure, title, height=460)
