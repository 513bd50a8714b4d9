"""The Deck page: questions, answers that can be run, and when each is asked again."""

from pathlib import Path

import streamlit as st

from explorer.ui.deck.browse import show_cards
from explorer.ui.deck.keeping import remind, show_keeping, tell
from explorer.ui.deck.progress import hold, store
from explorer.ui.deck.question import show_question
from explorer.ui.kit.choose import choose_part
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar

_STYLE = Path(__file__).parent / "deck.css"
PART_LABELS = {"ask": "Ask me", "browse": "All cards", "keep": "Keep my answers"}


def show() -> None:
    """The whole page."""
    begin_page("Deck", _sidebar, "Say the answer to yourself first; then look, and run it.")
    kept = hold()
    part = choose_part(PART_LABELS)
    st.html(_STYLE)
    with st.container(key="deck"):
        if kept.seen == 0:
            st.caption("Asking this browser for your answers …")
        elif part == "ask":
            show_question(kept)
            tell(kept)
            remind(kept)
        else:
            kept.said = ""
            (show_cards if part == "browse" else show_keeping)(kept)
            tell(kept)
    store(kept)


def _sidebar() -> bool:
    """Pictures and networks are for the experiments; the Deck itself opens none."""
    show_sidebar(with_network=False)
    return True
