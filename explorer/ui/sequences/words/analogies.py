"""Analogies by the captioner's vectors, the misses with the hits."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from explorer.captioning.embeddings import project
from explorer.captioning.vocabulary import split_words
from explorer.neurons.describing import write_table
from explorer.rendering import draw_words
from explorer.sequences.words.analogies import QUESTIONS, Answered, ask, list_missing, solve
from explorer.sequences.words.snippets import analogy_snippet
from explorer.sequences.words.tables import KINDS, Kind, Table, load_table
from explorer.text import as_plain_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.sequences.words.step import KIND_LABELS

_ANSWERS: Final = ("nearly all", "about half", "nearly none")


def show_analogies() -> None:
    """A dozen questions, and one of a person's own."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    kind = choose("Vectors", KIND_LABELS, "words_table", place=row)
    table = load_table(kind)
    answers = {each: _answer_all(each) for each in KINDS}
    hits = {each: sum(one.rank == 1 for one in answers[each]) for each in KINDS}
    share = hits[kind] / len(QUESTIONS)
    right = _ANSWERS[0] if share > 0.75 else _ANSWERS[1] if share > 0.25 else _ANSWERS[2]
    asked = f"man is to woman as boy is to …: {len(QUESTIONS)} such questions. How many does this table answer?"
    if not ask_first(asked, _ANSWERS, right, f"ask-words-analogies-{kind}"):
        return
    easy = sum(map(_is_easy, answers[kind]))
    other: Kind = KINDS[1 - KINDS.index(kind)]
    st.markdown(
        f"**{hits[kind]} of {len(QUESTIONS)} are answered as a person would; the table {_say(other)} answers "
        f"{hits[other]}.** Of these {hits[kind]}, {easy} need no analogy: the answer is the word nearest to the third "
        "by itself. The questions were written before anything was measured; the misses stand with the hits."
    )
    rows = {
        f"{a} : {b} = {c} :": [
            as_plain_text(", ".join(one.best)),
            f"{one.expected}, {'hit' if one.rank == 1 else f'place {one.rank}'}{' †' if _is_easy(one) else ''}",
        ]
        for one in answers[kind]
        for a, b, c in [one.question]
    }
    st.markdown(write_table(["nearest to b − a + c", "expected"], rows))
    st.caption("† Nearest to the third word by itself, without the other two.")
    question = _show_own(table)
    words = list(dict.fromkeys(word for one in QUESTIONS for word in one))
    offer(
        "words-analogies",
        lambda: _draw(table, words),
        lambda: arrays_as_npz(
            questions=np.array(QUESTIONS, dtype=np.str_),
            best=np.array([one.best for one in answers[kind]], dtype=np.str_),
            places=np.array([one.rank or 0 for one in answers[kind]]),
            words=np.array(words, dtype=np.str_),
            vectors=table.vectors[table.vocabulary.encode(words)],
        ),
        analogy_snippet(kind, question),
        key="words-analogies-offer",
    )


def _is_easy(one: Answered) -> bool:
    """Whether the answer is right, and needed no analogy."""
    return one.rank == 1 and one.alone == one.expected


def _say(kind: Kind) -> str:
    return "that was learned with the captioner" if kind == "learned" else "that was counted from its captions"


def _answer_all(kind: Kind) -> list[Answered]:
    return once(("words analogies", kind), lambda: [ask(load_table(kind), question) for question in QUESTIONS])


def _show_own(table: Table) -> tuple[str, ...]:
    """A question of a person's own; the first of the dozen where it cannot be read."""
    typed = st.text_input(
        "Your own: a, b and c", "day night sun", key="words_question", bind="query-params", max_chars=90
    )
    asked = tuple(split_words(typed or ""))
    missing = list_missing(table, asked)
    if len(asked) != 3 or missing:
        named = ", ".join(f"“{as_plain_text(word)}”" for word in missing)
        st.info(f"Type three words that captions have{f'; it does not know {named}' if missing else ''}.")
        return QUESTIONS[0]
    found = solve(table.vectors, *table.vocabulary.encode(asked))[:5]
    if not found or found[0].cosine == 0:
        st.info("One of these words has no vector: it stood beside no other in the captions.")
        return asked
    said = ", ".join(f"{as_plain_text(table.vocabulary.words[each.number])} ({each.cosine:.2f})" for each in found)
    st.markdown(f"{asked[0]} is to {asked[1]} as {asked[2]} is to: **{said}**")
    return asked


def _draw(table: Table, words: list[str]) -> bytes:
    return draw_words(project(table.vectors[table.vocabulary.encode(words)], "pca"), words, {"words": set(words)})
