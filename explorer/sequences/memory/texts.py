"""Texts of one alphabet, random ones and a person's own, as numbers of letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.sequences.next_letter import read_text

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789 .,!?'-"
UNKNOWN: Final = len(ALPHABET)  # the number that every other letter gets
INPUTS: Final = len(ALPHABET) + 1
LETTERS: Final = 120  # of a random text
TEXTS: Final = 200
_DRAWN: Final = 5000  # added to a seed once, or twice


@dataclass(frozen=True)
class OwnText:
    """A text that a person typed.

    Attributes:
        text: in small letters, 2 to 120 of them.
        unknown: its letters that are not in the alphabet, in their order, each once.
    """

    text: str
    unknown: tuple[str, ...]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(1, T) the place of each letter in the alphabet, `UNKNOWN` for what is not in it."""
        return np.array([[ALPHABET.find(each) if each in ALPHABET else UNKNOWN for each in self.text]])


def read_own(typed: str) -> OwnText:
    """A typed text.

    Raises:
        TextRejected: fewer than two letters, more than 120, or some that nobody can see.
    """
    text = read_text(typed.lower())
    return OwnText(text, tuple(dict.fromkeys(each for each in text if each not in ALPHABET)))


def seeds_of(seed: int) -> tuple[int, int]:
    """Of the generators that draw the texts and the gradients that are sent in, by the seed of the weights."""
    return seed + _DRAWN, seed + 2 * _DRAWN


def draw_texts(seed: int, count: int = TEXTS) -> NDArray[np.int64]:
    """(count, 120) letters by chance, all of the alphabet alike."""
    generator = torch.Generator().manual_seed(seeds_of(seed)[0])
    numbers: NDArray[np.int64] = torch.randint(len(ALPHABET), (count, LETTERS), generator=generator).numpy()
    return numbers


def draw_tops(seed: int, count: int, units: int) -> NDArray[np.float64]:
    """(count, H) a random gradient of length 1 for each text's last state."""
    tops = torch.randn(count, units, generator=torch.Generator().manual_seed(seeds_of(seed)[1])).double()
    unit: NDArray[np.float64] = (tops / tops.norm(dim=1, keepdim=True)).numpy()
    return unit
