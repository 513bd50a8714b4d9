"""Sentences as words and letters: how a person's own is read, and what each word of a drawn one is."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

NONE, PERSON, PLACE = range(3)
CLASSES: Final = ("no name", "person", "place")

LETTERS: Final = string.ascii_letters + string.digits + "'-.,;:!?"
PADDING, BEGIN, END, UNKNOWN = range(4)
FIRST_LETTER: Final = 4  # number of the first of `LETTERS`
SYMBOLS: Final = FIRST_LETTER + len(LETTERS)
LONGEST: Final = 120  # characters of a person's sentence
_NUMBERS: Final = {letter: number for number, letter in enumerate(LETTERS, start=FIRST_LETTER)}
_WORD: Final = re.compile(r"['’]s\b|[^\W_]+(?:['’\-](?!s\b)[^\W_]+)*|[^\w\s]|_")


class SentenceRejected(ValueError):
    """A sentence that cannot be read; the message says why and what could be."""


class Sentence(NamedTuple):
    """Words, and which of `CLASSES` each is."""

    words: tuple[str, ...]
    classes: tuple[int, ...]


class Span(NamedTuple):
    """A name: neighbouring words of one class, from `start` until before `stop`."""

    start: int
    stop: int
    kind: int


def split_sentence(text: str) -> list[str]:
    """Words and punctuation in order; `'s` stands by itself, and curled apostrophes are straight."""
    # Composed: some keyboards type é as an e and an accent.
    return [word.replace("’", "'") for word in _WORD.findall(unicodedata.normalize("NFC", text))]


def read_sentence(text: str) -> tuple[str, ...]:
    """The words of a sentence that a person typed.

    Raises:
        SentenceRejected: it is empty or too long.
    """
    if len(text) > LONGEST:
        raise SentenceRejected(f"This has {len(text):,} characters; up to {LONGEST} are read.")
    words = split_sentence(text)
    if not words:
        raise SentenceRejected("There is no word in this; a sentence such as “Anna lives in Oslo.” would do.")
    return tuple(words)


def list_unknown(words: Sequence[str]) -> list[str]:
    """The letters that stand for nothing here, each once; a network reads one symbol in their place."""
    return list(dict.fromkeys(letter for word in words for letter in word if letter not in _NUMBERS))


def encode_word(word: str) -> list[int]:
    """Numbers of a word's letters, between the marks where it begins and ends."""
    return [BEGIN, *(_NUMBERS.get(letter, UNKNOWN) for letter in word), END]


def find_spans(classes: Sequence[int]) -> list[Span]:
    """The names in a sentence: neighbours of one class are one name (the scheme "IO", of inside and outside)."""
    spans: list[Span] = []
    for place, kind in enumerate(classes):
        if kind == NONE:
            continue
        if spans and spans[-1].stop == place and spans[-1].kind == kind:
            spans[-1] = spans[-1]._replace(stop=place + 1)
        else:
            spans.append(Span(place, place + 1, kind))
    return spans
