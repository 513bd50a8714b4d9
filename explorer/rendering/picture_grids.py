"""Pictures of any sizes side by side: on one grid, and under bars."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering.colours import ACCENT, PREVIOUS
from explorer.rendering.figures.basic import dress, plain
from explorer.rendering.map_grid import MapGrid
from explorer.text import format_percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TINY: Final = 44  # pixels of the pictures under bars


def draw_picture_grid(pictures: Sequence[NDArray[np.uint8]], *, columns: int, side: int, gap: int = 6) -> MapGrid:
    """Lays pictures of any sizes out in rows, each fitted whole into a square cell; what is left is transparent.

    Args:
        pictures: (H, W, 3) uint8 each, at least one.
        columns: Cells in a full row.
        side: Of a cell in pixels.
        gap: Between cells in pixels.

    Raises:
        ValueError: If there is no picture.
    """
    if not pictures:
        raise ValueError("a grid needs at least one picture")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    width, height = columns * (side + gap) - gap, rows * (side + gap) - gap
    grid = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    for place, picture in enumerate(pictures):
        fitted = fit_picture(picture, side)
        left = place % columns * (side + gap) + (side - fitted.width) // 2
        top = place // columns * (side + gap) + (side - fitted.height) // 2
        grid.paste(fitted, (left, top))
    buffer = io.BytesIO()
    grid.save(buffer, "PNG", compress_level=1)
    return MapGrid(buffer.getvalue(), width, height, columns, rows, side, side, gap, len(pictures))


def fit_picture(picture: NDArray[np.uint8], side: int) -> Image.Image:
    """A picture brought to `side` pixels on its longer side; small ones keep hard edges, so that pixels show."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.NEAREST if scale >= 3 else Image.Resampling.BILINEAR)


def draw_bars(
    probabilities: Sequence[float],
    single: float,
    pictures: Sequence[NDArray[np.uint8]],
    names: Sequence[str],
    words: Sequence[str],
    target: str,
) -> Figure:
    """Draws one bar for each draw, tallest first, its picture under it, and a line for the unchanged picture.

    Args:
        probabilities: Of the class, 0 to 1, in the order they are shown.
        single: Of the class for the unchanged picture.
        pictures: (H, W, 3) uint8, one for each bar.
        names: Of the draws.
        words: What a pointer on the bar is told.
        target: The class.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    count = len(probabilities)
    if not count == len(pictures) == len(names) == len(words):
        raise ValueError(f"{count} probabilities, {len(pictures)} pictures, {len(names)} names and {len(words)} words")
    percents = [100.0 * share for share in probabilities]
    figure = go.Figure(
        go.Bar(
            x=list(range(count)),
            y=percents,
            marker={"color": ACCENT, "line": {"width": 0}},
            customdata=[[name, plain(said)] for name, said in zip(names, words, strict=True)],
            hovertemplate="%{customdata[0]}: %{y:.3g} %<br>%{customdata[1]}<extra></extra>",
            name="draws",
        )
    )
    figure.add_scatter(
        x=[-0.5, count - 0.5],
        y=[100.0 * single] * 2,
        mode="lines",
        line={"color": PREVIOUS, "dash": "dash", "width": 2},
        name=f"the picture as it is: {format_percent(single)}",
        hovertemplate="as it is: %{y:.3g} %<extra></extra>",
    )
    top = max(*percents, 100.0 * single, 1.0) * 1.08
    room = top * 0.24
    images = [
        {
            "source": as_address(picture),
            **{"x": place, "xref": "x", "xanchor": "center", "sizex": 0.9},
            **{"y": -0.02 * top, "yref": "y", "yanchor": "top", "sizey": room * 0.92},
            "sizing": "contain",
        }
        for place, picture in enumerate(pictures)
    ]
    marks = _ticks(top)
    figure.update_yaxes(range=[-room, top], tickvals=marks, ticktext=[f"{mark:g} %" for mark in marks])
    figure.update_xaxes(range=[-0.6, count - 0.4], showticklabels=False, showgrid=False)
    figure.update_layout(showlegend=False, images=images)  # at once: with each one more, all would be checked again
    return dress(figure, f"Probability of {plain(target)}, draw by draw", height=360)


def as_address(picture: NDArray[np.uint8], side: int = _TINY) -> str:
    """A picture, `side` pixels on its longer side, as an address by which a figure shows it."""
    buffer = io.BytesIO()
    fit_picture(picture, side).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _ticks(top: float) -> list[float]:
    """Four or five round numbers from zero on, none in the room of the pictures below it."""
    step = next(step for step in (0.25, 0.5, 1, 2, 5, 10, 20, 25) if top / step <= 5)
    return [float(value) for value in np.arange(0, top + 1e-9, step)]
