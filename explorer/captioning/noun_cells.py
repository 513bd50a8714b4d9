"""The classifier's best classes as nouns that a decoder can attend to, and copy as a word (Gu et al. 2016, CopyNet).

Captions of 6,000 photos name few things; a classifier of 1,000 classes knows many more. A copied word need never have
stood in a training caption (Yao et al. 2017, "Incorporating Copying Mechanism in Image Captioning for Learning Novel
Objects").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.captioning.nouns import NOUN_OF_CLASS, NOUNS

KEPT = 4  # nouns of a photo


class Nouns(NamedTuple):
    """The K most probable nouns of each of B photos, the best first.

    Attributes:
        numbers: (B, K) indices into `NOUNS`.
        probabilities: (B, K), each the sum over the noun's classes.
        words: (B, K) their numbers in the captioner's vocabulary.
        vectors: (B, K, D).
    """

    numbers: Tensor
    probabilities: Tensor
    words: Tensor
    vectors: Tensor

    @property
    def certainty(self) -> Tensor:
        """(B, K) natural logarithms of the probabilities, not below -14."""
        return self.probabilities.clamp_min(1e-6).log()

    def rows(self, index: Tensor | slice) -> Nouns:
        """The same for chosen rows of the batch."""
        return Nouns(*(part[index] for part in self))


class NounCells(nn.Module):
    """From annotation vectors to nouns: the classifier's own linear layer, asked about the mean of all cells.

    The classifier's weights are not trained and not stored with the decoder. A class's row says what the class looks
    like in the space of the cells, and similar things have similar rows: projected, it is the noun's vector, for seen
    and unseen nouns alike.

    Args:
        classifier: linear layer of 1,000 classes on the mean of the cells' first channels.
        words: number in the vocabulary of each of `NOUNS`.
        vocabulary: how many words there are.
        width: D of a noun's vector.
    """

    weight: Tensor
    bias: Tensor
    noun_of_class: Tensor
    words: Tensor
    rows: Tensor
    noun_of_word: Tensor

    def __init__(self, classifier: nn.Linear, words: Sequence[int], vocabulary: int, width: int) -> None:
        super().__init__()
        weight = classifier.weight.detach().float()
        noun_of_class = torch.tensor([len(NOUNS) if noun is None else NOUNS.index(noun) for noun in NOUN_OF_CLASS])
        rows = torch.zeros(len(NOUNS) + 1, weight.shape[1]).index_add(0, noun_of_class, F.normalize(weight))
        rows = F.normalize(rows) * weight.shape[1] ** 0.5  # (N + 1, C), entries of size one
        rows[-1] = 0.0  # what has no noun
        noun_of_word = torch.full((vocabulary,), len(NOUNS))
        noun_of_word[torch.tensor(words)] = torch.arange(len(NOUNS))
        for name, value in (
            ("weight", weight),
            ("bias", classifier.bias.detach().float()),
            ("noun_of_class", noun_of_class),
            ("words", torch.tensor(words)),
            ("rows", rows),
            ("noun_of_word", noun_of_word),
        ):
            self.register_buffer(name, value, persistent=False)
        self.project = nn.Linear(weight.shape[1], width, bias=False)

    def classify(self, a: Tensor) -> Tensor:
        """(B, 1000) probabilities of the classes, from annotation vectors (B, L, D)."""
        pooled = a[..., : self.weight.shape[1]].float().mean(dim=1)  # (B, C)
        return F.linear(pooled, self.weight, self.bias).softmax(dim=1)

    def forward(self, a: Tensor) -> Nouns:
        """The best nouns of photos with annotation vectors (B, L, D)."""
        classes = self.classify(a)
        sums = classes.new_zeros(len(a), len(NOUNS) + 1).index_add(1, self.noun_of_class, classes)
        probabilities, numbers = sums[:, :-1].topk(KEPT, dim=1)  # (B, K)
        return self.name(numbers, probabilities)

    def name(self, numbers: Tensor, probabilities: Tensor) -> Nouns:
        """Nouns that are known by number, (B, K), with their probabilities."""
        return Nouns(numbers, probabilities, self.words[numbers], self.project(self.rows[numbers]))

    def of_words(self, words: Tensor) -> Tensor:
        """(..., D) for words that are nouns their vector, for others zeros."""
        numbers = self.noun_of_word[words]
        if words.numel() > len(self.rows):  # cheaper for all nouns at once
            return self.project(self.rows)[numbers]
        return self.project(self.rows[numbers])
