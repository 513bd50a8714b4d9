"""A beam search as a tree, from left to right: what was kept, what was given up, and what won.

Beams share their beginnings, so a word that several of them begin with is one node. Each step has at most as many
nodes as there are beams, and each row of the picture holds one of them, so that no two branches cross.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import ACCENT, PREVIOUS
from explorer.rendering.figures.basic import dress
from explorer.text import format_percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Fate = Literal["won", "kept", "dropped"]

_ROW = 46  # pixels from one branch to the next
_KEPT: Final = "#64748b"  # readable on white and on near-black, as both other colours are
_COLOURS: Final[dict[Fate, str]] = {"won": ACCENT, "kept": _KEPT, "dropped": PREVIOUS}
_WIDTHS: Final[dict[Fate, float]] = {"won": 3.5, "kept": 2.0, "dropped": 1.0}
_ROOMY = 6  # columns; where there are more, labels stand above and below in turn
_LABEL = 9  # letters of a label where columns are many; the rest is in the hover
_BEND = np.linspace(0.0, 1.0, 9)


@dataclass(frozen=True)
class BeamNode:
    """One word that a beam was given.

    Attributes:
        step: its column; 0 is the root, before the first word.
        row: from the top.
        words: of the sentence so far, this one included; an end mark is no word.
        score: sum of log probabilities so far.
        own: log probability of this word alone, given those before.
        parent: place of the node before it in the list; -1 for the root.
        fate: whether the winner goes through it, another sentence of the end does, or none.
        ended: the sentence is complete here.
        leaf: nothing follows.
    """

    step: int
    row: int
    words: tuple[str, ...]
    score: float
    own: float
    parent: int
    fate: Fate
    ended: bool
    leaf: bool

    @property
    def label(self) -> str:
        """What stands at the node: its word; nothing at the root and at an end."""
        return "" if self.ended or not self.words or not self.step else self.words[-1]


def grow_tree(
    words: Sequence[Sequence[str]],
    parents: NDArray[np.integer],
    scores: NDArray[np.floating],
    winner: int,
    end: str = "<end>",
) -> list[BeamNode]:
    """The tree of a search of S steps with K beams.

    Args:
        words: (S, K) what each beam was given at each step.
        parents: (S, K) which beam of the step before it goes on from.
        scores: (S, K) sums of log probabilities; a beam that is not finite never was.
        winner: the beam of the last step that was chosen.
        end: the word that ends a sentence; a beam that has ended goes on with it for nothing.

    Returns:
        The nodes, parents before children, the root first.

    Raises:
        ValueError: the shapes differ, there is no step, or the winner is no beam.
    """
    steps, width = scores.shape
    if not steps or parents.shape != scores.shape or [len(row) for row in words] != [width] * steps:
        raise ValueError(f"{len(words)} steps of words, parents {parents.shape} and scores {scores.shape}")
    if not (0 <= winner < width and np.isfinite(scores[-1, winner])):
        raise ValueError(f"beam {winner} is none of the last step's")
    at = _merge(words, parents, scores, end)
    ups = [
        {node: int(parents[node]) if node[0] else None for node in {each for each in row.values() if each[0] == step}}
        for step, row in enumerate(at)
    ]
    fates = _decide(at, ups, winner)
    rows = _place(ups, fates, width)
    nodes = [BeamNode(0, 0, (), 0.0, 0.0, -1, "won", False, False)]
    numbers: dict[tuple[int, int], int] = {}
    has_children = {(step - 1, up) for step, row in enumerate(ups) for up in row.values() if up is not None}
    for step, row in enumerate(ups):
        for key in sorted(row, key=rows.__getitem__):
            up = row[key]
            parent = 0 if up is None else numbers[step - 1, up]
            word, score = words[step][key[1]], float(scores[key])
            ended = word == end
            before = nodes[parent]
            numbers[key] = len(nodes)
            nodes.append(
                BeamNode(
                    step + 1,
                    rows[key],
                    before.words if ended else (*before.words, word),
                    score,
                    score - before.score,
                    parent,
                    fates.get(key, "dropped"),
                    ended,
                    key not in has_children,
                )
            )
    return nodes


Key = tuple[int, int]  # step and beam


def _merge(
    words: Sequence[Sequence[str]], parents: NDArray[np.integer], scores: NDArray[np.floating], end: str
) -> list[dict[int, Key]]:
    """For every step, which node each beam is at: its own, or that of the step where it ended."""
    at: list[dict[int, Key]] = []
    for step in range(len(scores)):
        row: dict[int, Key] = {}
        for beam in np.flatnonzero(np.isfinite(scores[step])).tolist():
            up = int(parents[step, beam])
            over = step > 0 and words[step][beam] == end and words[at[-1][up][0]][at[-1][up][1]] == end
            row[beam] = at[-1][up] if over else (step, beam)
        at.append(row)
    return at


def _decide(at: list[dict[int, Key]], ups: list[dict[Key, int | None]], winner: int) -> dict[Key, Fate]:
    """The fate of every node that a sentence of the end goes through."""
    fates: dict[Key, Fate] = {}
    for beam in sorted(at[-1], key=lambda each: each != winner):
        key: Key | None = at[-1][beam]
        while key is not None:
            fates.setdefault(key, "won" if beam == winner else "kept")
            up = ups[key[0]][key]
            key = None if up is None else (key[0] - 1, up)
    return fates


def _place(ups: list[dict[Key, int | None]], fates: dict[Key, Fate], width: int) -> dict[Key, int]:
    """A row for every node: the winner's way on top, children in the order of their parents, straight where it fits."""
    ranks = {"won": 0, "kept": 1, "dropped": 2}
    rows: dict[Key, int] = {}
    for step, row in enumerate(ups):
        above = {key: 0 if up is None else rows[step - 1, up] for key, up in row.items()}
        ordered = sorted(row, key=lambda key: (above[key], ranks[fates.get(key, "dropped")], key[1]))
        last = -1
        for place, key in enumerate(ordered):
            last = max(last + 1, min(above[key], width - len(ordered) + place))
            rows[key] = last
    return rows


def beam_tree(
    nodes: Sequence[BeamNode], title: str, beginning: str = "start", first: int = 1, columns: int | None = None
) -> Figure:
    """Draws the tree, or the steps of it that fit; hover gives the sentence so far and its log probability.

    Args:
        nodes: from `grow_tree`.
        title: of the figure.
        beginning: what all sentences begin with, at the root.
        first: the first step to be drawn, from 1.
        columns: how many steps; all by default.
    """
    from plotly import graph_objects as go

    last = max(node.step for node in nodes)
    columns = last if columns is None else columns
    last = min(last, first + columns - 1)
    figure = go.Figure()
    drawn: tuple[Fate, ...] = ("dropped", "kept", "won")  # the later, the higher
    for fate in drawn:
        x, y = _edges(nodes, fate, first, last)
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": _COLOURS[fate], "width": _WIDTHS[fate]},
            hoverinfo="skip",
            showlegend=False,
        )
    names: dict[Fate, str] = {"won": "winner", "kept": "other sentences", "dropped": "given up"}
    for fate in drawn:
        group = [node for node in nodes if node.fate == fate and first <= node.step <= last]
        if not group:
            continue
        figure.add_scatter(
            x=[node.step for node in group],
            y=[node.row for node in group],
            mode="markers+text",
            name=names[fate],
            marker={
                "color": _COLOURS[fate],
                "symbol": ["x-thin-open" if _lost(node) else "circle" for node in group],
                "size": [_size(node) for node in group],
                "opacity": 1,
                # A thin cross is nothing but its line.
                "line": {"width": [2 if _lost(node) else 0 for node in group], "color": _COLOURS[fate]},
            },
            text=[_written(node, columns) for node in group],
            textposition=[_above_or_below(node, columns) for node in group],
            textfont=None if fate == "kept" else {"color": _COLOURS[fate]},
            cliponaxis=False,
            customdata=[[_said(node, beginning), f"{node.score:.3f}", _own(node)] for node in group],
            hovertemplate="%{customdata[0]}<br>log probability %{customdata[1]}<br>%{customdata[2]}<extra></extra>",
        )
    if first == 1:
        figure.add_scatter(
            x=[0],
            y=[0],
            mode="markers",
            marker={"color": ACCENT, "size": 7, "symbol": "square"},
            hovertemplate=f"{beginning}<extra></extra>",
            showlegend=False,
        )
    rows = {each.row for node in nodes[1:] if first <= node.step <= last for each in (node, nodes[node.parent])}
    top, bottom = min(rows), max(rows)  # a later part may have no beam left in the upper rows
    figure.update_xaxes(
        # As wide as the others where it is one of several, so that columns are under each other.
        range=[first - 1.4, first + columns - 0.4],
        tickvals=list(range(first, last + 1)),
        title="step",
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_yaxes(range=[bottom + 0.65, top - 0.65], visible=False, fixedrange=True)
    figure.update_layout(
        legend={
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "x": 0.0,
            "traceorder": "reversed",
            "itemsizing": "constant",
        },
        dragmode=False,
        hovermode="closest",
    )
    return dress(figure, title, height=130 + _ROW * (bottom - top + 1), top=64)


def beam_tree_picture(nodes: Sequence[BeamNode], title: str) -> bytes:
    """The same tree as a PNG on white, for a paper or a slide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Grid

    columns, rows = max(node.step for node in nodes), max(node.row for node in nodes) + 1
    # Not pyplot: its current figure is one for all threads of a server.
    grid = Grid(figsize=(1.2 + 0.95 * columns, 0.8 + 0.55 * rows), dpi=120, layout="constrained")
    FigureCanvasAgg(grid)
    axes = grid.add_subplot()
    drawn: tuple[Fate, ...] = ("dropped", "kept", "won")
    for fate in drawn:
        x, y = _edges(nodes, fate)
        places = [np.nan if each is None else each for each in x], [np.nan if each is None else each for each in y]
        axes.plot(*places, color=_COLOURS[fate], linewidth=_WIDTHS[fate], zorder=1)
        for node in nodes[1:]:
            if node.fate == fate:
                axes.plot(node.step, node.row, "x" if _lost(node) else "o", color=_COLOURS[fate], ms=_size(node) * 0.8)
                # A word may be "$", which would begin a formula.
                colour = "#23292b" if fate == "kept" else _COLOURS[fate]
                place = (node.step, node.row - 0.15)
                axes.annotate(node.label, place, ha="center", va="bottom", color=colour, parse_math=False)
    axes.plot(0, 0, "s", color=ACCENT, ms=6)
    axes.set(xlim=(-0.4, columns + 0.6), ylim=(rows - 0.4, -0.8), title=title)
    axes.axis("off")
    buffer = io.BytesIO()
    grid.savefig(buffer, format="png")
    return buffer.getvalue()


def _edges(
    nodes: Sequence[BeamNode], fate: Fate, first: int = 1, last: int | None = None
) -> tuple[list[float | None], list[float | None]]:
    """Lines from every node of a fate to its parent, with a gap after each: straight, or an S from row to row."""
    x: list[float | None] = []
    y: list[float | None] = []
    for node in nodes[1:]:
        if node.fate == fate and first <= node.step and (last is None or node.step <= last):
            from_row = nodes[node.parent].row
            bend = _BEND if from_row != node.row else _BEND[[0, -1]]
            x += [*(node.step - 1 + bend).tolist(), None]
            y += [*(from_row + (node.row - from_row) * bend**2 * (3 - 2 * bend)).tolist(), None]
    return x, y


def _lost(node: BeamNode) -> bool:
    return node.leaf and node.fate == "dropped"


def _size(node: BeamNode) -> int:
    if _lost(node):
        return 7
    return 12 if node.ended else 5


def _written(node: BeamNode, columns: int) -> str:
    word = node.label
    if columns > _ROOMY and len(word) > _LABEL:
        word = f"{word[: _LABEL - 1]}…"
    return f"<b>{word}</b>" if word and node.fate == "won" else word


def _above_or_below(node: BeamNode, columns: int) -> str:
    # In turn: on a narrow screen every label then has the width of two columns.
    return "bottom center" if columns > _ROOMY and node.step % 2 == 0 else "top center"


def _said(node: BeamNode, beginning: str) -> str:
    text = " ".join(node.words) or beginning
    if node.ended:
        return f"{text}: ended here" + (", then given up" if node.fate == "dropped" else "")
    return f"{text} …" + (" given up" if _lost(node) else "")


def _own(node: BeamNode) -> str:
    what = "the end" if node.ended else "this word"
    return f"{what} {node.own:.3f}, which is {format_percent(math.exp(min(node.own, 0.0)))}"
