"""A caption's words, each with what every head of every layer looked at before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
import streamlit as st

from explorer.captioning.describing import say_voice
from explorer.captioning.large_caption import LargeCaption
from explorer.rendering import head_heatmap
from explorer.text import as_plain_text, significant
from explorer.ui.captions.choices import choose_word
from explorer.ui.captions.subject import SIDE, CaptionSubject, compute_shown, draw_glow
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png

ALL = -1  # of the choosers: the mean of all layers or heads


@dataclass(frozen=True)
class HeadView:
    """A caption whose heads are shown.

    Attributes:
        title: of the captioner, for people.
        name: of the captioner, for files.
        caption: with every head's attention.
        elsewhere: what has no place on the photo and is attended to as well.
        snippet: from a word, a layer and a head (None for the mean) to Python that gives the map.
        key: begins the names of the widgets.
        first: place of the word that is shown at first.
    """

    title: str
    name: str
    caption: LargeCaption
    elsewhere: str
    snippet: Callable[[int, int | None, int | None], str]
    key: str
    first: int = 0


def show_heads(subject: CaptionSubject, view: HeadView) -> None:
    """A word's map over the photo, by layer and head, beside the entropy of all heads."""
    caption = view.caption
    layers, heads = caption.class_share.shape[1:]
    word = choose_word(caption.words, "Word", f"{view.key}_word", view.first)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    layer = _choose(row, "Layer", f"{view.key}_layer", layers, "mean of all layers")
    head = _choose(row, "Head", f"{view.key}_head", heads, "mean of all heads")
    values = caption.map_of(word, layer, head)
    share = caption.share_of(word, layer, head)
    said = caption.words[word]
    voice = say_voice(layer, head)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_png(
            draw_glow(subject, values),
            alt=f"Where {view.title} looked on {subject.picture.title} before “{said}”, {voice}",
        )
        chance = float(np.exp(caption.log_probabilities[word]))
        st.markdown(f"Where it looked before **{as_plain_text(said)}** ({chance:.1%} likely): {voice}")
        first, last = caption.spans[word]
        pieces = " ".join(caption.tokens[first:last])
        st.caption(
            f"Bright amber is where most attention goes. {share:.1%} of it goes to {view.elsewhere} without a place "
            "on the photo."
            + (f" The mean over {last - first} tokens, {as_plain_text(pieces)}." if last - first > 1 else "")
        )
    with right:
        bits = caption.entropy[word]
        rows, columns = caption.attention.shape[3:]
        show_chart(head_heatmap(bits, log2(rows * columns), layer, head), f"heads-{word}-{layer}-{head}")
        closest = np.unravel_index(int(np.nanargmin(bits)), bits.shape)
        st.caption(
            f"Entropy says how widely a head looks: {log2(rows * columns):.2f} bits is all {rows} × {columns} cells "
            f"alike, 0 a single one. Layer {closest[0]}, head {closest[1]} looks most closely before this word "
            f"({significant(float(bits[closest]))} bits)."
        )
    offer(
        f"caption-{view.name}-{word}",
        lambda: draw_glow(subject, values),
        lambda: arrays_as_npz(
            map=values,
            attention=caption.attention,
            class_share=caption.class_share,
            entropy=caption.entropy.astype(np.float32),
            log_probabilities=caption.log_probabilities,
            token_log_probabilities=caption.token_log_probabilities,
            spans=np.array(caption.spans),
            words=np.array(caption.words),
            tokens=np.array(caption.tokens),
            photo=compute_shown(subject, SIDE),
        ),
        view.snippet(word, layer, head),
        key=f"{view.key}-offer",
    )


def _choose(row: Any, label: str, key: str, count: int, mean: str) -> int | None:
    """A layer or a head by number; None for the mean of all."""
    options = {ALL: mean, **{each: f"{label} {each}" for each in range(count)}}
    chosen = choose_one(label, options, key, place=row, width=200)
    return None if chosen == ALL else chosen
