"""The sentence that the taggers read, and what each of them makes of it; kept for all sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.sequences.directions.causes import Causes, find_causes
from explorer.sequences.directions.loading import load_tagger
from explorer.sequences.directions.network import DIRECTIONS, Direction
from explorer.sequences.directions.reading import Reading, find_difference_from_pytorch, read_with
from explorer.sequences.directions.sentences import LONGEST, SentenceRejected, list_unknown, read_sentence
from explorer.text import as_plain_text
from explorer.ui.kit.cache import once

EXAMPLES: Final = (
    "Washington is a state.",
    "Washington said that rain is coming.",
    "I visited Sydney and its beaches.",
    "I visited Sydney and his brother.",
    "Aunt Victoria was born in Victoria.",
)
_KEPT: Final = "names_read"  # the last sentence that could be read, in the session

Words = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Readings:
    """What all taggers make of a sentence.

    Attributes:
        by: the readings by direction.
        difference: the largest of a state from PyTorch's LSTM.
    """

    by: dict[Direction, Reading]
    difference: float


def choose_sentence(place: DeltaGenerator) -> Words:
    """The words that are read: those typed, or the last ones where these cannot be read; examples stand in `place`."""
    typed = st.text_input(
        "Your sentence, in English", EXAMPLES[0], key="names_sentence", bind="query-params", max_chars=2 * LONGEST
    )
    with place.popover("Other sentences", icon=":material/format_list_bulleted:"):
        for number, example in enumerate(EXAMPLES):
            st.button(example, key=f"names-example-{number}", type="tertiary", on_click=_write, args=(example,))
    try:
        words = read_sentence(typed or "")
    except SentenceRejected as rejected:
        words = st.session_state.get(_KEPT, read_sentence(EXAMPLES[0]))
        st.warning(f"{rejected} Read instead: “{as_plain_text(' '.join(words))}”.", icon=":material/edit_off:")
    st.session_state[_KEPT] = words
    if unknown := list_unknown(words):
        named = ", ".join(as_plain_text(letter) for letter in unknown)
        st.info(f"Of {named} the networks know nothing: they read their sign for an unknown letter there.")
    return words


def _write(sentence: str) -> None:
    st.session_state["names_sentence"] = sentence


def compute_readings(words: Words) -> Readings:
    """All three taggers on a sentence."""

    def make() -> Readings:
        taggers = {each: load_tagger(each) for each in DIRECTIONS}
        by = {each: read_with(tagger, words) for each, tagger in taggers.items()}
        return Readings(by, max(find_difference_from_pytorch(taggers[each], by[each]) for each in DIRECTIONS))

    return once(("names", words), make)


def compute_causes(words: Words, place: int, kind: int) -> dict[Direction, Causes]:
    """What the words around one do to it, for all three taggers."""
    return once(
        ("names causes", words, place, kind),
        lambda: {each: find_causes(load_tagger(each), words, place, kind) for each in DIRECTIONS},
    )
