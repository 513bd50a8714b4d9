"""`Caption`: a sentence, and for every word where the decoder looked and how sure it was."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from explorer.captioning.nouns import is_noun

STILL = 0.1
"""Mean of `Caption.moves` below which the attention is called still: from word to word more than nine tenths of it
stay where they were, and neighbouring maps look the same to the eye."""


class Alternative(NamedTuple):
    """A word that could have stood there instead."""

    word: str
    probability: float


@dataclass(frozen=True, eq=False)
class Caption:
    """A sentence of T words about a picture.

    Attributes:
        words: T of them, without marks.
        attention: (T, h, w) float32, where the decoder looked before each word; every map sums to one.
        log_probabilities: (T,) natural logarithm of each word's probability, given the picture and the words
            before; NaN for a word that is not in the vocabulary.
        alternatives: for each word the five most probable others.
        gates: (T,) beta in [0, 1], how much of what it saw the decoder let through. NaN where a network has none.
        end: natural logarithm of the probability that the sentence ends here; NaN where that was not asked.
        unknown: words of the sentence that the captioner does not know.
        copied: (T,) in [0, 1], how much of each word's probability comes from copying it from the classifier; empty
            where the captioner copies nothing.
    """

    words: tuple[str, ...]
    attention: np.ndarray
    log_probabilities: np.ndarray
    alternatives: tuple[tuple[Alternative, ...], ...]
    gates: np.ndarray
    end: float
    unknown: tuple[str, ...] = ()
    copied: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @property
    def first_noun(self) -> int:
        """Place of the first word that names a thing; without one the second, since captions begin with an article."""
        return next((place for place, word in enumerate(self.words) if is_noun(word)), min(1, len(self.words) - 1))

    @property
    def text(self) -> str:
        """The sentence."""
        return " ".join(self.words)

    @property
    def probabilities(self) -> np.ndarray:
        """(T,) of each word, given those before."""
        return np.exp(self.log_probabilities)

    @property
    def surprise(self) -> np.ndarray:
        """(T,) bits: -log2 of each word's probability (Shannon 1948)."""
        return -self.log_probabilities / np.log(2)

    @property
    def log_probability(self) -> float:
        """Of the whole sentence and its end, natural logarithm; unknown words left out."""
        return float(np.nansum(self.log_probabilities) + np.nan_to_num(self.end))

    @property
    def entropy(self) -> np.ndarray:
        """(T,) bits of each attention map: 0 for a single cell, log2(h * w) where all cells count the same."""
        flat = self._flat.astype(np.float64)
        return -(flat * np.log2(np.maximum(flat, 1e-30))).sum(axis=1)

    @property
    def moves(self) -> np.ndarray:
        """(T,) share of the attention that went to other cells since the word before, in [0, 1]; the first is NaN.

        Total variation distance: half the sum of absolute differences.
        """
        flat = self._flat
        return np.concatenate([[np.nan], np.abs(np.diff(flat, axis=0)).sum(axis=1) / 2])[: len(self.words)]

    @property
    def _flat(self) -> np.ndarray:
        """(T, h * w) the attention; T may be 0, which leaves no room for a -1."""
        return self.attention.reshape(len(self.words), math.prod(self.attention.shape[1:]))

    @property
    def mean_move(self) -> float:
        """Mean of the moves between words; NaN where there are fewer than two words."""
        moves = self.moves[1:]
        return float(moves.mean()) if len(moves) else math.nan

    @property
    def still(self) -> bool:
        """Whether the attention hardly changes from word to word, so that it says little about any single one."""
        return self.mean_move < STILL

    def to_json(self) -> str:
        """All of it as JSON; null where there is no number. Attention is a list of rows for each word."""
        words = [
            {
                "word": word,
                "probability": _finite(self.probabilities[t]),
                "alternatives": [each._asdict() for each in self.alternatives[t]],
                "gate": _finite(self.gates[t]),
                "entropy_bits": _finite(self.entropy[t]),
                "moved": _finite(self.moves[t]),
                "copied": _finite(self.copied[t]) if len(self.copied) else None,
                "attention": self.attention[t].astype(float).tolist(),
            }
            for t, word in enumerate(self.words)
        ]
        return json.dumps(
            {
                "caption": self.text,
                "log_probability": self.log_probability,
                "end_probability": _finite(np.exp(self.end)),
                "unknown": list(self.unknown),
                "words": words,
            },
            ensure_ascii=False,
        )


def _finite(value: float) -> float | None:
    """A number as JSON can say it."""
    return float(value) if math.isfinite(value) else None
