"""All cards by topic, each with its state, and what is due when."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from explorer.deck.card import Card
from explorer.deck.schedule import count_due
from explorer.deck.topics import CARDS, TOPICS
from explorer.text import count_text
from explorer.ui.app import page_of
from explorer.ui.deck.dates import time_zone, write_wait
from explorer.ui.deck.progress import Kept, now
from explorer.ui.deck.question import ask


def show_cards(kept: Kept) -> None:
    """What is due, then every topic."""
    st.markdown(_forecast(kept))
    for title, cards in TOPICS.items():
        with st.expander(f"**{title}** · {_count(kept, cards)}"):
            for card in cards:
                _show_card(kept, card)


def _forecast(kept: Kept) -> str:
    today = now().astimezone(time_zone()).date()
    counts = count_due(kept.states, CARDS, now(), time_zone())
    waiting = sum(state.due <= now() for number, state in kept.states.items() if number in CARDS)
    later = {
        "later today": counts.get(today, 0) - waiting,
        "tomorrow": counts.get(today + timedelta(days=1), 0),
        "in the five days after": sum(
            count for day, count in counts.items() if timedelta(days=2) <= day - today <= timedelta(days=6)
        ),
        "after that": sum(count for day, count in counts.items() if day - today > timedelta(days=6)),
    }
    due = [f"**{count_text(waiting, 'card')} due now**", *(f"{count} {when}" for when, count in later.items() if count)]
    return f"{', '.join(due)}; {len(CARDS.keys() - kept.states.keys())} of {len(CARDS)} not yet asked."


def _count(kept: Kept, cards: tuple[Card, ...]) -> str:
    known = [kept.states[card.id] for card in cards if card.id in kept.states]
    due = sum(state.due <= now() for state in known)
    return f"{count_text(len(cards), 'card')}, {len(cards) - len(known)} new, {due} due"


def _show_card(kept: Kept, card: Card) -> None:
    state = kept.states.get(card.id)
    if state is None:
        said = "not yet asked"
    elif state.due <= now():
        said = "due now"
    else:
        said = f"again {write_wait(state.due, now())}"
    with st.container(horizontal=True, vertical_alignment="top", key=f"card-{card.id}"):
        st.button(f"Card {card.id}", on_click=_ask, args=(card,), key=f"ask-{card.id}")
        st.markdown(f"{card.question}  \n:small[{said} · {page_of(card.experiment.page).title}]")


def _ask(card: Card) -> None:
    st.session_state["part"] = "ask"
    ask(card)
