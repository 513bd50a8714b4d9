"""Words and their numbers."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

PAD, START, END, UNKNOWN = 0, 1, 2, 3
MARKS = ("<pad>", "<start>", "<end>", "<unk>")
MOST_WORDS = 60  # of a sentence that a person types; the longest caption of Flickr8k has 37
LONGEST_WORD = 40  # letters
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class SentenceRejected(ValueError):
    """A sentence that the captioner cannot be led through; the message says why."""


def split_words(text: str) -> list[str]:
    """Lower-case words of a sentence: runs of letters and digits, apostrophes inside them kept, the rest dropped."""
    # Composed: some keyboards type é as an e and an accent, and the accent is no letter.
    composed = unicodedata.normalize("NFC", text.lower())
    return [word.replace("’", "'") for word in _WORD.findall(composed)]


def read_sentence(text: str) -> list[str]:
    """The words of a sentence that a person typed.

    Raises:
        SentenceRejected: none, too many, or one that is no word.
    """
    words = split_words(text)
    if not words:
        raise SentenceRejected("Type at least one word: there is nothing to read here.")
    longest = max(words, key=len)
    if len(longest) > LONGEST_WORD:
        raise SentenceRejected(
            f"“{longest[:12]}…” has {len(longest):,} letters; a word may have {LONGEST_WORD}, so nothing was read."
        )
    if len(words) > MOST_WORDS:
        raise SentenceRejected(f"This has {len(words):,} words; a caption may have {MOST_WORDS}, so nothing was read.")
    return words


@dataclass(frozen=True)
class Vocabulary:
    """The words a captioner knows, by number.

    Attributes:
        words: all of them, `MARKS` first.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.words[: len(MARKS)] != MARKS or len(set(self.words)) != len(self.words):
            raise ValueError(f"A vocabulary begins with {', '.join(MARKS)} and has every word once.")

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._numbers and self._numbers[word] >= len(MARKS)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, words: Iterable[str]) -> list[int]:
        """Numbers of words; `UNKNOWN` for those it does not know. No marks are added."""
        return [self._numbers[word] if word in self else UNKNOWN for word in words]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Words of numbers, marks included."""
        return [self.words[number] for number in numbers]

    def to_json(self) -> str:
        """The words as a JSON list."""
        return json.dumps(self.words, ensure_ascii=False, indent=0)

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """The inverse of `to_json`.

        Raises:
            ValueError: it is no list of words that begins with `MARKS`.
        """
        words = json.loads(text)
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError("A vocabulary is a JSON list of words.")
        return cls(tuple(words))


def build_vocabulary(sentences: Iterable[Sequence[str]], least: int) -> Vocabulary:
    """The words that occur at least `least` times, the most frequent first, ties by the alphabet."""
    counts: dict[str, int] = {}
    for words in sentences:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    kept = sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
    return Vocabulary((*MARKS, *kept))


def swapped(words: Sequence[str], place: int, word: str) -> list[str]:
    """A sentence with one word changed, or cut short by the end mark."""
    return list(words[:place]) if word == MARKS[END] else [*words[:place], word, *words[place + 1 :]]


def label_words(words: Sequence[str]) -> list[str]:
    """The words, every one told apart: the second "a" becomes "a (2)"."""
    seen: Counter[str] = Counter()
    labels = []
    for word in words:
        seen[word] += 1
        labels.append(word if seen[word] == 1 else f"{word} ({seen[word]})")
    return labels
