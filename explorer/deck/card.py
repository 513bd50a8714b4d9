"""What a card is: a question, an answer, what the usual answer leaves out, and an experiment that shows it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Experiment:
    """Where in the dashboard a card's answer can be tried.

    Attributes:
        page: the name of a page, as its address has it.
        address: query parameters with which the page opens in the right state.
        shows: text that stands on the page in that state.
        does: what to do or to see there, in one sentence.
    """

    page: str
    address: Mapping[str, str]
    shows: str
    does: str


@dataclass(frozen=True)
class Drawn:
    """An exercise with numbers.

    Attributes:
        question: Markdown, asked below the question of its card.
        answer: Markdown, with what the library has computed; shown above the answer of its card.
    """

    question: str
    answer: str


Draw: TypeAlias = Callable[[random.Random], Drawn]
"""Makes an exercise with other numbers every time, the same for the same random numbers."""


@dataclass(frozen=True)
class Card:
    """One card. All of its texts are Markdown with LaTeX between dollar signs.

    Attributes:
        id: its number in the deck, which never changes: what a person has answered is kept under it.
        question: what is asked.
        answer: in one to four sentences.
        more_exactly: what the usual answer leaves out or gets wrong; "" where there is nothing.
        experiment: where it can be tried.
        draw: its exercise; None where the answer has no numbers.
    """

    id: int
    question: str
    answer: str
    more_exactly: str
    experiment: Experiment
    draw: Draw | None = None
