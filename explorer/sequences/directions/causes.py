"""Which words decided what a word was taken for: the sentence cut off, and with a word left out or replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.sequences.directions.network import Tagger, encode_sentences

Array = NDArray[np.float64]


def tell(tagger: Tagger, sentences: Sequence[Sequence[str]]) -> Array:
    """Probabilities (B, T, 3) of sentences with the same number of words."""
    with torch.inference_mode():
        return tagger(encode_sentences(sentences)).softmax(dim=2).numpy()


@dataclass(frozen=True, eq=False)
class Causes:
    """How sure a tagger is that one word is of one class, for sentences that differ.

    Attributes:
        cut_off: (T - place,) where the sentence ends with the word itself, with the next, and so on.
        without: (T,) where one other word is left out; what the whole sentence gives in the place of the word itself.
    """

    cut_off: Array
    without: Array

    @property
    def whole(self) -> float:
        """For the sentence as it is."""
        return float(self.cut_off[-1])


def find_causes(tagger: Tagger, words: Sequence[str], place: int, kind: int) -> Causes:
    """What the words around one do to it.

    Args:
        tagger: in evaluation mode.
        words: T of them.
        place: of the word.
        kind: number of the class whose probability is told.
    """
    cut_off = [tell(tagger, [words[:stop]])[0, place, kind] for stop in range(place + 1, len(words) + 1)]
    without = np.full(len(words), cut_off[-1])
    others = [other for other in range(len(words)) if other != place]
    if others:
        told = tell(tagger, [[*words[:other], *words[other + 1 :]] for other in others])
        for other, row in zip(others, told, strict=True):
            without[other] = row[place - (other < place), kind]
    return Causes(np.array(cut_off), without)


def find_lesson(causes: Causes) -> int | None:
    """How many words behind its own place the word stands that raised the probability most, each read in its turn.

    Returns:
        None where no later word raised it by a tenth.
    """
    rises = np.diff(causes.cut_off)
    if not len(rises) or rises.max() < 0.1:
        return None
    return int(rises.argmax()) + 1


def replace_word(words: Sequence[str], place: int, instead: Sequence[str]) -> list[str]:
    """The words with one of them replaced by others, or by none."""
    return [*words[:place], *instead, *words[place + 1 :]]
