"""What several networks say of one digit: their probabilities, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from explorer.rendering.colours import SERIES
from explorer.rendering.figures.basic import dress
from explorer.text import format_percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def digit_bars(series: Mapping[str, Sequence[float]], true: int | None = None) -> Figure:
    """Draws the probabilities of the classes 0, 1, 2, ... side by side for each network.

    Args:
        series: probabilities, 0 to 1, by the network's name.
        true: the class that it is, named at the axis; None where nobody has said it.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for number, (name, shares) in enumerate(series.items()):
        classes = [f"<b>{each}<br>true</b>" if each == true else f"{each}" for each in range(len(shares))]
        figure.add_bar(
            x=classes,
            y=[100.0 * share for share in shares],
            name=name,
            marker={
                "color": SERIES[number % len(SERIES)],
                "line": {"width": 0},
                "pattern": {"shape": ("", "/")[number % 2], "solidity": 0.25},
            },
            customdata=[[digit, format_percent(share)] for digit, share in enumerate(shares)],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(type="category", title="digit")
    figure.update_yaxes(range=[0, 103], ticksuffix=" %")
    figure.update_layout(legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0})
    return dress(figure, "Softmax of the ten logits", height=290, top=68)
