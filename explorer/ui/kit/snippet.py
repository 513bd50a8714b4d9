"""Python that gives the numbers on a page, shown to be copied."""

from __future__ import annotations

import streamlit as st


def show_snippet(code: str) -> None:
    """A snippet behind a line that opens it."""
    with st.expander("The same in Python", icon=":material/code:"):
        st.code(code, language="python")
