"""Charts: one look of their tools, and what they show in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import CHART_CONFIG, describe_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def show_chart(figure: Figure, key: str, place: DeltaGenerator | None = None, **selecting: Any) -> None:
    """A figure of Plotly, with its title, axes and lines as alternative text.

    Args:
        figure: the chart.
        key: of its element.
        place: where it stands; None for where the page has come to.
        selecting: what `st.plotly_chart` is told of clicks.
    """
    (place or st).plotly_chart(figure, config=CHART_CONFIG, key=key, alt=describe_figure(figure), **selecting)
