"""The classes that several networks give the words of a sentence, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import PREVIOUS, SERIES
from explorer.rendering.figures.basic import dress, plain
from explorer.text import format_percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_COLOURS: Final = (PREVIOUS, *SERIES)
_GAP: Final = 0.04  # between two panels, of the width


def class_shares(
    words: Sequence[str], shares: Mapping[str, NDArray[np.floating]], classes: Sequence[str], title: str
) -> Figure:
    """Draws a panel for each network and in it a row for each word: the probabilities of its classes in one bar.

    Args:
        words: T of them, untrusted; the same one may come again.
        shares: (T, K) by the network's name; rows add up to 1.
        classes: K names, the first drawn in grey.
        title: of the figure.

    Raises:
        ValueError: there is not a row for each word and a column for each class.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    width = (1 + _GAP) / len(shares) - _GAP
    rows = list(range(len(words)))
    for number, (name, values) in enumerate(shares.items()):
        if values.shape != (len(words), len(classes)):
            raise ValueError(f"{len(words)} words and {len(classes)} classes, but {values.shape} values")
        axis = "" if number == 0 else str(number + 1)
        left = number * (width + _GAP)
        for kind, each in enumerate(classes):
            figure.add_bar(
                x=(100 * values[:, kind]).tolist(),
                y=rows,
                xaxis=f"x{axis}",
                name=each,
                legendgroup=each,
                showlegend=number == 0,
                orientation="h",
                marker={"color": _COLOURS[kind], "line": {"width": 0}},
                customdata=[
                    [plain(word), format_percent(value)] for word, value in zip(words, values[:, kind], strict=True)
                ],
                hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>" + f"{name}: {each}</extra>",
            )
        ticks = {"tickvals": [0, 50, 100], "ticktext": ["0", "50", "100\u00a0%"]}
        # A number at either end would touch that of the next panel.
        ticks = ticks if number == len(shares) - 1 else {"tickvals": [0, 50], "ticktext": ["0", "50"]}
        figure.update_layout(
            {f"xaxis{axis}": {"domain": [left, left + width], "range": [0, 100], "fixedrange": True, **ticks}}
        )
        figure.add_annotation(text=name, x=left, y=1, xref="paper", yref="paper", yanchor="bottom", xanchor="left")
    figure.update_annotations(showarrow=False)
    names = [plain(word, 14) for word in words]
    figure.update_yaxes(autorange="reversed", tickvals=rows, ticktext=names, fixedrange=True, showgrid=False)
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        dragmode=False,
        legend={
            "orientation": "h",
            "y": -36 / (72 + 26 * len(words)),
            "yanchor": "top",
            "x": 0.0,
            "traceorder": "normal",
        },
    )
    dress(figure, title, height=150 + 26 * len(words), top=70)
    return figure.update_layout(margin={"r": 28})  # for the last number
