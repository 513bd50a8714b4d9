"""The vectors of the captioner's words: all on a plane, the nearest of one, and learned beside counted ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.captioning import loading
from explorer.captioning.comparing import say_score
from explorer.captioning.embeddings import (
    KIND_LABELS,
    KIND_NOTES,
    KINDS,
    NEAR,
    PLANE_LABELS,
    PLANE_NOTES,
    Neighbour,
    Plane,
    nearest,
    numbers_on_the_plane,
    project,
    read_frozen,
)
from explorer.captioning.snippets import vectors_snippet
from explorer.captioning.vocabulary import MARKS, split_words
from explorer.rendering import draw_words, word_map
from explorer.text import as_plain_text
from explorer.ui.app import link_to
from explorer.ui.captions.subject import CaptionSubject, captioner_lines
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose, choose_step
from explorer.ui.kit.export import arrays_as_npz, offer

MANY = (100, 200, 400, 800)


@st.cache_data(max_entries=4, show_spinner=False)
def _compute_all(name: str, device: str, _subject: CaptionSubject) -> dict[str, NDArray[np.float32]]:
    captioner = _subject.captioner
    found = {"learned": captioner.decoder.embedding.weight.float().cpu().numpy()}
    frozen = read_frozen(loading.MODELS / name, len(captioner.vocabulary))
    return found if frozen is None else {**found, "frozen": frozen}


def compute_vectors(subject: CaptionSubject) -> dict[str, NDArray[np.float32]]:
    """(V, E) by kind: "learned", and "frozen" where the captioner's folder has them."""
    vectors: dict[str, NDArray[np.float32]] = _compute_all(subject.name, subject.device, subject)
    return vectors


@st.cache_data(max_entries=32, show_spinner="Laying the words out …")
def compute_points(
    name: str, device: str, kind: str, plane: Plane, numbers: tuple[int, ...], _subject: CaptionSubject
) -> NDArray[np.float32]:
    """(N, 2) places of these words."""
    return project(compute_vectors(_subject)[kind][list(numbers)], plane)


def show_vectors(subject: CaptionSubject, words: Sequence[str]) -> None:
    """The plane, and beside it the nearest words.

    Args:
        subject: whose words they are.
        words: of the caption, to be marked.
    """
    st.subheader("Vectors of its words", anchor=False)
    vectors = compute_vectors(subject)
    vocabulary = subject.captioner.vocabulary
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    kind = "learned"
    if len(vectors) > 1:
        kind = choose("Vectors", {each: KIND_LABELS[each] for each in vectors}, "vectors", "learned", place=row)
    plane: Plane = "tsne" if choose("Plane", PLANE_LABELS, "plane", "pca", place=row) == "tsne" else "pca"
    most = len(vocabulary) - len(MARKS)
    options = [each for each in MANY if each < most] or [most]
    many = choose_step(
        "Most frequent words",
        options,
        "many",
        options[min(1, len(options) - 1)],
        place=row,
        width=220,
        disabled=len(options) == 1,
    )
    longest = max(words, key=len, default="dog")  # which is hardly ever an article
    typed = row.text_input("Nearest to", value=longest, max_chars=40, key="near", bind="query-params", width=180)
    picked = next(iter(split_words(typed)), "")
    number = vocabulary.encode([picked])[0] if picked in vocabulary else None
    close = {each: nearest(rows, number, NEAR) if number is not None else [] for each, rows in vectors.items()}
    numbers = numbers_on_the_plane(vocabulary.encode(words), many, number, close[kind])
    names = vocabulary.decode(numbers)
    points = compute_points(subject.name, subject.device, kind, plane, numbers, subject)
    left, right = st.columns([7, 5], gap="large")
    marked = {"in this caption": set(words) & set(names)}
    if number is not None:
        near = {vocabulary.words[each.number] for each in close[kind]}
        marked |= {f"near “{picked}”": near, f"“{picked}”": {picked}}
    show_chart(
        word_map(
            points, names, marked, f"{len(names):,} words: {KIND_LABELS[kind].lower()} vectors", rest="other words"
        ),
        f"plane-{kind}-{plane}-{subject.name}",
        left,
    )
    left.caption(PLANE_NOTES[plane])
    with right:
        _show_nearest(subject, close, picked, typed)
    offer(
        f"{subject.name}-vectors",
        lambda: draw_words(points, names, marked),
        lambda: arrays_as_npz(
            words=np.array(names, dtype=np.str_), points=points, vectors=vectors[kind][list(numbers)]
        ),
        vectors_snippet(captioner_lines(subject), subject.name, kind, plane, numbers, number),
        key="vectors-offer",
    )


def _show_nearest(subject: CaptionSubject, close: dict[str, list[Neighbour]], picked: str, typed: str) -> None:
    """Nearest words by cosine, for every kind of vectors side by side."""
    vocabulary = subject.captioner.vocabulary
    if not picked:
        st.info("Type a word to see which others are near it.")
    elif picked not in vocabulary:
        known = "it is in too few of the captions that it learned from"
        st.info(f"The captioner does not know “{as_plain_text(picked)}”: {known}.")
    comparison = subject.captioner.card.get("embedding_comparison")
    for kind, column in zip(close, st.columns(len(close)), strict=True):
        if len(close) > 1:
            column.markdown(f"**{KINDS[kind]}**")
        if close[kind]:
            column.table(
                [{"word": vocabulary.words[each.number], "cosine": f"{each.cosine:.2f}"} for each in close[kind]]
            )
        elif picked in vocabulary:
            column.info(f"“{picked}” never stood near another word, so it has no vector.")
        if len(close) > 1:
            column.caption(f"{KIND_NOTES[kind]}{say_score(comparison, kind)}")
    link_to(
        "sequences", "Which rows of this table learn from a sentence, and vectors from your own text", {"part": "Words"}
    )
    if picked in vocabulary:
        st.caption("The cosine of the angle between two vectors: 1 in the same direction, 0 at right angles.")
