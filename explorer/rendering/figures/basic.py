"""Plotly figures that several pages share. Charts of a single page's own kind live with that page.

Backgrounds are transparent and no text colour is set on the figure itself, so Streamlit's light and dark themes both
fit. Plotly is imported when the first figure is drawn, not before.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

# Plotly looks for pandas among the loaded modules while it draws. Where another session's thread is just loading it,
# Plotly would find half of it and fail; an import waits until it is whole.
import pandas  # noqa: F401
from numpy.typing import ArrayLike, NDArray

from explorer.rendering.colours import ACCENT, DIVERGING, PREVIOUS
from explorer.text import format_percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure
    from plotly.graph_objects.layout import Template

CHART_CONFIG: Final[dict[str, Any]] = {"displayModeBar": False, "responsive": True}
"""What `st.plotly_chart(config=...)` should be given: no tool bar over the figure."""

_NEUTRAL = "rgba(128, 138, 153, 1)"  # readable on white and on near-black
_FAINT = "rgba(128, 138, 153, 0.25)"


def plain(name: str, most: int | None = None) -> str:
    """Untrusted text that Plotly shows letter by letter, also within templates, shortened to `most` characters."""
    short = name if most is None or len(name) <= most else name[: most - 1] + "…"
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "%&#123;")


def describe_figure(figure: "Figure") -> str:
    """What a figure shows, for those who do not see it: its titles, what its axes measure, the names of its lines."""
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    said = [figure.layout.title.text, *(note.text for note in figure.layout.annotations if note.xref == "paper")]
    said += [axis.title.text for axis in axes] + [trace.name for trace in figure.data]
    words = (unescape(re.sub(r"<[^<>]*>", " ", text)).strip() for text in said if text)
    return ", ".join(dict.fromkeys(word for word in words if word)) or "Chart"


def histogram(values: ArrayLike, name: str, *, bins: int = 60) -> "Figure":
    """Draws how often values occur; the bins are counted here, so that the figure stays small.

    Args:
        values: Any shape. NaN and infinities are left out, and the title says how many.
        name: What the values are, the figure's title.
        bins: Number of equal steps from the least to the greatest value.
    """
    from plotly import graph_objects as go

    every = np.asarray(values, dtype=np.float64).ravel()
    finite = every[np.isfinite(every)]
    left_out = every.size - finite.size
    title = f"{name} ({left_out:,} not finite)" if left_out else name
    if finite.size == 0:
        figure = go.Figure()
        figure.add_annotation(text="no values", showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
        return dress(figure, title, height=220)
    counts, edges = np.histogram(finite, bins=_bin_edges(finite, bins))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            marker={"color": ACCENT, "line": {"width": 0}},
            customdata=np.stack([edges[:-1], edges[1:]], axis=1),
            hovertemplate="%{customdata[0]:.3g} to %{customdata[1]:.3g}: %{y:,}<extra></extra>",
        ),
        {"xaxis": {"title": {"text": "value"}}, "yaxis": {"title": {"text": "count"}}},
    )
    return dress(figure, title, height=220)


def probability_bars(
    names: Sequence[str], probabilities: Sequence[float], compare: Sequence[float] | None = None
) -> "Figure":
    """Draws class probabilities as horizontal bars in percent, the most probable on top.

    Args:
        names: Of the classes, untrusted text.
        probabilities: 0 to 1, one for each name.
        compare: The same classes' probabilities before a change, drawn in grey under each bar.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    order = sorted(range(len(names)), key=lambda i: -probabilities[i])
    bars = []
    series = [("now", probabilities, ACCENT)]
    if compare is not None:
        series.append(("before", compare, PREVIOUS))
    for label, shares, colour in series:
        if len(shares) != len(names):
            raise ValueError(f"{len(names)} names but {len(shares)} probabilities")
        bars.append(
            go.Bar(
                y=[plain(names[i]) for i in order],
                x=[100.0 * shares[i] for i in order],
                name=label,
                orientation="h",
                marker={"color": colour, "line": {"width": 0}},
                text=[format_percent(shares[i]) for i in order],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}: %{text}<extra>" + (label if compare is not None else "") + "</extra>",
            )
        )
    largest = max((length for trace in bars for length in trace.x), default=0.0)
    layout = {
        "yaxis": {"autorange": "reversed", "type": "category", "automargin": True},
        "xaxis": {"range": [0, max(largest, 1.0) * 1.2], "ticksuffix": " %", "nticks": 5},
        "showlegend": compare is not None,
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
    }
    row = 26 if compare is None else 44
    legend = 0 if compare is None else 24  # its line under the title
    height = 90 + legend + row * max(1, len(names))
    return dress(go.Figure(bars, layout), "Class probabilities", height=height, top=44 + legend)


def channel_means(
    before: Sequence[float], after: Sequence[float], names: Sequence[str] = ("red", "green", "blue")
) -> "Figure":
    """Draws the mean of each input channel before and after normalisation, side by side on their own axes.

    Args:
        before: Means of the pixels, 0 to 1, one for each name.
        after: Means of what the network is given, in standard deviations.
        names: Of the channels.

    Raises:
        ValueError: If the lengths differ.
    """
    from plotly import graph_objects as go

    if not len(before) == len(after) == len(names):
        raise ValueError(f"{len(names)} names, {len(before)} means before and {len(after)} after")
    bars, notes = [], []
    axes: dict[str, Any] = {}
    halves = (
        ("", "before", before, PREVIOUS, "before (0 to 1)", (0.0, 0.45)),
        ("2", "after", after, ACCENT, "after (standard deviations)", (0.55, 1.0)),
    )
    for number, label, means, colour, heading, domain in halves:
        bars.append(
            go.Bar(
                x=list(names),
                y=list(means),
                name=label,
                marker={"color": colour, "line": {"width": 0}},
                text=[f"{mean:.3g}" for mean in means],
                textposition="auto",
                hovertemplate="%{x}: %{y:.3g}<extra>" + label + "</extra>",
                xaxis=f"x{number}",
                yaxis=f"y{number}",
            )
        )
        place: dict[str, Any] = {"x": sum(domain) / 2, "xanchor": "center", "xref": "paper", "y": 1.0, "yref": "paper"}
        notes.append({"text": heading, "font": {"size": 12}, "showarrow": False, "yanchor": "bottom", **place})
        line = {"zeroline": True, "zerolinecolor": _NEUTRAL, "zerolinewidth": 1}
        axes[f"xaxis{number}"] = {"anchor": f"y{number}", "domain": domain}
        axes[f"yaxis{number}"] = {"anchor": f"x{number}", "domain": (0.0, 1.0), **line}
    figure = go.Figure(bars, {"showlegend": False, "annotations": notes, **axes})
    return dress(figure, "Channel means before and after normalisation", height=260, top=64)


def agreement_matrix(names: Sequence[str], values: NDArray[np.floating]) -> "Figure":
    """Draws correlations between things as a square of coloured cells, each with its number; blue is against, red for.

    Args:
        names: Of rows and columns, from the top left; unique.
        values: (N, N), -1 to 1; NaN is left blank.

    Raises:
        ValueError: If there is not a row and a column for each name.
    """
    from plotly import graph_objects as go

    if values.shape != (len(names), len(names)):
        raise ValueError(f"{len(names)} names but {values.shape} values")
    texts = [["" if np.isnan(value) else f"{value:.2f}" for value in row] for row in values]
    # Row 0 repeats row 1, so that white is in the middle of what is left.
    steps = np.linspace(0, 1, 21)
    scale = [[step, f"rgb{tuple(int(part) for part in DIVERGING[1 + round(254 * step)])}"] for step in steps]
    figure = go.Figure(
        go.Heatmap(
            x=list(names),
            y=list(names),
            z=[[None if np.isnan(value) else float(value) for value in row] for row in values],
            zmin=-1,
            zmax=1,
            text=texts,
            texttemplate="%{text}",
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y} and %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    figure.update_xaxes(type="category", side="bottom", automargin=True)
    return dress(figure, "Rank correlation", height=130 + 46 * len(names))


def _bin_edges(finite: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    low, high = float(finite.min()), float(finite.max())
    room = max(abs(low), abs(high), 1.0) * 1e-9
    if high - low <= room:  # a constant still needs a bin with a width
        pad = max(abs(low) * 0.05, 0.5)
        return np.linspace(low - pad, high + pad, 4)
    return np.linspace(low, high, bins + 1)


def dress(figure: "Figure", title: str, *, height: int, top: int = 44) -> "Figure":
    """The style that all figures share: transparent, small margins, a title.

    Each is set by itself: `update_layout` takes five times as long, and pages draw figures anew with every click.
    """
    layout = figure.layout
    layout.template = _template()
    layout.title = {"text": title, "font": {"size": 14}, "x": 0.0, "xanchor": "left"}
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0, 0, 0, 0)"
    layout.margin = {"l": 8, "r": 16, "t": top, "b": 8}
    layout.height = height
    layout.bargap = 0.25 if figure.data and getattr(figure.data[0], "width", None) is None else 0.0
    return figure


@cache
def _template() -> "Template":
    """Colours of text and lines, which Streamlit's theme can put its own in the place of because they are here."""
    from plotly import graph_objects as go

    axis = {"gridcolor": _FAINT, "linecolor": _FAINT, "zerolinecolor": _FAINT, "automargin": True}
    return go.layout.Template(layout={"font": {"color": _NEUTRAL}, "xaxis": axis, "yaxis": axis})
