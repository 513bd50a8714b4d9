"""Channel gates as rows of bars: one row a block, every channel a bar from 0, shut, to 1, open."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW, _GAP, _TOP, _FOOT = 44, 30, 44, 8  # pixels
_ACCENT_FILL = "rgba(47, 127, 224, 0.35)"


def gate_rows(
    titles: Sequence[str], gates: Sequence[NDArray[np.floating]], title: str, *, by_value: bool = False, row: int = _ROW
) -> "Figure":
    """Draws each block's gates as a row of bars; pointing at one gives its channel and value.

    Args:
        titles: One line for each block, above its row.
        gates: (C,) for each block, 0 to 1.
        title: Of the figure.
        by_value: The most open channel first instead of channel 0.
        row: Height of a row in pixels.

    Raises:
        ValueError: If there is not one title for each block.
    """
    from plotly import graph_objects as go

    if len(titles) != len(gates):
        raise ValueError(f"{len(titles)} titles but {len(gates)} rows of gates")
    inside = max(1, len(gates) * (row + _GAP))
    outlines, notes = [], []
    axes: dict[str, Any] = {}
    for number, (name, values) in enumerate(zip(titles, gates, strict=True)):
        order = np.argsort(-values, kind="stable") if by_value else np.arange(len(values))
        # The outline begins and ends half a step outside, so that the first and the last bar have their whole width.
        ends = np.concatenate([order[:1], order, order[-1:]])
        axis = "" if number == 0 else str(number + 1)
        outlines.append(
            {
                "type": "scatter",
                # One filled outline a row: thousands of single bars would take the browser seconds.
                "x": np.concatenate([[-0.5], np.arange(len(values)), [len(values) - 0.5]]),
                "y": values[ends].astype(np.float64),
                "line": {"shape": "hvh", "width": 1, "color": ACCENT},
                "fill": "tozeroy",
                "fillcolor": _ACCENT_FILL,
                "hovertext": [f"channel {channel}: {values[channel]:.3g}" for channel in ends],
                "hoverinfo": "text",
                "showlegend": False,
                "mode": "lines",
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
            }
        )
        top = 1 - (number * (row + _GAP) + _GAP) / inside
        plain = {"showticklabels": False, "showgrid": False, "zeroline": False, "fixedrange": True}
        axes[f"xaxis{axis}"] = {"anchor": f"y{axis}", "domain": [0.0, 1.0], **plain}
        domain = [max(0.0, top - row / inside), top]
        ticks = {"range": [0, 1], "tickvals": [0, 1], "fixedrange": True}
        axes[f"yaxis{axis}"] = {"anchor": f"x{axis}", "domain": domain, **ticks}
        place = {"x": 0, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        notes.append({"text": name, "font": {"size": 12}, "showarrow": False, **place})
    # In one go: subplots that are filled row by row take several times as long.
    figure = go.Figure(outlines, {"annotations": notes, "hovermode": "x", **axes})
    return dress(figure, title, height=_TOP + _FOOT + inside, top=_TOP)
