"""Pictures that say another noun: what teaches a decoder to copy words that stand in no caption.

Where the classifier and the captions agree on a noun, both are made to say another one of its kind: a dog becomes a
zebra in the sentences and among the nouns, while the cells still show a dog. The decoder can then only be right by
copying (after the idea of Yao et al. 2017, who hide words from the generator).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.captioning.nouns import KIND_OF_NOUN, NOUNS

SURE = 0.2  # probability from which a photo's noun may be swapped


@dataclass(frozen=True, eq=False)
class Swaps:
    """M pictures with another noun.

    Attributes:
        photos: (M,) which photo each was.
        captions: of every picture, as many sentences as the photo had.
        nouns: (M, K) indices into `NOUNS`.
        probabilities: (M, K).
    """

    photos: Tensor
    captions: tuple[tuple[tuple[str, ...], ...], ...]
    nouns: Tensor
    probabilities: Tensor


def swap_nouns(
    captions: Sequence[Sequence[Sequence[str]]], nouns: Tensor, probabilities: Tensor, generator: torch.Generator
) -> Swaps:
    """One swapped picture of every photo that allows it.

    Args:
        captions: by photo, sentences as words.
        nouns: (N, K) of the classifier, indices into `NOUNS`.
        probabilities: (N, K).
        generator: chooses the other noun among those of the same kind.
    """
    kinds: dict[str, list[int]] = {}
    for number, noun in enumerate(NOUNS):
        kinds.setdefault(KIND_OF_NOUN[noun], []).append(number)
    photos, changed, swapped, kept = [], [], [], []
    for photo, sentences in enumerate(captions):
        for place, number in enumerate(nouns[photo].tolist()):
            noun = NOUNS[number]
            with_noun = [words for words in sentences if noun in words]
            # "Two dogs" would stay two dogs, beside a zebra.
            if probabilities[photo, place] < SURE or len(with_noun) < 2 or any(noun + "s" in s for s in sentences):
                continue
            others = [each for each in kinds[KIND_OF_NOUN[noun]] if each not in nouns[photo].tolist()]
            other = others[int(torch.randint(0, len(others), (), generator=generator))]
            row = nouns[photo].clone()
            row[place] = other
            photos.append(photo)
            swapped.append(row)
            kept.append(probabilities[photo])
            renamed = [_replace(words, noun, NOUNS[other]) for words in with_noun]
            changed.append(tuple(renamed[index % len(renamed)] for index in range(len(sentences))))
            break
    return Swaps(torch.tensor(photos), tuple(changed), torch.stack(swapped), torch.stack(kept))


def _replace(words: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    """The sentence with one noun for another, and the article that goes with it."""
    told = [new if word == old else word for word in words]
    for place, word in enumerate(told[:-1]):
        if word in ("a", "an") and told[place + 1] == new:
            told[place] = "an" if new[0] in "aeiou" else "a"
    return tuple(told)
