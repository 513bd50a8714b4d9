"""Pictures where they lie on a plane: as a chart that answers a pointer, and as one large picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from explorer.rendering.colours import SERIES
from explorer.rendering.figures.basic import plain
from explorer.rendering.figures.movement import feature_scatter
from explorer.rendering.picture_grids import as_address, fit_picture

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SHARE: Final = 0.15  # of the chart's height that a picture takes
_SIDE: Final = 80  # pixels of a picture in the chart's file
_HEIGHT: Final = 600
_TOUCH: Final = 40  # pixels of a picture in the chart that take a click, or about so many
_FRAME: Final = 3  # pixels around a picture in the large picture


def choose_apart(points: NDArray[np.floating], first: Sequence[int] = ()) -> list[int]:
    """Which pictures are shown where all would cover each other: those that lie apart, in the order given.

    Args:
        points: (N, 2).
        first: places that are shown in any case.
    """
    apart = SHARE * _extent(points)
    shown = list(dict.fromkeys(first))
    for place in range(len(points)):
        if place not in shown and (not shown or np.abs(points[shown] - points[place]).max(1).min() >= apart):
            shown.append(place)
    return shown


def picture_map(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    names: Sequence[str],
    thumbnails: Mapping[int, NDArray[np.uint8]],
    title: str,
    chosen: Sequence[int] = (),
) -> Figure:
    """Draws every picture as a point in the colour of its class, and some of them above their points.

    Args:
        points: (N, 2).
        labels: (N,), places in `classes`.
        classes: Names, in the order of the legend.
        names: Of the N pictures, shown where the pointer is.
        thumbnails: (h, w, 3) uint8 by place, of the pictures that are shown.
        title: Of the figure.
        chosen: Places that are ringed: a picture, and those that are near it.

    Raises:
        ValueError: If the lengths differ.
    """
    figure = feature_scatter(points, labels, classes, names, title)
    side = SHARE * _extent(points) or 1.0
    low, high = points.min(0) - side / 3, points.max(0) + side / 3
    images, middles = [], []
    for place, picture in thumbnails.items():
        x, y = points[place].tolist()
        height, width = picture.shape[:2]
        half = side * min(2.0, width / height) / 2
        low[0], high = min(low[0], x - half), np.maximum(high, (x + half, y + side))
        middles.append((x, y + side / 2))
        images.append(
            {
                "source": as_address(picture, _SIDE),
                **{"x": x, "xref": "x", "xanchor": "center", "sizex": 2 * side},
                **{"y": y, "yref": "y", "yanchor": "bottom", "sizey": side},
                "sizing": "contain",
                "layer": "below",
            }
        )
    # All at once: one after the other, each is checked again with every later one.
    figure.update_layout(images=images)
    if images:
        figure.add_scatter(
            x=[x for x, _ in middles],
            y=[y for _, y in middles],
            mode="markers",
            name="thumbnails",
            showlegend=False,
            customdata=list(thumbnails),
            text=[plain(names[place]) for place in thumbnails],
            hovertemplate="%{text}<extra></extra>",
            marker={"size": _TOUCH, "symbol": "square", "opacity": 0},
        )
    for name, places, size, width in (("the picture", chosen[:1], 18, 4), ("its nearest", chosen[1:], 14, 2)):
        if len(places) == 0:
            continue
        figure.add_scatter(
            x=points[places, 0].tolist(),
            y=points[places, 1].tolist(),
            mode="markers",
            name=name,
            customdata=[*places],
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": size, "color": "rgb(128, 138, 153)", "line": {"width": width}},
        )
    # The plot shrinks to its range: an axis that gives way instead keeps what it was given when the window narrows.
    figure.update_xaxes(range=[float(low[0]), float(high[0])], showgrid=False, constrain="domain")
    figure.update_yaxes(range=[float(low[1]), float(high[1])], showgrid=False, constrain="domain")
    figure.update_layout(height=_HEIGHT + 22 * (len(classes) // 3), hovermode="closest", clickmode="event+select")
    return figure


def _extent(points: NDArray[np.floating]) -> float:
    """What a picture's size is measured by: the height of the points, or half of their width where they lie flat."""
    return max(float(np.ptp(points[:, 1])), float(np.ptp(points[:, 0])) / 2)


def draw_picture_map(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    thumbnails: Sequence[NDArray[np.uint8]],
    *,
    width: int = 1600,
    side: int = 56,
) -> bytes:
    """All pictures where they lie, framed in the colours of their classes, as PNG on a transparent ground.

    Args:
        points: (N, 2).
        labels: (N,).
        thumbnails: (h, w, 3) uint8, one for each point; later ones cover earlier ones.
        width: Of the PNG in pixels; its height follows from the points.
        side: Of a picture in pixels.
    """
    low, room = points.min(0), np.maximum(np.ptp(points, axis=0), 1e-9)
    inner = width - side - 2 * _FRAME
    scale = inner / float(room.max())
    spread = (points - low) * scale
    height = round(float(spread[:, 1].max())) + side + 2 * _FRAME
    wide = round(float(spread[:, 0].max())) + side + 2 * _FRAME
    sheet = Image.new("RGBA", (wide, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    for (across, up), label, picture in zip(spread.tolist(), labels.tolist(), thumbnails, strict=True):
        fitted = fit_picture(picture, side)
        left, top = round(across), height - side - 2 * _FRAME - round(up)
        box = (left, top, left + fitted.width + 2 * _FRAME - 1, top + fitted.height + 2 * _FRAME - 1)
        draw.rectangle(box, fill=SERIES[label % len(SERIES)])
        sheet.paste(fitted, (left + _FRAME, top + _FRAME))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
