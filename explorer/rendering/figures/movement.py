"""What training changed, drawn: how far layers moved, pictures as points, the maps of a layer before and after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import FROZEN, SERIES, TRAINABLE
from explorer.rendering.figures.basic import dress, plain
from explorer.rendering.map_grid import MapGrid, draw_grid
from explorer.rendering.scaling import Scale, average_blocks, find_ranges

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "x", "cross", "star", "hexagon")
_MANY: Final = 30  # bars, above which they are drawn thin

_CELLS: Final = 300_000  # of a grid; with the gaps between maps, fewer bytes than a grid may have


def movement_bars(moved: Mapping[str, float], likeness: Mapping[str, float] | None = None) -> Figure:
    """Draws how far each layer moved from its pretrained weights, as horizontal bars, the first layer on top.

    Args:
        moved: From the layer's path to the L2 distance over the L2 norm of where it began, in the order to draw. Layers
            that began at zero have no such number and get no bar.
        likeness: From the path to the cosine between its weights before and after, for the hover.
    """
    from plotly import graph_objects as go

    names = [name for name, value in moved.items() if math.isfinite(value)]
    values = [100.0 * moved[name] for name in names]
    cosines = [(likeness or {}).get(name, math.nan) for name in names]
    thin = len(names) > _MANY
    figure = go.Figure(
        go.Bar(
            y=names,
            x=values,
            orientation="h",
            marker={"color": [TRAINABLE if value else FROZEN for value in values], "line": {"width": 0}},
            text=None if thin else [f"{value:.3g} %" if value else "frozen" for value in values],
            textposition="outside",
            cliponaxis=False,
            customdata=[f", cosine {cosine:.5f}" if math.isfinite(cosine) else "" for cosine in cosines],
            hovertemplate="%{y}: %{x:.3g} %%{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category", automargin=True, showgrid=False)
    if thin:
        figure.update_yaxes(tickfont={"size": 9}, dtick=1 if len(names) <= 2 * _MANY else 2)
    figure.update_xaxes(range=[0, max([*values, 0.1]) * (1.02 if thin else 1.2)], ticksuffix=" %", nticks=5)
    return dress(
        figure, "Distance moved, in percent of the weights' length", height=100 + (14 if thin else 24) * len(names)
    )


def feature_scatter(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    names: Sequence[str],
    title: str,
    *,
    hollow: NDArray[np.bool_] | None = None,
) -> Figure:
    """Draws pictures as points of a plane, coloured by class; two of them share colours when they share `classes`.

    The places of the points stand in the traces' `customdata`, so that a click tells which it was.

    Args:
        points: (N, 2).
        labels: (N,), places in `classes`.
        classes: Names, in the order of the legend.
        names: Of the N pictures, shown where the pointer is.
        title: Of the figure.
        hollow: (N,), which points are drawn as rings.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    if not len(points) == len(labels) == len(names):
        raise ValueError(f"{len(points)} points, {len(labels)} labels and {len(names)} names")
    open_ones = np.zeros(len(points), bool) if hollow is None else hollow
    figure = go.Figure()
    for number, name in enumerate(classes):
        symbol, colour = _SYMBOLS[number // len(SERIES) % len(_SYMBOLS)], SERIES[number % len(SERIES)]
        for ring in (False, True):
            places = np.flatnonzero((labels == number) & (open_ones == ring))
            if len(places) == 0:
                continue
            figure.add_scatter(
                x=points[places, 0].tolist(),
                y=points[places, 1].tolist(),
                mode="markers",
                name=plain(name),
                legendgroup=str(number),
                showlegend=not any(trace.legendgroup == str(number) for trace in figure.data),
                text=[plain(names[place]) for place in places.tolist()],
                customdata=places.tolist(),
                marker={"color": colour, "symbol": f"{symbol}-open" if ring else symbol, "size": 8, "opacity": 0.85},
                hovertemplate="%{text}<extra>" + plain(name) + "</extra>",
            )
    figure.update_xaxes(showticklabels=False, zeroline=False)
    # One unit is as long in both directions: distances are what the picture shows.
    figure.update_yaxes(showticklabels=False, zeroline=False, scaleanchor="x", scaleratio=1)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.05, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=380 + 22 * (len(classes) // 3))


def compare_maps(
    before: NDArray[np.floating], after: NDArray[np.floating], *, signed: bool, scale: Scale = "each"
) -> tuple[MapGrid, MapGrid, MapGrid]:
    """Draws maps before, after, and their difference as three grids with the same places.

    A map has one scale in both grids. Its difference, always blue-white-red, has that scale too: what looks faint is
    small beside the values themselves.

    Args:
        before, after: (N, H, W).
        signed: Blue-white-red about zero instead of viridis.
        scale: "each" pair of maps on its own range, or one "shared" by all.

    Raises:
        ValueError: If the shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"maps of {before.shape} before and {after.shape} after")
    pairs = np.concatenate([before, after], axis=1)  # (N, 2H, W): one range for both
    ranges = find_ranges(pairs, signed=signed, scale=scale)
    most = np.abs(ranges).max(axis=1, initial=0.0)
    first, last = np.asarray(before, np.float32), np.asarray(after, np.float32)
    # Averaged here, and alike: each grid by itself would be made as small as its own file asks for.
    factor = math.ceil(math.sqrt(first.size / _CELLS))
    if factor > 1:
        first, last = average_blocks(first, factor), average_blocks(last, factor)
    return (
        draw_grid(first, signed=signed, ranges=ranges),
        draw_grid(last, signed=signed, ranges=ranges),
        draw_grid(last - first, signed=True, ranges=np.stack([-most, most], axis=1)),
    )
