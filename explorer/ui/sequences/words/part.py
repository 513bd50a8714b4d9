"""The Sequences page's part on words: a row for each, looked up; frozen or learned; learned from one's own text."""

from __future__ import annotations

from typing import Final

import streamlit as st

from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose_view
from explorer.ui.sequences.words.analogies import show_analogies
from explorer.ui.sequences.words.paragraph import show_paragraph
from explorer.ui.sequences.words.step import show_step
from explorer.ui.session.subject import Subject

VIEWS: Final = {
    "step": ("Freeze or learn", show_step),
    "own": ("Your own paragraph", show_paragraph),
    "analogies": ("Analogies", show_analogies),
}


def show_words(_: Subject) -> None:
    """One view at a time."""
    choose_view(VIEWS, "words_view")()
    with st.container(horizontal=True):
        link_to("captions", "The captioner's words on a plane", {"part": "Inside the decoder", "near": "dog"})
        link_to("neurons", "The loss that draws the rows", {"part": "Softmax and losses"})
