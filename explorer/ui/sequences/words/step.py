"""One step on a sentence: which rows of the captioner's table get a gradient, and which move."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final

import numpy as np
import streamlit as st

from explorer.captioning.vocabulary import MARKS, SentenceRejected, read_sentence
from explorer.neurons.describing import say_number, write_table
from explorer.rendering import encode_png
from explorer.rendering.enlarging import colour_map, enlarge
from explorer.sequences.words.one_step import DECAY, OPTIMISERS, RATE, OneStep, Optimiser, take_step
from explorer.sequences.words.snippets import step_snippet
from explorer.sequences.words.tables import Kind, Table, load_table
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png

SENTENCE: Final = "A dog runs on the grass, and a cat sleeps."
KIND_LABELS: Final[dict[Kind, str]] = {"learned": "Learned with the captioner", "frozen": "Counted from its captions"}
_OPTIMISER_LABELS: Final[dict[Optimiser, str]] = {"sgd": "SGD", "adamw": "AdamW, weight decay"}
_KEPT: Final = "words_read"  # the last sentence that could be read, in the session
_ANSWERS: Final = ("all of them", "those of the sentence's words", "none")
_SIDE: Final = 51  # cells of a row of the picture, of as many rows as it takes


def show_step() -> None:
    """The finding, the rows of the sentence, and all rows as cells of a picture."""
    typed = st.text_input("Your sentence", SENTENCE, key="words_sentence", bind="query-params", max_chars=120)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    kind = choose("Vectors", KIND_LABELS, "words_table", place=row)
    optimiser = choose("One step of", _OPTIMISER_LABELS, "words_optimiser", OPTIMISERS[0], place=row)
    frozen = switch("Freeze the table", "words_frozen", place=row, help="`nn.Embedding.from_pretrained(freeze=True)`")
    words = _accept(typed or "")
    table = load_table(kind)
    unknown = [word for word in dict.fromkeys(words) if word not in table.vocabulary]
    if unknown:
        named = ", ".join(f"“{as_plain_text(word)}”" for word in unknown)
        st.info(f"The table has no row for {named}: the row of the mark for unknown words is looked up instead.")
    numbers = tuple(table.vocabulary.encode(words))
    step: OneStep = once(
        ("words step", kind, numbers, frozen, optimiser),
        partial(take_step, table.vectors, numbers, frozen=frozen, optimiser=optimiser),
    )
    count = len(table.vectors)
    decays = optimiser == "adamw" and not frozen
    asked = f"One step of {_OPTIMISER_LABELS[optimiser]} on this sentence. Which of the {count:,} rows change?"
    if not ask_first(asked, _ANSWERS, _ANSWERS[2 if frozen else 0 if decays else 1], f"ask-words-{frozen}-{optimiser}"):
        return
    st.markdown(_say_finding(step, table, frozen=frozen, optimiser=optimiser))
    left, right = st.columns([6, 5], gap="large")
    with left:
        st.markdown(_write_rows(step, table))
        same = "the same to the last bit" if step.product_is_row else "another"
        st.caption(
            f"PyTorch's `F.one_hot(words) @ table`, beside the rows that `nn.Embedding` looks up: {same}. Each number "
            "is one of the table times 1, and zeros added."
        )
    png = _draw(step)
    with right:
        show_png(
            png,
            f"All {count:,} rows, a cell each, in the order of the vocabulary, the most frequent words on top: how far "
            "each moved, from dark (nothing) to yellow (the most here), by the logarithm.",
            alt=f"{count} cells, of which {int(step.moved.sum())} moved",
        )
        st.caption(
            f"The layer above the table tells each next word from the vector of the last: one dense layer with weights "
            f"by chance, of which {step.others:,} get a gradient whether the table is frozen or not. Rate {RATE:g}."
        )
    offer(
        "words-step",
        png,
        lambda: arrays_as_npz(
            words=np.array(table.vocabulary.words, dtype=np.str_),
            inputs=np.array(step.inputs),
            gradients=step.gradients,
            moves=step.moves,
            moved=step.moved,
        ),
        step_snippet(kind, numbers, frozen=frozen, optimiser=optimiser),
        key="words-step-offer",
    )


def _accept(typed: str) -> tuple[str, ...]:
    """The words that are read: those typed, or the last ones where these cannot be read."""
    try:
        words = tuple(read_sentence(typed))
    except SentenceRejected as rejected:
        words = st.session_state.get(_KEPT, tuple(read_sentence(SENTENCE)))
        st.warning(f"{as_plain_text(str(rejected))} Read instead: “{' '.join(words)}”.", icon=":material/edit_off:")
    st.session_state[_KEPT] = words
    return words


def _say_finding(step: OneStep, table: Table, *, frozen: bool, optimiser: Optimiser) -> str:
    count, size = table.vectors.shape
    looked_up, moved = len(set(step.inputs)), int(step.moved.sum())
    with_gradient = int((step.gradients > 0).sum())
    if frozen:
        return (
            f"**Frozen: of {count:,} rows none gets a gradient, and none moves.** {looked_up} were looked up all the "
            "same, with the same numbers: frozen or learned, both are a look-up in one table."
        )
    begin = (
        f"**Of {count:,} rows {with_gradient} got a gradient: those of the {looked_up} different words that were "
        f"looked up, the mark for the start among them.** "
    )
    if optimiser == "adamw" and moved > with_gradient:
        alone = np.median(step.moves[step.moved & (step.gradients == 0)])
        most = np.median(step.moves[step.gradients > 0])
        return (
            f"{begin}Yet {moved:,} rows moved: AdamW's weight decay takes rate × {DECAY:g} = {RATE * DECAY:g} of every "
            f"weight, gradient or not. Rows without one moved by {say_number(float(alone))}, rows with one by "
            f"{say_number(float(most))} (medians): Adam's first step moves each of their {size} numbers by about the "
            f"rate, $\\sqrt{{{size}}} \\cdot {RATE:g} = {say_number(RATE * size**0.5)}$."
        )
    return (
        f"{begin}{count_text(moved, 'row')} moved; the other {(count - moved) * size:,} numbers are the same to the "
        "last bit. A word that is not in the batch learns nothing from it."
    )


def _write_rows(step: OneStep, table: Table) -> str:
    """The rows that were looked up."""
    rows = {}
    for number, times in Counter(step.inputs).items():
        word = table.vocabulary.words[number]
        name = {MARKS[1]: "start mark", MARKS[3]: "unknown mark"}.get(word, word)
        rows[f"{number} {as_plain_text(name)}"] = [
            f"{times} ×",
            say_number(float(step.gradients[number])),
            say_number(float(step.moves[number])) if step.moved[number] else "not at all",
        ]
    return write_table(["looked up", "length of gradient", "moved by"], rows)


def _draw(step: OneStep) -> bytes:
    """How far each row moved, by the logarithm: between nothing and the most."""
    moves = step.moves.astype(np.float64)
    shown = np.zeros_like(moves)
    if moves.any():
        least = moves[moves > 0].min()
        shown[moves > 0] = 1 + np.log10(moves[moves > 0] / least)
    rows = -(-len(shown) // _SIDE)
    cells = np.full(rows * _SIDE, np.nan)
    cells[: len(shown)] = shown
    picture = colour_map(cells.reshape(rows, _SIDE), 0.0, max(1.0, float(shown.max())), signed=False)
    return encode_png(enlarge(picture, 10 * rows, 10 * _SIDE))
