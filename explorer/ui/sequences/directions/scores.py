"""How many names the taggers find in sentences that are new to them, and what they know at all."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.learning.seed_intervals import Interval, interval_of
from explorer.neurons.describing import write_table
from explorer.sequences.directions.describing import DIRECTION_LABELS
from explorer.sequences.directions.loading import read_tagger_card
from explorer.sequences.directions.names import list_names
from explorer.sequences.directions.network import DIRECTIONS, Direction
from explorer.sequences.directions.templates import draw_sentence, list_templates
from explorer.text import as_plain_text

_KINDS: Final = {
    "new names and templates": "names and forms new",
    "clue behind": "the same, clue behind",
    "clue before": "the same, clue before",
    "new templates": "forms new",
    "new names": "names new",
}


def show_scores(words: tuple[str, ...]) -> None:
    """F1 of all seeds as a table, and examples of the only sentences that they know."""
    st.subheader("They know only such sentences", anchor=False)
    scores = {each: _scores(each) for each in DIRECTIONS}
    new = {each: scores[each]["new names and templates"] for each in DIRECTIONS}
    count = len(new["both"])
    means = " · ".join(f"{DIRECTION_LABELS[each]} {100 * new[each].mean():.0f}" for each in DIRECTIONS)
    shipped = ", ".join(f"{100 * new[each][0]:.1f}" for each in DIRECTIONS)
    st.markdown(
        f"**F1 on names and sentence forms that no network has learned from: {means} of 100.** "
        f"{_compare(new, 'forward')} {_compare(new, 'backward')}"
    )
    rows = {name: [_say(interval_of(scores[each][kind])) for each in DIRECTIONS] for kind, name in _KINDS.items()}
    st.markdown(write_table(DIRECTIONS, rows))
    split = read_tagger_card("both")["data"]["split"]
    names = list_names(held_out=False).all
    known = [as_plain_text(word) for word in dict.fromkeys(words) if word in names]
    st.caption(
        f"F1 of whole names in percent, means and 95 % intervals over {count} seeds of weights and sentences; the "
        f"first is shipped, whatever it got ({shipped}). A name counts where its first word, its last and its class "
        f"are right. There are {split}; words are read by their letters alone. Names of your sentence that were among "
        f"those to learn from: {', '.join(known) or 'none'}. Learned from, among others: {' '.join(_draw_examples())}"
    )


def _scores(direction: Direction) -> dict[str, NDArray[np.float64]]:
    """F1 of every seed, by what is new."""
    seeds = read_tagger_card(direction)["seeds"]
    return {kind: np.array([seed[kind] for seed in seeds]) for kind in _KINDS}


def _say(found: Interval) -> str:
    return f"{100 * found.mean:.0f}\u00a0±\u00a0{100 * (found.high - found.mean):.0f}"


def _compare(new: dict[Direction, NDArray[np.float64]], other: Direction) -> str:
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
