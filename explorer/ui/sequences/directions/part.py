"""The Sequences page's part on both directions: names in a sentence, told by what stands before them, or behind."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from explorer.neurons.describing import write_difference, write_table
from explorer.rendering import line_figure_png, word_lines
from explorer.rendering.figures.basic import plain
from explorer.rendering.figures.sequences.classes import class_shares
from explorer.sequences.directions.causes import Causes, replace_word, tell
from explorer.sequences.directions.describing import (
    DIRECTION_LABELS,
    KIND_NAMES,
    choose_word,
    quote,
    say_causes,
    say_names,
    say_word,
)
from explorer.sequences.directions.loading import load_tagger
from explorer.sequences.directions.network import DIRECTIONS, STATE, Direction
from explorer.sequences.directions.sentences import CLASSES, split_sentence
from explorer.sequences.directions.snippets import tagger_snippet
from explorer.text import as_plain_text, format_percent
from explorer.ui.app import link_to
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.directions.scores import show_scores
from explorer.ui.sequences.directions.sentence import Readings, Words, choose_sentence, compute_causes, compute_readings
from explorer.ui.session.subject import Subject

_AUTO: Final = -1
_TOLD: Final = 4  # of the words left out
_SURE: Final = ("below 50 %", "50 to 90 %", "above 90 %")


def show_directions(_: Subject) -> None:
    """The sentence, one of its words by three networks, and which other words decided it."""
    typed, finding = st.container(), st.container()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with typed:
        words = choose_sentence(row)
    readings = compute_readings(words)
    labels = {_AUTO: "the one they differ on", **{at: _number(words, at) for at in range(len(words))}}
    chosen = choose_one("Word looked at", labels, "names_word", place=row, width=240)
    place = choose_word(readings.by) if chosen == _AUTO else chosen
    kind = int(readings.by["both"].probabilities[place].argmax())
    causes = compute_causes(words, place, kind)
    with finding:
        forward = float(readings.by["forward"].probabilities[place, kind])
        right = _SURE[0] if forward < 0.5 else _SURE[1] if forward <= 0.9 else _SURE[2]
        asked = (
            f"To the network that reads both ways {quote(words, place)} is {KIND_NAMES[kind]}. How sure of that is one "
            "that reads forward only?"
        )
        if not ask_first(asked, _SURE, right, f"ask-names-{place}-{' '.join(words)}"):
            return
        st.markdown(f"{say_word(readings.by, words, place, kind)} {say_causes(causes, words, place)}")
    left, wide = st.columns(2, gap="large")
    with left:
        _show_classes(words, readings)
    with wide:
        figure = word_lines(
            words[place:],
            {DIRECTION_LABELS[each]: causes[each].cut_off for each in DIRECTIONS},
            f"“{plain(words[place], 14)}” {KIND_NAMES[kind]}? Cut off after …",
            percent=True,
            top=1.0,
        )
        # Above the lines it would break on a phone, and lie upon the title.
        figure.update_layout(legend={"y": -0.15, "yanchor": "top"}, margin={"t": 44})
        show_chart(figure, "names-cut-off")
        _show_other_words(words, causes, place, kind)
    show_scores(words)
    offer(
        "names",
        lambda: line_figure_png(figure),
        lambda: _pack(words, readings, causes, place, kind),
        tagger_snippet(words),
        key="names-offer",
    )
    link_to("captions", "An LSTM that has to write, so it reads one way only", {"part": "Inside the decoder"})


def _number(words: Words, place: int) -> str:
    return f"{place + 1} {words[place]}"


def _show_classes(words: Words, readings: Readings) -> None:
    shares = {DIRECTION_LABELS[each]: readings.by[each].probabilities for each in DIRECTIONS}
    show_chart(class_shares(words, shares, CLASSES, "What each word is, by three networks"), "names-classes")
    found = [f"{DIRECTION_LABELS[each]}: {say_names(words, readings.by[each].probabilities)}" for each in DIRECTIONS]
    st.caption(f"Names found: {'; '.join(found)}. Neighbouring words of one class are one name.")
    st.caption(
        "PyTorch's `nn.LSTM(bidirectional=True)`, beside a run from the front and a run from the back, each by hand in "
        "float64 with its half of the weights, and its `nn.LSTM` beside the two networks of one direction: difference "
        f"{write_difference(readings.difference)} over {len(words)} words. All three tell a class from {STATE} "
        f"numbers: of one run, or {STATE // 2} and {STATE // 2} of two."
    )


def _show_other_words(words: Words, causes: dict[Direction, Causes], place: int, kind: int) -> None:
    """One other word left out or replaced, old beside new."""
    if len(words) == 1:
        st.caption("Nothing else stands in the sentence that could be left out.")
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    others = (at for at in range(len(words)) if at != place)
    order = sorted(others, key=lambda at: float(causes["both"].without[at]))  # what takes most away first
    labels = {at: _number(words, at) for at in order}
    other = choose_one("Leave out", labels, "names_other", place=row, width=180)
    typed = row.text_input(
        "or put there", key="names_instead", bind="query-params", max_chars=40, width=180, placeholder="nothing"
    )
    instead = split_sentence(typed or "")
    changed = replace_word(words, other, instead)
    at = place + (len(instead) - 1 if other < place else 0)
    rows = {
        DIRECTION_LABELS[each]: [
            format_percent(causes[each].whole),
            format_percent(float(tell(load_tagger(each), [changed])[0, at, kind])),
        ]
        for each in DIRECTIONS
    }
    st.markdown(write_table([f"{quote(words, place)} {KIND_NAMES[kind]}", "changed"], rows))
    alone = ", ".join(f"{quote(words, at)} {format_percent(float(causes['both'].without[at]))}" for at in order[:_TOLD])
    st.caption(f"Both ways, with one word left out alone: {alone}.")
    behind = " The word stands behind: forward, nothing can change." if other > place else ""
    st.caption(f"Changed to “{as_plain_text(' '.join(changed))}”.{behind}")


def _pack(words: Words, readings: Readings, causes: dict[Direction, Causes], place: int, kind: int) -> bytes:
    return arrays_as_npz(
        words=np.array(words, dtype=np.str_),
        classes=np.array(CLASSES, dtype=np.str_),
        place=np.array(place),
        kind=np.array(kind),
        **{f"probabilities_{each}": readings.by[each].probabilities for each in DIRECTIONS},
        **{f"states_{each}": readings.by[each].states for each in DIRECTIONS},
        **{f"cut_off_{each}": causes[each].cut_off for each in DIRECTIONS},
        **{f"without_{each}": causes[each].without for each in DIRECTIONS},
    )
