"""Choices that several parts of the Captions page share: how wide to search, and which word is meant."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.captioning.vocabulary import label_words
from explorer.ui.kit.choose import choose_step, keep_valid

WIDTHS = tuple(range(1, 9))
WIDTH = 3


def choose_width(place: DeltaGenerator) -> int:
    """How many sentences a beam search keeps at a time."""
    return choose_step(
        "Beam width",
        WIDTHS,
        "beam",
        WIDTH,
        place=place,
        width=220,
        help="Sentences that are kept at a time while the caption is sought; 1 takes the likeliest word every time.",
    )


def choose_word(words: Sequence[str], label: str, key: str, default: int = 0) -> int:
    """Pills with the words of a sentence; gives the number of the chosen one.

    Args:
        words: at least one.
        label: of the pills.
        key: in the address.
        default: number of the word that is chosen at first.
    """
    labels = label_words(words)
    options = list(range(len(words)))
    default = min(default, len(words) - 1)
    keep_valid(key, options, default)
    chosen: int | None = st.pills(
        label, options, default=default, format_func=labels.__getitem__, key=key, bind="query-params", required=True
    )
    return default if chosen is None else chosen  # an address may leave it empty
