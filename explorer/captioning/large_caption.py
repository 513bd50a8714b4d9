"""`LargeCaption`: a sentence of a large captioner, with the attention of every head of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class LargeCaption:
    """A sentence of T words, made of N tokens, and the cross-attention of L layers with H heads before each token.

    Attributes:
        words: T of them.
        tokens: N pieces of words, as the tokenizer spells them.
        spans: for each word the numbers of its first token and of the first one after it.
        token_attention: (N, L, H, h, w) float32 over the patches of the picture, which is squashed to a square.
        token_class_share: (N, L, H) what went to the class token; with the patches it makes one.
        token_log_probabilities: (N,) natural logarithms, given the picture and the tokens before.
        end: natural logarithm of the probability that the sentence ends here.
    """

    words: tuple[str, ...]
    tokens: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    token_attention: np.ndarray
    token_class_share: np.ndarray
    token_log_probabilities: np.ndarray
    end: float

    @property
    def text(self) -> str:
        """The sentence."""
        return " ".join(self.words)

    @cached_property
    def attention(self) -> np.ndarray:
        """(T, L, H, h, w) float32: of a word the mean over its tokens."""
        return self._by_word(self.token_attention)

    @cached_property
    def class_share(self) -> np.ndarray:
        """(T, L, H) float32: what went to the class token, mean over a word's tokens."""
        return self._by_word(self.token_class_share)

    @cached_property
    def log_probabilities(self) -> np.ndarray:
        """(T,) natural logarithm of each word's probability: the sum over its tokens, by the chain rule."""
        own = self.token_log_probabilities
        return np.array([own[first:last].sum() for first, last in self.spans], dtype=np.float32)

    def share_of(self, word: int, layer: int | None, head: int | None) -> float:
        """What went to the class token before a word, of a layer and head; None for the mean of all."""
        shares = self.class_share[word] if layer is None else self.class_share[word, layer : layer + 1]
        return float(shares.mean() if head is None else shares[:, head].mean())

    @property
    def log_probability(self) -> float:
        """Of the whole sentence and its end, natural logarithm."""
        return float(self.token_log_probabilities.sum()) + self.end

    @cached_property
    def entropy(self) -> np.ndarray:
        """(T, L, H) bits of what a head gives to patches, the class token left out.

        0 is a single patch, log2(h * w) all patches alike; NaN where a head gives nothing to any patch.
        """
        *places, rows, columns = self.attention.shape
        flat = self.attention.reshape(*places, rows * columns).astype(np.float64)
        whole = flat.sum(axis=-1, keepdims=True)
        shares = np.divide(flat, whole, out=np.full_like(flat, np.nan), where=whole > 0)
        return -(shares * np.log2(np.maximum(shares, 1e-30))).sum(axis=-1)

    def map_of(self, word: int, layer: int | None = None, head: int | None = None) -> np.ndarray:
        """(h, w) the attention of a word, mean over all layers and heads that are not chosen."""
        chosen = self.attention[word]
        chosen = chosen.mean(axis=0) if layer is None else chosen[layer]
        return chosen.mean(axis=0) if head is None else chosen[head]

    def _by_word(self, values: np.ndarray) -> np.ndarray:
        means = [values[first:last].mean(axis=0) for first, last in self.spans]
        return np.stack(means) if means else np.zeros((0, *values.shape[1:]), dtype=np.float32)


def find_spans(begins: Sequence[bool]) -> tuple[tuple[int, int], ...]:
    """First token of every word and the first one after it, from whether a token begins a word; the first does."""
    places = [place for place, first in enumerate(begins) if first]
    return tuple(zip(places, [*places[1:], len(begins)], strict=True)) if places else ()
