"""How every page begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.ui.app import page_of, shown_page
from explorer.ui.kit.choose import refuse_endless_numbers
from explorer.ui.kit.click import take_choices
from explorer.ui.tours.bar import show_bar

T = TypeVar("T")

DECK_ADDRESS: Final = "deck_address"
"""Of the session: the query parameters with which the Deck was left."""


def begin_page(title: str, sidebar: Callable[[], T | None], notice: str | Callable[[T], str]) -> T:
    """The title, the sidebar and what to notice; where there is nothing to look at, the page ends here.

    Args:
        title: of the page.
        sidebar: draws the sidebar and gives what to look at.
        notice: a sentence or two beside the title, which may depend on what is looked at.
    """
    take_choices()
    refuse_endless_numbers()
    show_bar()
    opening = st.container(horizontal=True, vertical_alignment="center", key="opening")
    opening.title(title, anchor=False, width="content")
    subject = sidebar()
    if subject is None:
        st.stop()
    opening.markdown(notice if isinstance(notice, str) else notice(subject))
    _link_back(opening)
    return subject


def _link_back(place: DeltaGenerator) -> None:
    """The way back to the card whose experiment this is."""
    deck = page_of("deck")
    if "card" not in st.query_params or shown_page() in (None, deck.name):
        return
    from explorer.deck.topics import find_card  # whose exercises need torch

    if card := find_card(st.query_params["card"]):
        left = st.session_state.get(DECK_ADDRESS, {})
        back = left if left.get("card") == str(card.id) else {"card": str(card.id)}
        place.page_link(deck.file, label=f"Back to card {card.id}", icon=":material/arrow_back:", query_params=back)
