"""A text of the person's own, and the small networks that are trained on it while they wait."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.sequences.next_letter import (
    MOST_LETTERS,
    Recipe,
    TextRejected,
    Trained,
    name_letter,
    read_text,
    train_in_slices,
)
from explorer.slices import finish
from explorer.text import as_plain_text
from explorer.ui.kit.slow import obtain

START = "hello hello"


def choose_text(key: str, place: DeltaGenerator) -> str:
    """The typed text, in the address under `key`; the last one that could be read where this one cannot."""
    typed = place.text_input(
        "Your text",
        START,
        key=key,
        bind="query-params",
        width=320,
        help=f"2 to {MOST_LETTERS} letters; its own letters are the network's alphabet.",
    )
    kept = f"{key}_read"
    try:
        st.session_state[kept] = read_text(typed or "")
    except TextRejected as rejected:
        last = st.session_state.setdefault(kept, START)
        st.warning(f"{rejected} Shown is “{as_plain_text(last)}”.", icon=":material/edit_off:")
    text: str = st.session_state[kept]
    return text


def obtain_trained(recipe: Recipe, place: DeltaGenerator) -> Trained | None:
    """The network of a recipe, kept for all sessions; None where the person has stopped its training, which is said."""
    return obtain(
        ("next letter", recipe),
        f"Training on “{as_plain_text(recipe.text)}”, seed {recipe.seed}",
        "steps",
        partial(finish, train_in_slices(recipe)),
        place,
        f"next-letter-{recipe.kind}-{recipe.seed}",
        quick=recipe.steps == 0,
    )


def quote(letter: str) -> str:
    """A letter within a sentence of Markdown."""
    return f"“{as_plain_text(name_letter(letter))}”"
