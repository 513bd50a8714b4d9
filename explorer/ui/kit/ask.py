"""A question before a finding, for those who want to guess first."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.ui.kit.choose import keep_valid


def choose_asking() -> None:
    """The switch for a whole page, "ask" in the address."""
    st.toggle(
        "Ask me first",
        key="ask",
        bind="query-params",
        help="A question before every finding: guess, and see what is so. Guessing first makes it stay in mind.",
    )


def ask_first(question: str, answers: Sequence[str], right: str, key: str) -> bool:
    """Ask before a finding where the person wants that; afterwards, what was right stands under the question.

    Args:
        question: whose answer the finding is.
        answers: to choose from.
        right: one of them.
        key: of the question.

    Returns:
        Whether the finding may be shown.
    """
    if not st.session_state.get("ask"):
        return True
    keep_valid(key, answers, None)
    guess = st.radio(question, answers, index=None, key=key)
    if guess is None:
        return False
    said = "You were right." if guess == right else f"No: {right}."
    st.caption(said)
    return True
