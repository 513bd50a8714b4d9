"""Inside the decoder: its gates and memory over the words, and below them the vectors of its words."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.captioning.describing import say_memory
from explorer.captioning.heads import read_heads
from explorer.captioning.inside import KINDS, SIGNED, Memory, Order, look_inside, order_units
from explorer.captioning.large_caption import LargeCaption
from explorer.captioning.snippets import heads_snippet, memory_snippet
from explorer.captioning.transformer import TransformerDecoder
from explorer.rendering import draw_units, unit_heatmap, word_lines
from explorer.ui.app import link_to
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.embeddings import show_vectors
from explorer.ui.captions.heads import HeadView, show_heads
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_caption
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.export import arrays_as_npz, offer

KIND_LABELS = {
    "input": "Input gate i: how much is taken in",
    "candidate": "Candidate g: what is new",
    "forget": "Forget gate f: how much is kept",
    "output": "Output gate o: how much is shown",
    "cell": "Cell state c: what is remembered",
    "hidden": "State h: what is shown",
}
ORDER_LABELS: dict[Order, str] = {"alike": "Alike together", "mean": "By mean", "number": "By number"}
BY_LABELS = {
    "cell": "cell state",
    "input": "input gate",
    "candidate": "candidate",
    "forget": "forget gate",
    "output": "output gate",
}


@st.cache_data(max_entries=32, show_spinner="Reading the decoder …")
def compute_memory(subject: CaptionSubject, words: tuple[str, ...]) -> Memory:
    """The LSTM's gates and cells on the way through the words."""
    return look_inside(subject.captioner, subject.seen, words)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_order(subject: CaptionSubject, words: tuple[str, ...], by: str, order: Order) -> NDArray[np.intp]:
    """Numbers of the units from the top row down."""
    return order_units(compute_memory(subject, words), by, order)


def show_inside(subject: CaptionSubject) -> None:
    """Six heatmaps with the same unit in the same row, their means, and the vectors."""
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    width = choose_width(controls)
    words = compute_caption(subject, width).words
    if not words:
        st.info("The captioner has nothing to say of this photo, so its decoder has taken no step to look into.")
        show_vectors(subject, words)
        return
    if isinstance(subject.captioner.decoder, TransformerDecoder):
        _show_transformer(subject, width, words)
        show_vectors(subject, words)
        return
    order, by = _choose_order(controls)
    memory = compute_memory(subject, words)
    units = compute_order(subject, words, by, order)
    st.markdown(
        f"The decoder remembers with {memory.cell.shape[1]:,} units, a row each. At every word the input and forget "
        "gates decide what a unit's cell takes in of the candidate, what is new, and what it keeps, and the output "
        "gate how much of it is shown: $c = f\\,c_{\\text{before}} + i\\,g$ and $h = o \\tanh c$."
    )
    for pair in zip(KINDS[::2], KINDS[1::2], strict=True):
        for column, kind in zip(st.columns(2, gap="medium"), pair, strict=True):
            show_chart(
                unit_heatmap(getattr(memory, kind), words, units, KIND_LABELS[kind], signed=kind in SIGNED),
                f"units-{kind}",
                column,
            )
    st.caption(
        "Gates run from 0 (dark) to 1 (yellow); candidate, cell and state are blue below zero, white at zero, red "
        "above."
    )
    st.markdown(say_memory(memory))
    _show_means(memory)
    offer(
        f"{subject.name}-decoder",
        lambda: draw_units([getattr(memory, kind) for kind in KINDS], units, [kind in SIGNED for kind in KINDS]),
        lambda: arrays_as_npz(
            words=np.array(words, dtype=np.str_),
            order=units,
            beta=memory.beta,
            **{kind: getattr(memory, kind) for kind in KINDS},
        ),
        memory_snippet(captioner_lines(subject), width, by, order),
        key="inside-offer",
    )
    cell = {"part": "Memory", "memory_look": "One LSTM cell"}
    link_to("sequences", "One cell of four units on a text of yours, whose gates can be held", cell)
    show_vectors(subject, words)


@st.cache_resource(max_entries=32, show_spinner="Reading the heads …")
def compute_heads(subject: CaptionSubject, words: tuple[str, ...]) -> LargeCaption:
    """Every head's attention on the way through the words; shared, so never changed."""
    return read_heads(subject.captioner, subject.seen, words)


def _show_transformer(subject: CaptionSubject, width: int, words: tuple[str, ...]) -> None:
    caption = compute_heads(subject, words)
    layers, heads = caption.class_share.shape[1:]
    st.markdown(
        f"This decoder remembers nothing: before every word it reads all words before it anew, and in each of its "
        f"{layers} layers {heads} heads look at the photo, each in its own way."
    )
    show_heads(
        subject,
        HeadView(
            title=subject.captioner.title,
            name=subject.name,
            caption=caption,
            elsewhere="the classifier's nouns",
            snippet=partial(heads_snippet, captioner_lines(subject), width),
            key="heads",
            first=compute_caption(subject, width).first_noun,
        ),
    )


def _choose_order(place: st.delta_generator.DeltaGenerator) -> tuple[Order, str]:
    order = choose("Order of the units", ORDER_LABELS, "units", "alike", place=place)
    return order, choose_one("Judged by the", BY_LABELS, "units_by", place=place, width=170)


def _show_means(memory: Memory) -> None:
    left, right = st.columns(2, gap="medium")
    show_chart(
        word_lines(
            memory.words,
            {
                "input": memory.input.mean(axis=1),
                "forget": memory.forget.mean(axis=1),
                "output": memory.output.mean(axis=1),
                "beta": memory.beta,
            },
            "Mean of each gate",
            top=1.0,
        ),
        "means-gates",
        left,
    )
    show_chart(
        word_lines(
            memory.words,
            {"size, |c|": np.abs(memory.cell).mean(axis=1), "shown, |h|": np.abs(memory.hidden).mean(axis=1)},
            "Mean size of cells, and of what is shown",
        ),
        "means-cells",
        right,
    )
