"""How much every word of a sentence surprised, as horizontal bars: they keep their words on a narrow screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.rendering.colours import SEQUENTIAL
from explorer.rendering.figures.basic import dress

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST = 12.0  # bits; where viridis ends, the same for all sentences: one word among four thousand


def surprise_bars(words: Sequence[str], bits: Sequence[float], title: str, notes: Sequence[str] = ()) -> Figure:
    """Draws the bits of each word, the first on top, in viridis from nothing to `MOST`.

    Args:
        words: of the sentence; the same one may come again.
        bits: one for each word; not finite where there is none, which is said in its place.
        title: of the figure.
        notes: what hovering over each bar tells besides.

    Raises:
        ValueError: the lengths differ.
    """
    from plotly import graph_objects as go

    if len(bits) != len(words) or (notes and len(notes) != len(words)):
        raise ValueError(f"{len(words)} words but {len(bits)} values and {len(notes)} notes")
    known = [value if math.isfinite(value) else 0.0 for value in bits]
    colours = [SEQUENTIAL[round(255 * min(1.0, max(0.0, value / MOST)))] for value in known]
    figure = go.Figure(
        go.Bar(
            # By number: a category that comes twice would be one bar.
            y=list(range(len(words))),
            x=known,
            orientation="h",
            marker={
                "color": [f"rgb({red}, {green}, {blue})" for red, green, blue in colours],
                "line": {"color": "rgba(128, 138, 153, 0.6)", "width": 1},  # yellow on white and violet on black
            },
            text=[f"{value:.1f} bits" if math.isfinite(value) else "not known" for value in bits],
            textposition="outside",
            cliponaxis=False,
            customdata=[[word, note] for word, note in zip(words, notes or [""] * len(words), strict=True)],
            hovertemplate="%{customdata[0]}: %{text}<br>%{customdata[1]}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(words))), ticktext=list(words), fixedrange=True)
    figure.update_xaxes(range=[0, max([*known, 1.0]) * 1.25], title="bits", nticks=5, fixedrange=True)
    figure.update_layout(showlegend=False, dragmode=False)
    return dress(figure, title, height=96 + 28 * max(1, len(words)))
