"""Whether to believe the attention: the caption without it, and beside it what each word really hangs on."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.captioning import Caption
from explorer.captioning.comparing import figure_rows, judge_attention, say_agreement, say_times
from explorer.captioning.describing import say_still
from explorer.captioning.interventions.attention_control import (
    ATTENTION_LABELS,
    ATTENTION_NOTES,
    Control,
    changed_words,
    control_attention,
    correlate,
)
from explorer.captioning.records import control_arrays
from explorer.captioning.snippets import attention_control_snippet
from explorer.rendering import decode_png, encode_png, join_pictures, word_lines
from explorer.text import significant
from explorer.ui.captions.choices import choose_width, choose_word
from explorer.ui.captions.occlusion import obtain_drops
from explorer.ui.captions.sentence_change import mark_come
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, draw_glow
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png

SEARCHES = {"greedy": "greedy", "beam 3": "beam 3", "beam 5": "beam 5"}


@st.cache_data(max_entries=32, show_spinner="Writing with other attention …")
def compute_controls(subject: CaptionSubject, width: int) -> tuple[Control, ...]:
    """The caption under each kind of attention."""
    return control_attention(subject.captioner, subject.seen, width)


def show_attention_control(subject: CaptionSubject) -> None:
    """Three kinds of attention, then attention beside occlusion, then the test photos."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    width = choose_width(controls)
    found = compute_controls(subject, width)
    own = found[0].own
    if not own.words:
        st.info("The captioner has nothing to say of this photo, so there is no attention to test.")
        return
    step = choose_word(own.words, "Where it looks before", "honest_word", own.first_noun)
    if own.still:
        st.info(say_still(own), icon=":material/pause_circle:")
    st.subheader("Does it matter where it looks?", anchor=False)
    _show_controls(subject, found, step)
    st.subheader("What the word hangs on", anchor=False)
    place = st.empty()
    drops = obtain_drops(subject, own.words, place)
    if drops is not None:
        _show_drops(subject, own, drops, step)
    _show_card(subject.captioner.card)
    offer(
        f"{subject.name}-attention-control",
        lambda: _draw_grid(subject, found, drops, step),
        lambda: arrays_as_npz(**control_arrays(found, drops)),
        attention_control_snippet(captioner_lines(subject), width),
        key="attention-control-offer",
    )


def _show_controls(subject: CaptionSubject, found: tuple[Control, ...], step: int) -> None:
    own = found[0].own
    for column, control in zip(st.columns(len(found), gap="medium"), found, strict=True):
        label, note = ATTENTION_LABELS[control.attention], ATTENTION_NOTES[control.attention]
        show_png(
            draw_glow(subject, control.own.attention[step], peak=float(own.attention[step].max())),
            alt=f"{label} attention before “{own.words[step]}” on {subject.picture.title}: {note}",
            place=column,
        )
        column.markdown(f"**{label}** attention: {note}")
        _, come = changed_words(own.words, control.written.words)
        column.markdown(f"##### {mark_come(control.written.words, come)}")
        column.markdown(f"Log probability of its own caption: **{significant(control.own.log_probability)}**")
    st.markdown(judge_attention(found))
    show_chart(
        word_lines(
            own.words,
            {ATTENTION_LABELS[each.attention].lower(): each.own.probabilities for each in found},
            "Probability of each word of its own caption",
            percent=True,
            top=1.0,
        ),
        "attention-control-lines",
    )


def _show_drops(subject: CaptionSubject, own: Caption, drops: NDArray[np.float32], step: int) -> None:
    """Attention beside the occlusion map of one word, and how far they agree."""
    word, likeness = own.words[step], correlate(own.attention, drops)
    left, right, words = st.columns([4, 4, 4], gap="medium")
    show_png(
        draw_glow(subject, own.attention[step]),
        f"Where it looked before “{word}”",
        alt=f"The decoder's attention before “{word}” on {subject.picture.title}",
        place=left,
    )
    show_png(
        draw_glow(subject, drops[step]),
        f"Where hiding the photo makes “{word}” less probable",
        alt=f"Occlusion map of “{word}” on {subject.picture.title}",
        place=right,
    )
    top, least = float(drops[step].max()), float(drops[step].min())
    words.markdown(f"**“{word}”**: {say_agreement(float(likeness[step]))}")
    if top > 0:
        words.markdown(
            f"The window that matters most makes “{word}” {say_times(-top)}"
            + (f"; another makes it {say_times(-least)}." if least < -0.005 else ".")
        )
    else:
        words.markdown(f"No window alone makes “{word}” less probable: it needs no single one of these places.")
    known = likeness[np.isfinite(likeness)]
    if len(known) > 1:
        words.markdown(f"Over all words the correlation is {known.mean():.2f} on average.")
    words.caption(
        "Spearman's rank correlation over the cells of the grid. Hidden is one window a cell, twice as wide as the "
        "cell, by the mean colour; places that make the word more probable do not glow."
    )


def _show_card(card: dict[str, Any]) -> None:
    """How good captions of test photos are, by search and by attention, where the card knows it."""
    accuracy = card.get("accuracy")
    searched = figure_rows("search", SEARCHES, accuracy.get("metrics") if isinstance(accuracy, dict) else None)
    attended = figure_rows("attention, beam 3", ATTENTION_LABELS, card.get("attention_control"))
    if not searched and not attended:
        return
    st.subheader("On the test photos", anchor=False)
    for place, rows in zip(st.columns(2, gap="large"), (searched, attended), strict=True):
        if rows:
            place.table(rows)
    st.caption(
        "BLEU-4 compares runs of up to four words with those of five people, 0 to 100 (Papineni et al. 2002); CIDEr "
        "weighs them by how rare they are, 0 to 1000 (Vedantam et al. 2015)."
    )


def _draw_grid(
    subject: CaptionSubject, found: tuple[Control, ...], drops: NDArray[np.float32] | None, step: int
) -> bytes:
    """The maps of one word side by side: own, uniform, shuffled, and the occlusion where it is known."""
    peak = float(found[0].own.attention[step].max())
    pictures = [draw_glow(subject, each.own.attention[step], peak=peak) for each in found]
    if drops is not None:
        pictures.append(draw_glow(subject, drops[step]))
    return encode_png(join_pictures([decode_png(each) for each in pictures], 2))
