"""The taggers: letters to words by a convolution, words to states by LSTMs, states to a class of each word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import torch
from torch import Tensor, nn

from explorer.sequences.directions.sentences import CLASSES, PADDING, SYMBOLS, encode_word

Direction = Literal["forward", "backward", "both"]
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
LETTER: Final = 12  # numbers of a letter's vector
WORD: Final = 64  # of a word's
STATE: Final = 48  # of the state that a word's class is told from, in each of the three networks
WINDOW: Final = 5  # letters that the convolution sees at a time


class Tagger(nn.Module):
    """Tells of each word of a sentence whether it is no name, or a person's, or a place's.

    A word is read by its letters alone, through a convolution and the maximum over all places (Kim et al. 2016), so
    that a name need not have been seen before; there is no list of words. The states of the network that reads both
    ways are two halves (Schuster & Paliwal 1997), so that all three networks tell a class from as many numbers.
    """

    def __init__(self, direction: Direction) -> None:
        super().__init__()
        self.direction = direction
        both = direction == "both"
        self.letters = nn.Embedding(SYMBOLS, LETTER, padding_idx=PADDING)
        self.reader = nn.Conv1d(LETTER, WORD, WINDOW, padding=WINDOW // 2)
        self.lstm = nn.LSTM(WORD, STATE // 2 if both else STATE, batch_first=True, bidirectional=both)
        self.head = nn.Linear(STATE, len(CLASSES))
        self.dropout = nn.Dropout(0.2)

    def read_words(self, letters: Tensor) -> Tensor:
        """Letters (..., L) of words to their vectors (..., WORD)."""
        flat = letters.flatten(0, -2)
        seen = self.reader(self.letters(flat).transpose(1, 2))  # (N, WORD, L)
        seen = seen.masked_fill((flat == PADDING)[:, None], -torch.inf)
        return torch.tanh(seen.amax(dim=2)).unflatten(0, letters.shape[:-1])

    def states(self, vectors: Tensor) -> Tensor:
        """Vectors (B, T, WORD) of words to states (B, T, STATE), in the order of the sentence."""
        if self.direction == "backward":
            return self.lstm(vectors.flip(1))[0].flip(1)
        return self.lstm(vectors)[0]

    def forward(self, letters: Tensor) -> Tensor:
        """Letters (B, T, L) of sentences of one length to logits (B, T, 3)."""
        return self.head(self.dropout(self.states(self.dropout(self.read_words(letters)))))


def encode_sentences(sentences: Sequence[Sequence[str]]) -> Tensor:
    """Letters (B, T, L) of sentences with the same number of words, padded to the longest word."""
    rows = [[encode_word(word) for word in words] for words in sentences]
    longest = max(len(word) for words in rows for word in words)
    return torch.tensor([[word + [PADDING] * (longest - len(word)) for word in words] for words in rows])
