"""A click in a picture that chooses what a widget shows."""

from __future__ import annotations

from typing import Any, NoReturn

import streamlit as st

_NEXT = "chosen_by_click"


def choose_next(**values: Any) -> NoReturn:
    """Run again with these values in the widgets of these keys, which take one only before they are drawn."""
    st.session_state[_NEXT] = values
    st.rerun()


def take_choices() -> None:
    """Give widgets what `choose_next` chose for them; at the beginning of a page."""
    for key, value in st.session_state.pop(_NEXT, {}).items():
        st.session_state[key] = value
