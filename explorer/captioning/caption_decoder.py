"""What every decoder has: one table to read and to write words, and nouns that it may copy from the classifier."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.captioning.noun_cells import NounCells, Nouns

Steer = Callable[[int, Tensor], Tensor]
"""From the number of a step and the decoder's own alpha (B, L) to the alpha it shall use."""
NEVER = -1e4  # a score that leaves no probability, and is finite in bf16 too


class CaptionDecoder(nn.Module, ABC):
    """From annotation vectors to words; reads and writes them with one table (Press & Wolf 2017).

    Where there are nouns, a word's score is the logarithm of the sum of two powers: of its own score, and of the score
    of copying it, if it is among the photo's nouns (Gu et al. 2016, equation 8). Words that stand in no training
    caption can only be copied.

    Args:
        words: V, size of the vocabulary.
        embedding: E, width of a word's vector.
        dropout: share of entries set to zero where words are read and written, in training.
        nouns: from cells to nouns, with vectors of width E; None for a decoder that copies nothing.
        known: how many words may be written without copying; the rest of the vocabulary may not.
    """

    def __init__(
        self, words: int, embedding: int, dropout: float, nouns: NounCells | None = None, known: int | None = None
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, embedding)
        self.bias = nn.Parameter(torch.zeros(words))
        self.dropout = nn.Dropout(dropout)
        self.known = words if known is None else known
        nn.init.normal_(self.embedding.weight, std=embedding**-0.5)
        self.nouns = nouns
        if nouns is not None:
            self.copy = nn.Linear(embedding, embedding)
            self.trust = nn.Parameter(torch.tensor([1.0, 0.0]))  # slope and constant for the log probability of a noun
            self.embedding.weight.data[self.known :] = 0.0

    @abstractmethod
    def see(self, a: Tensor, nouns: Nouns | None = None) -> tuple[Any, Any]:
        """What every step needs of the pictures (with their `nouns`, and `rows(index)`), and the first state.

        Args:
            a: (B, L, D) annotation vectors.
            nouns: to use instead of the pictures' own.
        """

    @abstractmethod
    def read(self, previous: Tensor, scene: Any, state: Any, t: int = 0, steer: Steer | None = None) -> Any:
        """One step: look and remember, without naming a word yet.

        Args:
            previous: (B * R,) numbers of the words before, R sentences a picture.
            scene, state: from `see`, of B pictures, and from the step before, of their sentences.
            t: the number of the step, for `steer`.
            steer: leads the attention elsewhere.

        Returns:
            `vector` (B * R, E), from which `write` makes scores; `state` after the step; `alpha` (B * R, L), where it
            looked, which sums to one; `beta` (B * R,), how much of what it saw was let through.
        """

    def embed(self, words: Tensor) -> Tensor:
        """Vectors (..., E) of words; a noun's has its classes' vector added."""
        vectors = self.embedding(words)
        return vectors if self.nouns is None else vectors + self.nouns.of_words(words)

    def copy_scores(self, vector: Tensor, nouns: Nouns) -> Tensor:
        """Scores (B, T, K) of copying each noun, from vectors (B, T, E)."""
        scores = self.copy(vector) @ nouns.vectors.transpose(1, 2) * vector.shape[-1] ** -0.5
        return scores + self.trust[0] * nouns.certainty[:, None] + self.trust[1]

    def write(self, vector: Tensor, nouns: Nouns | None = None) -> Tensor:
        """Scores of every word, (B, V) from (B, E), or (B, T, V) from (B, T, E)."""
        if nouns is None:
            return self._own_scores(self.dropout(vector))
        many = vector if vector.ndim == 3 else vector[:, None]
        copies = self.copy_scores(many, nouns)
        scores = _add_copies(self._own_scores(self.dropout(many)), copies, nouns.words[:, None].expand_as(copies))
        return scores if vector.ndim == 3 else scores[:, 0]

    def write_some(self, vector: Tensor, some: Tensor, nouns: Nouns | None = None) -> Tensor:
        """Scores (N, V) at N places of many sentences, from vectors (B, R, T, E) where `some` (B, R, T) is true."""
        scores = self._own_scores(self.dropout(vector[some]))
        if nouns is None:
            return scores
        copies = self.copy_scores(vector.flatten(1, 2), nouns).unflatten(1, some.shape[1:])  # (B, R, T, K)
        places = nouns.words[:, None, None].expand_as(copies)
        return _add_copies(scores, copies[some], places[some])

    def copied_shares(self, vector: Tensor, nouns: Nouns, scores: Tensor) -> Tensor:
        """(B, T, K) what share of each noun's probability comes from copying it.

        Args:
            vector: (B, T, E).
            nouns: of the pictures.
            scores: (B, T, V), what `write` made of both.
        """
        copies = self.copy_scores(vector, nouns).float()
        return (copies - scores.gather(2, nouns.words[:, None].expand_as(copies))).exp()

    def _own_scores(self, vector: Tensor) -> Tensor:
        """Scores of writing every word without copying."""
        scores = F.linear(vector, self.embedding.weight, self.bias)
        return F.pad(scores[..., : self.known], (0, scores.shape[-1] - self.known), value=NEVER)


def _add_copies(scores: Tensor, copies: Tensor, places: Tensor) -> Tensor:
    """Scores (..., V) of words that may be written or copied, from the scores (..., K) of copying those at `places`."""
    scores = scores.float()
    return scores.scatter(-1, places, torch.logaddexp(scores.gather(-1, places), copies.float()))
