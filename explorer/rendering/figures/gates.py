"""Channel gates as rows of bars: one row a block, every channel a bar from 0, shut, to 1, open."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    from plotly.subplots import make_subplots

    if len(titles) != len(gates):
        raise ValueError(f"{len(titles)} titles but {len(gates)} rows of gates")
    figure = make_subplots(rows=max(1, len(gates)), cols=1)
    inside = max(1, len(gates) * (row + _GAP))
    for number, (name, values) in enumerate(zip(titles, gates, strict=True)):
        order = np.argsort(-values, kind="stable") if by_value else np.arange(len(values))
        # The outline begins and ends half a step outside, so that the first and the last bar have their whole width.
        ends = np.concatenate([order[:1], order, order[-1:]])
        figure.add_scatter(
            # One filled outline a row: thousands of single bars would take the browser seconds.
            x=np.concatenate([[-0.5], np.arange(len(values)), [len(values) - 0.5]]),
            y=values[ends].astype(np.float64),
            line={"shape": "hvh", "width": 1, "color": ACCENT},
            fill="tozeroy",
            fillcolor=_ACCENT_FILL,
            hovertext=[f"channel {channel}: {values[channel]:.3g}" for channel in ends],
            hoverinfo="text",
            showlegend=False,
            mode="lines",
            row=number + 1,
            col=1,
        )
        top = 1 - (number * (row + _GAP) + _GAP) / inside
        axis = "" if number == 0 else str(number + 1)
        figure.update_layout({f"yaxis{axis}": {"domain": [max(0.0, top - row / inside), top]}})
        figure.add_annotation(
            text=name, x=0, y=top, xref="paper", yref="paper", xanchor="left", yanchor="bottom", showarrow=False
        )
    figure.update_annotations(font_size=12)
    figure.update_yaxes(range=[0, 1], tickvals=[0, 1], fixedrange=True)
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False, fixedrange=True)
    figure.update_layout(hovermode="x")
    return dress(figure, title, height=_TOP + _FOOT + inside, top=_TOP)
