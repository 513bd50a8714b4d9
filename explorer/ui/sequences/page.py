"""The Sequences page: what a network that reads one character after another remembers, and where it looks."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.choose import choose_part
from explorer.ui.sequences.attention.part import show_attention
from explorer.ui.sequences.directions.part import show_directions
from explorer.ui.sequences.memory.part import show_memory
from explorer.ui.sequences.unrolled.part import show_unrolled
from explorer.ui.sequences.words.part import show_words
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

PARTS: dict[str, tuple[str, Callable[[Subject], None]]] = {
    "attention": ("Attention", show_attention),
    "unrolled": ("Unrolled", show_unrolled),
    "memory": ("Memory", show_memory),
    "directions": ("Both directions", show_directions),
    "words": ("Words", show_words),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Sequences",
        show_sidebar,
        "A network reads one character after another: what it remembers, for how long, and where it looks.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        part = choose_part({key: label for key, (label, _) in PARTS.items()})
        choose_asking()
    # One part at a time: what is not looked at is not computed.
    PARTS[part][1](subject)
