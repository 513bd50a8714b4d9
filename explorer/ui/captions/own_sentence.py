"""The Captions page's part on a person's own sentence: the captioner is led through it, word by word."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.captioning import Caption, SentenceRejected, read_sentence
from explorer.captioning.comparing import bits_of, name_word, percent_of, say_comparison, say_loss, word_rows
from explorer.captioning.records import caption_arrays
from explorer.captioning.snippets import sentence_snippet
from explorer.captioning.vocabulary import END, MARKS, swapped
from explorer.rendering import encode_png, film_strip, surprise_bars
from explorer.text import as_plain_text, significant
from explorer.ui.app import link_to
from explorer.ui.captions.caption import compute_photo
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.subject import (
    CaptionSubject,
    captioner_lines,
    compute_caption,
    compute_reading,
    compute_shown,
)
from explorer.ui.components import caption_player
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer

_KEPT = "sentence_read"  # the last sentence that could be read, in the session
_SWAP = 150  # pixels for a word and its runners-up; two beside each other on a phone


def show_writing(subject: CaptionSubject) -> None:
    """The sentence, a way to swap its words, its bits beside those of the caption, and where the network looked."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    width = choose_width(row)
    own = compute_caption(subject, width)
    typed = row.text_input(
        "Your sentence",
        key="sentence",
        bind="query-params",
        placeholder=own.text or "a dog runs on the grass",
        width=480,
    )
    if (typed or "").strip():
        row.button("Its own caption", icon=":material/undo:", on_click=_write, args=("",))
    words = _accept(typed or "", own)
    if not words:
        st.info("The captioner has nothing to say of this photo: type a sentence, and see what it thinks of it.")
        return
    reading = compute_reading(subject, words)
    if words == own.words:
        st.caption("This is what it says by itself. Type a sentence, or click on a word that it nearly said.")
    _show_swaps(reading)
    _show_totals(reading, own)
    caption_player(png=compute_photo(subject), caption=reading, alt=subject.picture.title, key="reading")
    _show_words(subject, reading)
    offer(
        f"{subject.name}-reading",
        lambda: encode_png(film_strip(compute_shown(subject), reading.attention, reading.words)),
        lambda: arrays_as_npz(**caption_arrays(reading)),
        sentence_snippet(captioner_lines(subject), words, width),
        key="writing",
        json=reading.to_json,
    )


def _accept(typed: str, own: Caption) -> tuple[str, ...]:
    """The words to read: those typed, the last ones where these cannot be read, the caption's where there are none."""
    if not typed.strip():
        st.session_state.pop(_KEPT, None)
        return own.words
    try:
        st.session_state[_KEPT] = tuple(read_sentence(typed))
    except SentenceRejected as rejected:
        st.warning(as_plain_text(str(rejected)), icon=":material/edit_off:")
    kept: tuple[str, ...] = st.session_state.get(_KEPT, own.words)
    return kept


def _write(sentence: str) -> None:
    st.session_state["sentence"] = sentence


def _swap(words: tuple[str, ...], place: int, key: str) -> None:
    """Put the word that was clicked in the place of another; the end ends the sentence there."""
    chosen = st.session_state[key]
    if chosen is not None:
        st.session_state[key] = None
        _write(" ".join(swapped(words, place, chosen)))


def _show_swaps(reading: Caption) -> None:
    """Under every word what the captioner would have said instead, to click."""
    with st.expander("Swap a word", icon=":material/swap_horiz:", expanded=True):
        places = st.container(horizontal=True, gap="small")
        for place, others in enumerate(reading.alternatives):
            # An end in the first place would leave nothing to read.
            options = [other.word for other in others if place or other.word != MARKS[END]]
            key = f"swap-{place}-{reading.text}"
            places.container(width=_SWAP).pills(
                f"**{reading.words[place]}** · {percent_of(reading, place)}",
                options,
                format_func=name_word,
                key=key,
                on_change=_swap,
                args=(reading.words, place, key),
            )
        st.caption("Each word with its probability; under it what else could stand there, the likeliest first.")


def _show_totals(reading: Caption, own: Caption) -> None:
    """The whole sentence against the captioner's own."""
    mine, theirs = bits_of(reading), bits_of(own)
    numbers = st.container(horizontal=True)
    for name, bits, caption in (("this sentence", mine, reading), ("its own caption", theirs, own)):
        each = f"{significant(bits / (len(caption.words) + 1))} a word"
        numbers.metric(name, f"{significant(bits)} bits", each, "off", delta_arrow="off", width=190)
    st.markdown(say_comparison(reading, own))
    st.caption(say_loss(reading))
    link_to("neurons", "How that loss comes about, and what it does", {"part": "Softmax and losses"})
    if reading.unknown:
        names = ", ".join(f"“{word}”" for word in reading.unknown)
        st.info(f"It does not know {names}, reads the mark for unknown words instead, and counts no bits there.")


def _show_words(subject: CaptionSubject, reading: Caption) -> None:
    """Bits of every word as bars, and a table with what it would rather have said."""
    rows = word_rows(reading)
    bits = [*reading.surprise.tolist(), -reading.end / float(np.log(2))]
    notes = [f"{row['probability']}; rather: {row['rather']}" for row in rows]
    left, right = st.columns(2, gap="large")
    show_chart(
        surprise_bars([row["word"] for row in rows], bits, "Surprise of each word", notes),
        f"surprise-{reading.text}-{subject!r}",
        left,
    )
    right.table(rows)
    st.caption("“Rather” is the likeliest word in that place, where the one that stands there is not.")
