"""The Learning page: why the same network learns, or does not."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.choose import choose_part
from explorer.ui.learning.depth.part import show_depth
from explorer.ui.learning.dropout.part import show_dropout
from explorer.ui.learning.links import link_back
from explorer.ui.learning.rate.part import show_rate
from explorer.ui.learning.real_network.part import show_real_network
from explorer.ui.learning.scale.part import show_scale
from explorer.ui.learning.terrain.part import show_terrain
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

PARTS: dict[str, tuple[str, Callable[[Subject], None]]] = {
    "terrain": ("Terrain", show_terrain),
    "network": ("A real network", show_real_network),
    "depth": ("Depth", show_depth),
    "scale": ("Scale and batch norm", show_scale),
    "dropout": ("Dropout", show_dropout),
    "rate": ("Rate over time", show_rate),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Learning",
        show_sidebar,
        "The same network learns, or does not: it depends on the way down, the depth, the scale and the noise.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        part = choose_part({key: label for key, (label, _) in PARTS.items()})
        choose_asking()
    # One part at a time: what is not looked at is not computed.
    PARTS[part][1](subject)
    link_back(part)
