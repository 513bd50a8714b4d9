"""How like a photo is to those that a captioner learned from, and which kinds of them are nearest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

KINDS = 120
WORDS = 3  # of a kind's name
UNLIKE = 90  # percentile from which a photo is called unlike the training photos
# Words that tell no kind from another.
_FUNCTION_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "in",
        "on",
        "of",
        "with",
        "and",
        "is",
        "are",
        "to",
        "at",
        "by",
        "from",
        "for",
        "his",
        "her",
        "its",
        "their",
        "into",
        "as",
        "while",
        "over",
        "through",
        "up",
        "down",
        "out",
        "off",
        "near",
        "next",
        "two",
        "three",
        "four",
        "several",
        "some",
        "many",
        "one",
        "other",
        "another",
        "who",
        "that",
        "this",
        "it",
        "he",
        "she",
        "they",
        "behind",
        "front",
        "during",
        "something",
        "wearing",
        "person",
        "people",
        "man",
        "woman",
        "standing",
        "looking",
        "there",
        "being",
        "around",
        "along",
        "onto",
        "very",
        "has",
        "have",
    ]
)


class Kind(NamedTuple):
    """A group of training photos: characteristic words of its captions, and the cosine of the angle to its mean."""

    words: tuple[str, ...]
    cosine: float


class Likeness(NamedTuple):
    """How a photo stands to the training photos.

    Attributes:
        distance: 1 - cosine to the nearest kind, in [0, 2].
        percentile: of 100 photos of the same collection that were not trained on, how many are nearer.
        nearest: the kinds, the nearest first.
    """

    distance: float
    percentile: float
    nearest: tuple[Kind, ...]

    @property
    def unlike(self) -> bool:
        """Whether the captioner is out of its depth: few photos of its own collection are as far away."""
        return self.percentile >= UNLIKE


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The training photos as K kinds.

    Attributes:
        mean: (C,) of their features, the average of a photo's cells.
        kinds: (K, C) unit vectors, means of groups of features less the mean (spherical k-means, Dhillon & Modha 2001).
        names: of every kind the words that its captions have more often than others.
        distances: (101,) percentiles 0 to 100 of the distance of photos of the same collection that were held out.
    """

    mean: NDArray[np.float32]
    kinds: NDArray[np.float32]
    names: tuple[tuple[str, ...], ...]
    distances: NDArray[np.float32]

    def judge(self, feature: NDArray[np.floating], count: int = 3) -> Likeness:
        """How one photo's feature (C,) stands to them; `count` of the nearest kinds are named."""
        cosines = (self.kinds @ _direct(feature - self.mean)[:, None])[:, 0]
        order = np.argsort(-cosines, kind="stable")[:count]
        distance = 1 - float(cosines[order[0]])
        percentile = float(np.interp(distance, self.distances, np.arange(101)))
        return Likeness(distance, percentile, tuple(Kind(self.names[k], float(cosines[k])) for k in order))

    def save(self, path: Path) -> None:
        """One safetensors file; the names are in its metadata."""
        from safetensors.numpy import save_file

        arrays: dict[str, NDArray[Any]] = {
            "mean": self.mean.astype(np.float16),
            "kinds": self.kinds.astype(np.float16),
            "distances": self.distances.astype(np.float32),
        }
        save_file(arrays, path, metadata={"names": json.dumps(self.names)})

    @classmethod
    def open(cls, path: Path) -> Familiarity | None:
        """The inverse of `save`; None where there is no file."""
        from safetensors import safe_open

        if not path.is_file():
            return None
        with safe_open(path, "np") as file:
            names = tuple(tuple(words) for words in json.loads(file.metadata()["names"]))
            mean, kinds, distances = (
                np.asarray(file.get_tensor(key), np.float32) for key in ("mean", "kinds", "distances")
            )
        return cls(mean, kinds, names, distances)


def learn_kinds(
    features: NDArray[np.floating],
    captions: Sequence[Sequence[Sequence[str]]],
    held_out: NDArray[np.floating],
    kinds: int = KINDS,
    seed: int = 0,
) -> Familiarity:
    """Group training photos into kinds, name them, and measure how far held-out photos are.

    Args:
        features: (N, C) of the training photos.
        captions: their sentences as words.
        held_out: (M, C) of photos of the same collection.
        kinds: K.
        seed: of the groups' start.
    """
    from sklearn.cluster import KMeans

    mean = np.asarray(features, np.float32).mean(axis=0)
    directed = _direct(features - mean)
    groups = KMeans(kinds, n_init=1, random_state=seed).fit(directed)
    centres = _direct(groups.cluster_centers_)
    found = Familiarity(mean, centres, name_kinds(groups.labels_, captions, kinds), np.zeros(101, np.float32))
    distances = [found.judge(feature, 1).distance for feature in held_out]
    percentiles = np.percentile(distances, np.arange(101)).astype(np.float32)
    return Familiarity(mean, centres, found.names, percentiles)


def name_kinds(
    labels: NDArray[np.integer], captions: Sequence[Sequence[Sequence[str]]], kinds: int
) -> tuple[tuple[str, ...], ...]:
    """For every kind the words with the largest p ln(p / q): p of its photos have it in a caption, q of all photos."""
    every: Counter[str] = Counter()
    each: list[Counter[str]] = [Counter() for _ in range(kinds)]
    sizes = Counter(int(label) for label in labels)
    for label, sentences in zip(labels, captions, strict=True):
        words = {word for sentence in sentences for word in sentence} - _FUNCTION_WORDS
        every.update(words)
        each[int(label)].update(words)

    def weigh(kind: int, word: str) -> float:
        share = each[kind][word] / sizes[kind]
        return share * float(np.log(share * len(labels) / every[word]))

    return tuple(
        tuple(sorted(each[kind], key=lambda word, kind=kind: (-weigh(kind, word), word))[:WORDS])  # type: ignore[misc]
        for kind in range(kinds)
    )


def _direct(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors (..., C) brought to length one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
