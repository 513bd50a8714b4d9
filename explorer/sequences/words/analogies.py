"""Analogies by vectors: a is to b as c is to which word? Hits and misses alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.captioning.embeddings import Neighbour
from explorer.captioning.vocabulary import MARKS
from explorer.sequences.words.tables import Table

QUESTIONS: Final = (
    ("man", "woman", "boy", "girl"),
    ("man", "men", "woman", "women"),
    ("dog", "dogs", "horse", "horses"),
    ("boy", "boys", "girl", "girls"),
    ("his", "her", "he", "she"),
    ("run", "running", "walk", "walking"),
    ("sit", "sitting", "stand", "standing"),
    ("jump", "jumps", "walk", "walks"),
    ("child", "children", "man", "men"),
    ("dog", "puppy", "man", "child"),
    ("snow", "white", "grass", "green"),
    ("bike", "street", "boat", "water"),
)
"""Written before anything was measured, and none left out afterwards."""


@dataclass(frozen=True)
class Answered:
    """One analogy.

    Attributes:
        question: a, b and c.
        expected: the word that a person would say.
        best: the nearest words to b - a + c, those three left out.
        rank: place of the expected word among all, 1 for the best; None where it has no vector.
        alone: the word nearest to c itself, which needs no analogy.
    """

    question: tuple[str, str, str]
    expected: str
    best: tuple[str, ...]
    rank: int | None
    alone: str


def solve(vectors: NDArray[np.floating], a: int, b: int, c: int) -> list[Neighbour]:
    """All words by their cosine with b - a + c, the nearest first; those three and the marks left out.

    The vectors have length 1 before they are added (Mikolov et al. 2013; Levy & Goldberg 2014, "3CosAdd").

    Args:
        vectors: (V, E).
        a, b, c: numbers of words with a vector.
    """
    rows = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(lengths > 0, lengths, np.inf)
    target = rows[b] - rows[a] + rows[c]
    size = np.linalg.norm(target)
    cosines = rows @ target / (size if size else np.inf)
    left = [number for number in range(len(MARKS), len(rows)) if number not in (a, b, c) and lengths[number, 0] > 0]
    left.sort(key=lambda number: (-cosines[number], number))
    return [Neighbour(number, float(cosines[number])) for number in left]


def ask(table: Table, question: tuple[str, str, str, str], shown: int = 3) -> Answered:
    """One question with its expected answer, put to a table that has all its words."""
    a, b, c, expected = table.vocabulary.encode(question)
    order = solve(table.vectors, a, b, c)
    found = [each.number for each in order]
    best = table.vocabulary.decode(found[:shown])
    alone = solve(table.vectors, c, c, c)
    return Answered(
        question[:3],
        question[3],
        tuple(best),
        found.index(expected) + 1 if expected in found else None,
        table.vocabulary.decode([alone[0].number])[0],
    )


def list_missing(table: Table, words: Sequence[str]) -> list[str]:
    """Words that the table has no row for, each once."""
    return [word for word in dict.fromkeys(words) if word not in table.vocabulary]
