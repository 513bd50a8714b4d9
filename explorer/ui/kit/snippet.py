"""Python that gives the numbers on a page, shown to be copied."""

from __future__ import annotations

import streamlit as st

EXPANDED = False  # whether the panel is open before it was touched


@st.fragment
def show_snippet(code: str, key: str) -> None:
    """A snippet behind a line that opens it; a closed one is not sent, since colouring it takes the browser longest."""
    panel = st.expander("The same in Python", EXPANDED, key=key, icon=":material/code:", on_change="rerun")
    if panel.open:
        panel.code(code, language="python")
