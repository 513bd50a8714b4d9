"""The Sequences page's part on memory: for how long a recurrent network remembers, and by what."""

from __future__ import annotations

import streamlit as st

from explorer.ui.kit.choose import choose
from explorer.ui.sequences.memory.first_letter import show_first_letter
from explorer.ui.sequences.memory.how_long import show_how_long
from explorer.ui.sequences.memory.lstm_cell import show_cell
from explorer.ui.session.subject import Subject

LOOKS = {"gradient": "How long", "task": "Say the first letter", "cell": "One LSTM cell"}


def show_memory(_: Subject) -> None:
    """One view at a time."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    look = choose("What to look at", LOOKS, "memory_look", place=row, hidden=True)
    if look == "task":
        show_first_letter(st.container())
    elif look == "cell":
        show_cell()
    else:
        show_how_long(row)
