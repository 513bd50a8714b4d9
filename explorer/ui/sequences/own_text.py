"""A text of the person's own, and the small networks that are trained on it while they wait."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.sequences.next_letter import (
    MOST_LETTERS,
    STEPS,
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
_PART = "next_letter_part"  # of a training that was stopped, in the session


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


def obtain_trained(recipes: Sequence[Recipe], place: DeltaGenerator) -> tuple[Trained, ...] | None:
    """Networks of one text, kept for all sessions; where a person stops their training, what they have come to.

    Args:
        recipes: differ by their seeds alone.
        place: an `st.empty` to show progress in.

    Returns:
        None where they were stopped before there was anything.
    """
    asked = ("next letter", *recipes)

    def keep(trained: tuple[Trained, ...]) -> None:
        st.session_state[_PART] = asked, trained

    trained = obtain(
        asked,
        f"Training on “{as_plain_text(recipes[0].text)}”",
        "steps",
        partial(finish, train_in_slices(recipes, keep)),
        place,
        "next-letter",
        quick=recipes[0].steps == 0,
    )
    if trained is not None:
        return trained
    of, part = st.session_state.get(_PART, (None, None))
    return part if of == asked else None


def say_training(recipe: Recipe) -> str:
    """How long it was, for the middle of a sentence."""
    if not recipe.steps:
        return "whose weights are as they begin"
    return "trained on your text" + (f" for {recipe.steps} of {STEPS} steps" if recipe.steps < STEPS else "")


def quote(letter: str) -> str:
    """A letter within a sentence of Markdown."""
    return f"“{as_plain_text(name_letter(letter))}”"
