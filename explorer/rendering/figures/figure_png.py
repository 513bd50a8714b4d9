"""A Plotly figure of lines as a PNG file, drawn anew by matplotlib: Plotly itself needs a browser for that."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DASHES: Final = {"dash": "--", "dot": ":", "dashdot": "-.", "longdash": (0, (8, 3)), "longdashdot": (0, (8, 3, 2, 3))}
_MARKERS: Final = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "x": "X",
    "cross": "P",
    "star": "*",
}


def line_figure_png(figure: Figure) -> bytes:
    """Draws lines, bands, markers, intervals and rows' names of a figure on white, its panels as their domains say.

    Args:
        figure: of scatter traces on one x axis and one or more y axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Drawing

    layout = figure.layout
    names = sorted({trace.yaxis or "y" for trace in figure.data}, key=lambda name: -_domain(layout, name)[0])
    shares = [_domain(layout, name)[1] - _domain(layout, name)[0] for name in names]
    drawing = Drawing(figsize=(9, 5.4), dpi=130, layout="constrained")
    FigureCanvasAgg(drawing)
    found = drawing.subplots(len(names), 1, sharex=True, squeeze=False, height_ratios=shares)[:, 0]
    panels = dict(zip(names, found, strict=True))
    for trace in figure.data:
        _draw(panels[trace.yaxis or "y"], trace)
    for name, panel in panels.items():
        axis = _axis(layout, name)
        panel.set(ylabel=axis.title.text or "", yscale=axis.type if axis.type == "log" else "linear")
        panel.set_xscale("log" if layout.xaxis.type == "log" else "linear")
        if axis.range and axis.type != "log":
            panel.set_ylim(*axis.range)
        if layout.xaxis.range and layout.xaxis.type != "log":
            panel.set_xlim(*layout.xaxis.range)
        for note in layout.annotations:
            if note.yref in (None, name) and note.xref == "paper":
                at, left = (note.x, note.y), panel.get_yaxis_transform()
                panel.annotate(_plain(note.text), at, (2, 8), xycoords=left, textcoords="offset points")
        panel.yaxis.set_visible(axis.showticklabels is not False)
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    found[0].set_title(_plain(layout.title.text), loc="left", fontsize=11)
    found[-1].set_xlabel(layout.xaxis.title.text or "")
    handles, labels = [], []
    for panel in found:
        more = panel.get_legend_handles_labels()
        handles += more[0]
        labels += more[1]
    if labels:
        drawing.legend(handles, labels, loc="outside lower left", fontsize=9, ncols=2, frameon=False)
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw(panel: Any, trace: Any) -> None:
    label = _plain(trace.name) if trace.name and trace.showlegend is not False else None
    if trace.fill == "toself":
        panel.fill(trace.x, trace.y, color=_colour(trace.fillcolor), linewidth=0)
        return
    if trace.error_x.array is not None:
        reach = [trace.error_x.arrayminus, trace.error_x.array]
        panel.errorbar(trace.x, trace.y, xerr=reach, color=trace.error_x.color, fmt="none", capsize=4)
    line, marker = trace.line, trace.marker
    colour = line.color or marker.color
    mode = trace.mode or "lines"
    shown = _MARKERS.get(str(marker.symbol or "circle").removesuffix("-open"), "o") if "markers" in mode else None
    panel.plot(
        trace.x,
        trace.y,
        color=colour,
        linestyle=_DASHES.get(line.dash, "-") if "lines" in mode else "none",
        linewidth=line.width or 2,
        drawstyle="steps-post" if line.shape == "hv" else "default",
        marker=shown,
        markersize=0.8 * (marker.size or 6),
        markerfacecolor="none" if str(marker.symbol).endswith("-open") else colour,
        label=label,
    )


def _domain(layout: Any, name: str) -> tuple[float, float]:
    low, high = _axis(layout, name).domain or (0.0, 1.0)
    return float(low), float(high)


def _axis(layout: Any, name: str) -> Any:
    return layout[name.replace("y", "yaxis")]


def _colour(text: str) -> tuple[float, float, float, float]:
    """Of "rgba(0, 114, 178, 0.18)", as matplotlib takes it."""
    red, green, blue, alpha = (float(each) for each in re.findall(r"[\d.]+", text))
    return red / 255, green / 255, blue / 255, alpha


def _plain(text: str) -> str:
    return re.sub(r"<[^<>]*>", " ", text)
