"""Python that gives the numbers on a page, shown to be copied."""

from __future__ import annotations

import streamlit as st

EXPANDED = False  # whether the panel is open before it was touched


@st.fragment
def show_snippet(code: str, key: str, label: str = "The same in Python", about: str = "") -> None:
    """A snippet behind a line that opens it; a closed one is not sent, since colouring it takes the browser longest."""
    panel = st.expander(label, EXPANDED, key=key, icon=":material/code:", on_change="rerun")
    if panel.open:
        if about:
            panel.caption(about)
        panel.code(code, language="python")


def show_line(code: str) -> None:
    """One line, not coloured: what colours code are 1.5 MB that the browser would fetch and run as the page opens."""
    st.markdown(f"`{code}`")
