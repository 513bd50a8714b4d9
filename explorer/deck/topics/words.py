"""Exercises on word vectors and attention."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import numpy as np

from explorer.captioning.embeddings import nearest
from explorer.captioning.vocabulary import MARKS
from explorer.deck.card import Draw, Drawn
from explorer.neurons.losses import softmax


def _draw_cosine(numbers: random.Random) -> Drawn:
    first, second = ([numbers.choice((-1, 1)) * numbers.randint(1, 9) for _ in range(3)] for _ in range(2))
    table = np.zeros((len(MARKS) + 2, 3))  # a captioner's table, where the marks stand first
    table[len(MARKS) :] = first, second
    (near,) = nearest(table, len(MARKS), 1)
    return Drawn(
        f"Two words have the vectors $({first[0]}, {first[1]}, {first[2]})$ and $({second[0]}, {second[1]}, "
        f"{second[2]})$. What is their cosine?",
        f"**{near.cosine:.3f}**: the product of the vectors over the product of their lengths.",
    )


def _draw_rows(numbers: random.Random) -> Drawn:
    words, length = 100 * numbers.randint(20, 300), numbers.choice((50, 64, 100, 128, 256))
    sentence = [numbers.choice(("a", "dog", "cat", "sees", "runs", "house")) for _ in range(numbers.randint(4, 7))]
    return Drawn(
        f"A vocabulary of {words:,} words, vectors of {length} numbers, learned with the network. The batch is one "
        f"sentence: “{' '.join(sentence)}”. How many numbers has the table, and how many of its rows get a gradient?",
        f"**{words * length:,}** numbers; **{len(set(sentence))}** rows, one for each different word of the batch.",
    )


def _draw_weights(numbers: random.Random) -> Drawn:
    scores, values = [numbers.randint(-20, 30) / 10 for _ in range(3)], [numbers.randint(1, 90) / 10 for _ in range(3)]
    weights = softmax(scores)
    return Drawn(
        f"Three parts of the input have the scores $({scores[0]:g}, {scores[1]:g}, {scores[2]:g})$ and the values "
        f"$({values[0]:g}, {values[1]:g}, {values[2]:g})$. What does attention give?",
        f"The weights are $({', '.join(f'{weight:.3f}' for weight in weights)})$ (softmax), so it gives "
        f"**{weights @ values:.3f}**.",
    )


def _draw_context(numbers: random.Random) -> Drawn:
    states = np.array([[numbers.randint(-20, 20) / 10 for _ in range(2)] for _ in range(3)])
    now = np.array([numbers.randint(-20, 20) / 10 for _ in range(2)])
    scores = states @ now
    weights = softmax(scores)
    context = weights @ states
    rows = ", ".join(f"$({row[0]:g}, {row[1]:g})$" for row in states)
    return Drawn(
        f"The encoder's states are {rows}, the decoder's is $({now[0]:g}, {now[1]:g})$, and the score is their "
        f"product. What is the context vector?",
        f"Scores $({', '.join(f'{score:.2f}' for score in scores)})$, weights "
        f"$({', '.join(f'{weight:.3f}' for weight in weights)})$, context vector $({context[0]:.3f}, "
        f"{context[1]:.3f})$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {22: _draw_cosine, 23: _draw_rows, 24: _draw_weights, 25: _draw_context}
