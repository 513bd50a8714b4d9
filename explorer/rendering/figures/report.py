"""Figures as pieces of a page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def plotly_script() -> str:
    """Plotly's own program, to be put once into a page that shows `figure_fragment`s; 5 MB of JavaScript."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def figure_fragment(figure: Figure, name: str) -> str:
    """A figure as HTML that needs `plotly_script` before it; it fits the width of its place.

    Args:
        figure: What is shown. Names in it are written as JSON, so that none can end the script.
        name: Id of the element, one for each figure of a page; letters, digits and hyphens.

    Raises:
        ValueError: If the name has other characters.
    """
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ValueError(f"{name!r} is no id of an element")
    return str(
        figure.to_html(
            full_html=False,
            include_plotlyjs=False,
            include_mathjax=False,
            div_id=name,
            config={"displayModeBar": False, "responsive": True},
        )
    )


def figure_fragments(figures: Sequence[tuple[str, Figure]]) -> list[tuple[str, str]]:
    """Titled figures as titled fragments with ids of their own."""
    return [(title, figure_fragment(figure, f"figure-{number}")) for number, (title, figure) in enumerate(figures)]
