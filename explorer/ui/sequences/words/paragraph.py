"""Vectors learned from a person's own text while they wait, and how far they can be believed."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import streamlit as st

from explorer.captioning.embeddings import nearest, project
from explorer.captioning.vocabulary import MARKS, split_words
from explorer.neurons.describing import say_number, write_table
from explorer.rendering import draw_words, word_map
from explorer.sequences.words.analogies import solve
from explorer.sequences.words.describing import say_found, say_honesty
from explorer.sequences.words.paragraph import MOST, OWN, ParagraphRejected, read_paragraph
from explorer.sequences.words.skipgram import (
    NEAR,
    SEEDS,
    SIZE,
    STEPS,
    Trained,
    count_near,
    explained_share,
    train_in_slices,
)
from explorer.sequences.words.snippets import skipgram_snippet
from explorer.slices import finish
from explorer.text import as_plain_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain

_KEPT: Final = "words_text_read"  # the last text that could be read, in the session
_PART: Final = "words_part_trained"  # of a training that was stopped, in the session
_NAMED: Final = 20  # of the most frequent words, on the map
_MAPPED: Final = 300
_ANSWERS: Final = ("all five", "three or four", "two or fewer")

Words = tuple[str, ...]


def show_paragraph() -> None:
    """The text, the nearest words of one of it, the map, and an analogy."""
    with st.expander("Your own text", icon=":material/edit_note:"):
        typed = st.text_area(
            f"Up to {MOST:,} words, in a language that parts words by spaces; it stays on this page and is in no link.",
            OWN.replace("\n", " "),
            key="words_text",
            height=220,
            max_chars=20 * MOST,
        )
    words = _accept(typed or "")
    trained = _train(words)
    if trained is None:
        return
    frequent = [number for number in range(len(MARKS), len(trained.vocabulary)) if trained.counts[number] > 1]
    numbers = sorted(frequent or range(len(MARKS), len(trained.vocabulary)), key=lambda at: -trained.counts[at])
    names = [trained.vocabulary.words[number] for number in numbers]
    # The one of the middle that is neither an article nor seen once.
    start = "king" if "king" in names else max(names[: max(1, len(names) // 3)], key=len)
    word = choose_one("Nearest to", names, "words_near", start, width=220)
    number = trained.vocabulary.encode([word])[0]
    lists = [[each.number for each in nearest(table, number, NEAR)] for table in trained.tables]
    agreed = sum(all(each in other for other in lists[1:]) for each in lists[0])
    right = _ANSWERS[0] if agreed == NEAR else _ANSWERS[1] if agreed > 2 else _ANSWERS[2]
    asked = f"Trained {SEEDS} times from other first weights: how many of the five words nearest to “{word}” stay?"
    if not ask_first(asked, _ANSWERS, right, f"ask-words-own-{word}"):
        return
    st.markdown(say_found(trained, words, number, lists))
    left, wide = st.columns([5, 6], gap="large")
    with left:
        _show_nearest(trained, words, number, lists)
        st.markdown(once(("skip-gram judged", words, trained.steps), partial(say_honesty, trained, words)))
        _show_analogy(trained)
    with wide:
        shown = list(range(len(MARKS), min(len(trained.vocabulary), len(MARKS) + _MAPPED)))
        shown += [each for each in (number, *lists[0]) if each not in shown]
        points, labels = project(trained.tables[0][shown], "pca"), trained.vocabulary.decode(shown)
        marked = {
            "most frequent": set(labels[:_NAMED]),
            f"near “{word}”": set(trained.vocabulary.decode(lists[0])),
            f"“{word}”": {word},
        }
        show_chart(word_map(points, labels, marked, f"{len(labels):,} words of your text", rest="others"), "words-map")
        share = explained_share(trained.tables[0][shown])
        st.caption(
            f"By PCA, the two directions in which the {SIZE} numbers of the vectors differ most; they hold "
            f"{100 * share:.0f} % of the variance. What is apart on the map is apart; what is together need not be."
        )
    offer(
        "words",
        lambda: draw_words(points, labels, marked),
        lambda: _pack(trained, words),
        skipgram_snippet(word),
        key="words-own-offer",
    )


def _accept(typed: str) -> Words:
    """The words that are read: those typed, or the last ones where these cannot be read."""
    try:
        words = read_paragraph(typed)
        if len(split_words(typed)) > MOST:
            st.info(f"Of {len(split_words(typed)):,} words the first {MOST:,} are read.")
    except ParagraphRejected as rejected:
        words = st.session_state.get(_KEPT, read_paragraph(OWN))
        st.warning(f"{rejected} The last text that could be read stays.", icon=":material/edit_off:")
    st.session_state[_KEPT] = words
    return words


def _train(words: Words) -> Trained | None:
    """What was trained; where it was stopped, what was trained until then."""

    def keep(trained: Trained) -> None:
        st.session_state[_PART] = words, trained

    trained = obtain(
        ("skip-gram", words),
        "Training on your text",
        "steps",
        partial(finish, train_in_slices(words, keep)),
        st.empty(),
        "words-train",
    )
    if trained is not None:
        return trained
    of, part = st.session_state.get(_PART, (None, None))
    if of != words:
        return None
    st.caption(f"Below is what was trained in {part.steps} of {STEPS} steps.")
    return part


def _show_nearest(trained: Trained, words: Words, number: int, lists: list[list[int]]) -> None:
    """The nearest words by the first seed, and what speaks for each."""
    rows = {}
    beside = count_near(trained.vocabulary.encode(words), number)
    for each in nearest(trained.tables[0], number, NEAR):
        rows[as_plain_text(trained.vocabulary.words[each.number])] = [
            f"{each.cosine:.2f}",
            f"{sum(each.number in other for other in lists)} of {SEEDS}",
            f"{beside.get(each.number, 0)} ×",
        ]
    st.markdown(write_table(["cosine", "starts", "beside it"], rows))


def _show_analogy(trained: Trained) -> None:
    """An analogy of words of the text."""
    typed = st.text_input(
        "a is to b as c is to …", "king queen prince", key="words_analogy", bind="query-params", max_chars=90
    )
    asked = split_words(typed or "")
    missing = [word for word in asked if word not in trained.vocabulary]
    if len(asked) != 3 or missing:
        lacking = (
            f"not in it: {', '.join(as_plain_text(word) for word in missing)}" if missing else "such as three nouns"
        )
        st.info(f"Type three words of your text, {lacking}.")
        return
    a, b, c = trained.vocabulary.encode(asked)
    found = [solve(table, a, b, c)[:3] for table in trained.tables]
    if not all(found):
        st.info("There is no fourth word in the text.")
        return
    said = [f"{trained.vocabulary.words[each[0].number]} ({say_number(each[0].cosine)})" for each in found]
    st.markdown(
        f"{as_plain_text(asked[0])} is to {as_plain_text(asked[1])} as {as_plain_text(asked[2])} is to: "
        f"**{', '.join(as_plain_text(each) for each in dict.fromkeys(said))}**, by {SEEDS} starts, with the cosine; "
        "the three words themselves are left out, as is the custom."
    )


def _pack(trained: Trained, words: Words) -> bytes:
    return arrays_as_npz(
        text=np.array(words, dtype=np.str_),
        words=np.array(trained.vocabulary.words, dtype=np.str_),
        counts=trained.counts,
        vectors=trained.tables,
        losses=trained.losses,
    )
