"""How many names the taggers find in sentences that are new to them, and what they know at all."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
import streamlit as st

from explorer.learning.seed_intervals import Interval, interval_of
from explorer.neurons.describing import write_table
from explorer.sequences.directions.describing import DIRECTION_LABELS
from explorer.sequences.directions.loading import read_tagger_card
from explorer.sequences.directions.names import list_names
from explorer.sequences.directions.network import DIRECTIONS, Direction
from explorer.sequences.directions.templates import draw_sentence, list_templates
from explorer.text import as_plain_text

_COLUMNS: Final = {
    "new names and templates": "both new",
    "clue behind": "both new, clue behind",
    "clue before": "both new, clue before",
    "new templates": "new templates",
    "new names": "new names",
}


def show_scores(words: tuple[str, ...]) -> None:
    """F1 of all seeds as a table, and examples of the only sentences that they know."""
    st.subheader("They know only such sentences", anchor=False)
    scores = {each: _scores(each) for each in DIRECTIONS}
    new = {each: scores[each]["new names and templates"] for each in DIRECTIONS}
    count = len(new["both"])
    shipped = " · ".join(f"{DIRECTION_LABELS[each]} {100 * new[each][0]:.1f}" for each in DIRECTIONS)
    st.markdown(
        f"**F1 on names and sentence forms that no network has learned from: {shipped} of 100.** "
        f"{_compare(new, 'forward')} {_compare(new, 'backward')}"
    )
    rows = {
        DIRECTION_LABELS[each]: [_say(interval_of(scores[each][column])) for column in _COLUMNS] for each in DIRECTIONS
    }
    st.markdown(write_table(list(_COLUMNS.values()), rows))
    split = read_tagger_card("both")["data"]["split"]
    names = list_names(held_out=False).all
    known = [word for word in dict.fromkeys(words) if word in names]
    told = (
        "were among those names: " + ", ".join(as_plain_text(word) for word in known)
        if known
        else "were not among them"
    )
    st.caption(
        f"F1 of whole names in percent, with 95 % intervals over {count} seeds of weights and sentences (the first is "
        f"shipped); a name counts where its first word, its last and its class are right. There are {split}; "
        f"words are read by their letters alone. Of this sentence's words {told}. Learned from, among others: "
        f"{' '.join(_draw_examples())}"
    )


def _scores(direction: Direction) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """F1 of every seed, by what is new."""
    seeds = read_tagger_card(direction)["seeds"]
    return {column: np.array([seed[column] for seed in seeds]) for column in _COLUMNS}


def _say(found: Interval) -> str:
    return f"{100 * found.mean:.0f}\u00a0({100 * found.low:.0f}–{100 * min(1.0, found.high):.0f})"


def _compare(new: dict[Direction, np.ndarray[tuple[int], np.dtype[np.float64]]], other: Direction) -> str:
    less = interval_of(new["both"] - new[other])
    count = len(new["both"])
    if less.holds_zero:
        return f"Between both ways and {other} only, {count} seeds show no difference."
    more = "more" if less.mean > 0 else "fewer"
    low, high = sorted((abs(100 * less.low), abs(100 * less.high)))
    return f"Both ways finds {more} than {other} only, by {low:.0f} to {high:.0f} points over {count} seeds."


def _draw_examples() -> list[str]:
    numbers = random.Random(5)
    templates, names = list_templates(held_out=False), list_names(held_out=False)
    return [f"“{' '.join(draw_sentence(templates, names, numbers).words)}”" for _ in range(4)]
