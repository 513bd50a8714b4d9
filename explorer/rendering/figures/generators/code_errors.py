"""The error that is left after a code, by how many numbers it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from explorer.rendering.colours import SERIES
from explorer.rendering.figures.basic import dress, plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES: Final = ("solid", "dash", "dot")
_NAME: Final = 60  # letters of a name in the legend
_LEAST: Final = 1e-6  # what is nearer to nothing has no place on the axis


def code_errors(
    lines: Mapping[str, Sequence[float]], at: int, marked: Mapping[str, float], title: str, *, y_title: str
) -> Figure:
    """Draws errors on a logarithmic axis, and marks those that are looked at.

    Args:
        lines: of each name, untrusted text, errors with 1, 2, 3, ... numbers.
        at: how many numbers are looked at.
        marked: errors with that many, by name.
        title: of the figure.
        y_title: what the errors are.
    """
    from plotly import graph_objects as go

    traces: list[dict[str, Any]] = []
    for number, (called, errors) in enumerate(lines.items()):
        name = plain(called, _NAME)
        shown = [(size, error) for size, error in enumerate(errors, start=1) if error > _LEAST]
        traces.append(
            {
                "x": [size for size, _ in shown],
                "y": [error for _, error in shown],
                "name": name,
                "mode": "lines",
                "line": {"color": SERIES[number], "width": 2.5, "dash": _DASHES[number % len(_DASHES)]},
                "hovertemplate": f"%{{x}} numbers: %{{y:.3g}}<extra>{name}</extra>",
            }
        )
    for number, (name, error) in enumerate(marked.items()):
        symbol = ("circle-open", "diamond-open", "square-open")[number % 3]
        traces.append(
            {
                "x": [at],
                "y": [max(error, _LEAST)],
                "name": name,
                "mode": "markers",
                "marker": {"size": 13, "symbol": symbol, "color": SERIES[-2 - number], "line": {"width": 3}},
                "hovertemplate": f"%{{x}} numbers: %{{y:.3g}}<extra>{name}</extra>",
            }
        )
    figure = go.Figure(traces)
    figure.update_xaxes(title="numbers per patch", nticks=9)
    figure.update_yaxes(title=y_title, type="log", dtick=1, exponentformat="power")
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0.0})
    return dress(figure, title, height=320 + 12 * len(traces))
