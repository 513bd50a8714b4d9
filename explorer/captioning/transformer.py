"""A decoder without recurrence: words look at the words before them, and every head of every layer at the photo.

After Vaswani et al. 2017, "Attention Is All You Need", with layer normalisation before each part (Xiong et al. 2020).
The photo is the memory: its cells, and the classifier's nouns as further cells without a place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from explorer.captioning.caption_decoder import CaptionDecoder, Steer
from explorer.captioning.noun_cells import NounCells, Nouns
from explorer.captioning.vocabulary import END, PAD

KeysValues = tuple[Tensor, Tensor]  # (B, heads, N, D / heads) each


class View(NamedTuple):
    """What is known of pictures before the first word.

    Attributes:
        memory: of every layer the keys and values of the L cells and K nouns.
        nouns: of the classifier.
    """

    memory: tuple[KeysValues, ...]
    nouns: Nouns

    def rows(self, index: Tensor | slice) -> View:
        """The same for chosen rows of the batch."""
        return View(tuple((k[index], v[index]) for k, v in self.memory), self.nouns.rows(index))


class Past(NamedTuple):
    """The words so far: of every layer their keys and values; empty before the first word."""

    layers: tuple[KeysValues, ...]

    def rows(self, index: Tensor | slice) -> Past:
        """The same for chosen rows of the batch."""
        return Past(tuple((k[index], v[index]) for k, v in self.layers))


class Step(NamedTuple):
    """What one step of the decoder gives, before a word is named.

    Attributes:
        vector: (B, E), from which `write` makes scores; here and below B is the number of sentences.
        state: the words so far, this step's included.
        alpha: (B, L), mean over layers and heads of where they looked among the cells; sums to one.
        beta: (B,), how much of their attention went to the cells and not to the nouns.
        heads: (B, layers, heads, L + K), each head's attention; sums to one.
    """

    vector: Tensor
    state: Past
    alpha: Tensor
    beta: Tensor
    heads: Tensor


class Attention(nn.Module):
    """Scaled dot-product attention with several heads (Vaswani et al. 2017, section 3.2).

    Args:
        width: E, of what asks and of what is asked.
        heads: H; each works on E / H numbers.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        """From (B, N, E) to (B, H, N, E / H)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def ask(self, x: Tensor) -> KeysValues:
        """Keys and values of what may be looked at, (B, N, E)."""
        return self.split(self.key(x)), self.split(self.value(x))

    def weigh(self, x: Tensor, keys: Tensor, hidden: Tensor | None = None) -> Tensor:
        """(B, H, T, N) weights of T askers (B, T, E); where `hidden` is true nothing is seen."""
        scores = self.split(self.query(x)) @ keys.transpose(2, 3) * keys.shape[3] ** -0.5
        if hidden is not None:
            scores = scores.masked_fill(hidden, -torch.inf)
        return scores.softmax(dim=3)

    def gather(self, weights: Tensor, values: Tensor) -> Tensor:
        """(B, T, E) what the weights (B, H, T, N) pick from the values."""
        return self.out((weights @ values).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Look at the words before, look at the photo, think; each added to what came in."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.norm_words, self.norm_photo, self.norm_inner = (nn.LayerNorm(width) for _ in range(3))
        self.words, self.photo = Attention(width, heads), Attention(width, heads)
        self.inner = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.dropout = nn.Dropout(dropout)

    def look_back(self, x: Tensor, past: KeysValues | None) -> tuple[Tensor, KeysValues]:
        """(B, T, E) after the words' attention to those before, `past` included; and all keys and values so far."""
        asked = self.norm_words(x)
        keys, values = self.words.ask(asked)
        if past is not None:
            keys, values = torch.cat([past[0], keys], dim=2), torch.cat([past[1], values], dim=2)
        count, before = x.shape[1], keys.shape[2] - x.shape[1]
        later = torch.ones(count, before + count, dtype=torch.bool, device=x.device).triu(before + 1)
        return x + self.dropout(self.words.gather(self.words.weigh(asked, keys, later), values)), (keys, values)

    def finish(self, x: Tensor, weights: Tensor, values: Tensor) -> Tensor:
        """(B, T, E) after the photo, weighted by (B, H, T, L + K), and the block's own two layers."""
        x = x + self.dropout(self.photo.gather(weights, values))
        return x + self.dropout(self.inner(self.norm_inner(x)))


class TransformerDecoder(CaptionDecoder):
    """A Transformer that writes a caption; it answers the same calls as `Decoder`.

    Args:
        words: V, size of the vocabulary.
        annotation: width of an annotation vector as the encoder makes it.
        embedding: E, width of everything inside.
        layers, heads: how many.
        inner: width of each block's hidden layer.
        longest: words of a sentence at most, marks included.
        dropout: in training.
        nouns, known: as for `CaptionDecoder`.
    """

    def __init__(
        self,
        words: int,
        annotation: int,
        embedding: int,
        layers: int,
        heads: int,
        inner: int,
        longest: int,
        nouns: NounCells,
        known: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(words, embedding, dropout, nouns, known)
        self.cell = nn.Sequential(nn.Linear(annotation, embedding), nn.LayerNorm(embedding))
        self.noun_norm = nn.LayerNorm(embedding)
        self.position = nn.Embedding(longest, embedding)
        nn.init.normal_(self.position.weight, std=embedding**-0.5)
        self.blocks = nn.ModuleList(Block(embedding, heads, inner, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(embedding)

    def _each(self) -> Sequence[Block]:
        return cast(Sequence[Block], self.blocks)  # what a ModuleList holds has no type

    def see(self, a: Tensor, nouns: Nouns | None = None) -> tuple[View, Past]:
        """Annotation vectors (B, L, D) in; what every step needs of them, and that no word was read, out."""
        assert self.nouns is not None
        nouns = self.nouns(a) if nouns is None else nouns
        cells = torch.cat([self.cell(a), self.noun_norm(nouns.vectors)], dim=1)  # (B, L + K, E)
        return View(tuple(block.photo.ask(cells) for block in self._each()), nouns), Past(())

    def read(self, previous: Tensor, scene: View, state: Past, t: int = 0, steer: Steer | None = None) -> Step:
        """Look back, and at the photo, without naming a word yet; arguments as for `Decoder.read`.

        All sentences of a picture ask its cells together. A steer leads every head of every layer; what went to the
        nouns stays with them.
        """
        place = state.layers[0][0].shape[2] if state.layers else 0
        x = self._enter(previous[:, None], place)
        layers, heads = [], []
        count, kept = scene.nouns.numbers.shape
        for number, (block, (keys, values)) in enumerate(zip(self._each(), scene.memory, strict=True)):
            x, past = block.look_back(x, state.layers[number] if state.layers else None)
            x = x.view(count, -1, x.shape[2])  # (B, R, E)
            weights = block.photo.weigh(block.norm_photo(x), keys)  # (B, H, R, L + K)
            if steer:
                weights = _led(weights, kept, t, steer)
            x = block.finish(x, weights, values).flatten(0, 1)[:, None]  # (B * R, 1, E)
            layers.append(past)
            heads.append(weights.transpose(1, 2).flatten(0, 1))
        every = torch.stack(heads, dim=1)  # (B * R, layers, H, L + K)
        mean = every[..., :-kept].float().mean(dim=(1, 2))  # (B * R, L)
        beta = mean.sum(dim=1)
        return Step(self.norm(x[:, 0]), Past(tuple(layers)), mean / beta[:, None], beta, every)

    def forward(self, a: Tensor, words: Tensor, nouns: Nouns | None = None) -> tuple[Tensor, Tensor]:
        """Led through whole sentences: what training needs. Arguments and results as for `Decoder.forward`."""
        scene, _ = self.see(a, nouns)
        count, each, length = words.shape
        read = (words != PAD) & (words != END)
        x = self._enter(words.flatten(0, 1), 0)  # (B * R, T, E)
        looked = a.new_zeros(count, each, a.shape[1])
        for block, (keys, values) in zip(self._each(), scene.memory, strict=True):
            x, _ = block.look_back(x, None)
            # All sentences of a picture ask its cells together.
            weights = block.photo.weigh(block.norm_photo(x).unflatten(0, (count, each)).flatten(1, 2), keys)
            x = block.finish(x.unflatten(0, (count, each)).flatten(1, 2), weights, values)  # (B, R * T, E)
            x = x.unflatten(1, (each, length)).flatten(0, 1)
            cells = weights.detach()[..., : a.shape[1]].float().mean(dim=1).unflatten(1, (each, length))
            looked += (cells * read[..., None]).sum(dim=2) / len(self.blocks)
        return self.write_some(self.norm(x).unflatten(0, (count, each)), read, scene.nouns), looked

    def _enter(self, words: Tensor, first: int) -> Tensor:
        """(B, T, E) of words (B, T) that stand at the places from `first` on."""
        places = torch.arange(first, first + words.shape[1], device=words.device).clamp_max(
            len(self.position.weight) - 1
        )
        return self.dropout(self.embed(words) + self.position(places))


def _led(weights: Tensor, kept: int, t: int, steer: Steer) -> Tensor:
    """Weights (B, H, 1, L + K) with the share of the L cells led elsewhere."""
    cells, nouns = weights[..., :-kept], weights[..., -kept:]
    share = cells.sum(dim=-1, keepdim=True)
    flat = (cells / share.clamp_min(1e-12)).flatten(0, 2)  # (B * H, L)
    return torch.cat([steer(t, flat).reshape(cells.shape) * share, nouns], dim=-1)
