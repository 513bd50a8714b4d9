"""Two sentences about one photo, old beside new, with the words marked that are not in both."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.captioning.interventions.attention_control import changed_words


def mark_gone(words: Sequence[str], gone: Sequence[bool]) -> str:
    """Markdown of an old sentence, the words that are gone struck out on grey; words are letters and digits only."""
    return _mark(words, gone, ":gray-background[~~{}~~]")


def mark_come(words: Sequence[str], come: Sequence[bool]) -> str:
    """Markdown of a new sentence, the words that have come in blue."""
    return _mark(words, come, ":blue-background[:blue[{}]]")


def _mark(words: Sequence[str], marked: Sequence[bool], form: str) -> str:
    if not words:
        return "*nothing*"
    return " ".join(form.format(word) if mark else word for word, mark in zip(words, marked, strict=True))


def show_sentences(old: Sequence[str], new: Sequence[str], labels: tuple[str, str]) -> None:
    """Both sentences; the words that differ are marked."""
    gone, come = changed_words(old, new)
    left, right = st.columns(2, gap="medium")
    left.caption(labels[0])
    left.markdown(f"##### {mark_gone(old, gone)}")
    right.caption(labels[1])
    right.markdown(f"##### {mark_come(new, come)}")
