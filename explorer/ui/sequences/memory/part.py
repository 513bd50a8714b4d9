"""The Sequences page's part on memory: for how long a recurrent network remembers, and by what."""

from __future__ import annotations

import streamlit as st

from explorer.ui.kit.choose import choose
from explorer.ui.sequences.memory.lstm_cell import show_cell
from explorer.ui.session.subject import Subject

LOOKS = {"cell": "One LSTM cell"}


def show_memory(subject: Subject) -> None:
    """One view at a time."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    choose("What to look at", LOOKS, "memory_look", place=row, hidden=True)
    show_cell()
