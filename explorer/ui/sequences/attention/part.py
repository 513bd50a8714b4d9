"""The Sequences page's part on attention: a date is read, written anew, and every character has looked somewhere."""

from __future__ import annotations

import streamlit as st

from explorer.rendering import draw_letters
from explorer.sequences.attention.by_pytorch import find_differences_from_pytorch
from explorer.sequences.attention.describing import say_agreement, say_day, say_moved, say_unknown, say_written
from explorer.sequences.attention.finding import find_looks, find_pieces, say_looks
from explorer.sequences.attention.loading import read_date_card
from explorer.sequences.attention.records import run_arrays
from explorer.sequences.attention.snippets import date_snippet
from explorer.sequences.attention.steps import Run
from explorer.text import as_plain_text, format_percent
from explorer.ui.app import link_to
from explorer.ui.components import Looking, letter_attention
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.attention.address import looking_in_address, write_looking
from explorer.ui.sequences.attention.compute import compute_run, load, weigh
from explorer.ui.sequences.attention.one_character import show_character
from explorer.ui.sequences.attention.own_text import choose_text
from explorer.ui.sequences.attention.without import say_far, show_without
from explorer.ui.session.subject import Subject

_OWN = "with attention"


def show_attention(_: Subject) -> None:
    """The text, the finding, where every character looked, and one of them in numbers; at the end without attention."""
    reading = choose_text()
    own, plain = (compute_run(reading, attends) for attends in (True, False))
    if not _ask(own):
        return
    looking = looking_in_address(own.weights.shape)
    run = compute_run(reading, True, looking.led)
    _say(own, run, looking)
    lines = {_OWN: own, "without attention": plain}
    if looking.led:
        lines = {"as you led it": run, **lines}
    looked = letter_attention(
        typed=reading.text,
        unknown=[place for place, sign in enumerate(reading.text) if sign in reading.unknown],
        weights=run.weights,
        lines={name: (line.text, [step.probability for step in line.steps]) for name, line in lines.items()},
        own=_OWN,
        looking=looking,
        key="dates-letters",
    )
    if looked is not None and looked != looking:
        write_looking(looked)
        st.rerun()
    show_character(run, looking)
    _show_oracle(run, looking)
    moved = weigh(reading, looking.led)
    offer(
        "date-attention",
        lambda: draw_letters(run.weights, reading.text, run.text),
        lambda: arrays_as_npz(**run_arrays(run)),
        date_snippet(reading, True, moved or None),
        key="dates-offer",
    )
    show_without(own, plain)
    captions = {"part": "Change the cause", "cause": "Move the attention"}
    link_to("captions", "Lead the attention of a captioner over your photo", captions)


def _ask(own: Run) -> bool:
    """A question about the month, where the text has pieces to choose from."""
    text = own.reading.text
    pieces, month = find_pieces(text), find_looks(own).get("month")
    if month is None or len(pieces) < 2:
        return True
    asked = f"“{as_plain_text(text)}” is read, {own.text} is written. Where does it look while it writes the month?"
    answers = [as_plain_text(piece) for piece in pieces]
    return ask_first(asked, answers, as_plain_text(month.piece), f"ask-dates-{text}")


def _say(own: Run, run: Run, looking: Looking) -> None:
    exact = format_percent(read_date_card(True)["accuracy"]["held_out_formats"])
    led = say_moved(own, run, list(looking.led)) if looking.led else ""
    card = f"Of dates in formats that it never saw, {exact} come out exact. {say_far()}"
    st.markdown(" ".join(filter(None, (say_written(own), say_looks(own), led, card))))
    if doubts := [*filter(None, (say_unknown(run.reading), say_day(run.text)))]:
        st.caption(f":material/warning: {' '.join(doubts)}")


def _show_oracle(run: Run, looking: Looking) -> None:
    moved = weigh(run.reading, looking.led)
    asked = ("dates by PyTorch", run.reading, tuple(sorted(looking.led.items())))
    st.caption(say_agreement(once(asked, lambda: find_differences_from_pytorch(load(True), run, moved))))
