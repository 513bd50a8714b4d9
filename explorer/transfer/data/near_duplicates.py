"""A look at pictures before they are learned from: how many, how large, and which are nearly the same.

A test picture whose near-duplicate was learned from tests memory: near-duplicates across a split make every strategy
look better than it is. They are found by a perceptual hash (64 bits: which low frequencies of the grey picture are
above their median, computed by the ImageHash library), and confirmed by the colours of a tiny copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import Places, Split
from explorer.transfer.trial import TransferRejected

PARTS: Final = ("training", "validation", "test")
NEAR: Final = 6  # bits of 64 that may differ: saved again, made smaller, or a little brighter stays below
ALIKE: Final = 0.08  # root mean square difference of the tiny copies, of the range from black to white
MOST_PAIRS: Final = 200_000  # more are no accident, and their list would help nobody
_TINY = 12  # pixels a side
_ROWS = 256  # hashes that are compared with all others at once

Tell = Callable[[int, int], None]  # (done, of)


@dataclass(frozen=True, eq=False)
class ImageStatistics:
    """What one look at every picture gives.

    Attributes:
        sizes: (N, 2) width and height in pixels, as kept.
        hashes: (N,) uint64 perceptual hashes.
        digests: (N,) numbers that are the same for the same file only.
        tiny: (N, 12, 12, 3) uint8.
    """

    sizes: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    digests: NDArray[np.int64]
    tiny: NDArray[np.uint8]

    def select(self, places: Places) -> ImageStatistics:
        """Only these pictures'."""
        return ImageStatistics(self.sizes[places], self.hashes[places], self.digests[places], self.tiny[places])


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures that are nearly the same.

    Attributes:
        places: (M, 2) the smaller place first, nearest pairs first.
        distances: (M,) bits of the hashes that differ.
        exact: (M,) whether they are the very same file.
        complete: whether these are all; beyond `MOST_PAIRS` nobody counts any more.
    """

    places: Places
    distances: NDArray[np.int64]
    exact: NDArray[np.bool_]
    complete: bool = True

    def __len__(self) -> int:
        return len(self.places)

    def select(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Only these."""
        return Pairs(self.places[chosen], self.distances[chosen], self.exact[chosen], self.complete)


def image_statistics(pictures: PictureSet, tell: Tell | None = None) -> ImageStatistics:
    """Open every picture once; some milliseconds each."""
    import imagehash  # brings SciPy along

    count = len(pictures)
    statistics = ImageStatistics(
        np.empty((count, 2), np.int64),
        np.empty(count, np.uint64),
        np.empty(count, np.int64),
        np.empty((count, _TINY, _TINY, 3), np.uint8),
    )
    known: dict[bytes, int] = {}
    for place, file in enumerate(pictures.files):
        image = pictures.image(place)
        statistics.sizes[place] = image.size
        statistics.hashes[place] = np.packbits(imagehash.phash(image).hash.ravel()).view(np.uint64)[0]
        statistics.digests[place] = known.setdefault(hashlib.sha256(file).digest(), len(known))
        statistics.tiny[place] = np.asarray(image.resize((_TINY, _TINY), Image.Resampling.BOX))
        if tell is not None:
            tell(place + 1, count)
    return statistics


def find_pairs(statistics: ImageStatistics, near: int = NEAR, alike: float = ALIKE) -> Pairs:
    """All pairs of pictures whose hashes differ in at most `near` bits and whose tiny copies are `alike`.

    The hash alone is blind to colour, and among pictures of little structure, such as digits, many agree by accident.
    All 12.5 million pairs of 5,000 pictures take a fraction of a second.
    """
    tiny = np.divide(statistics.tiny.reshape(len(statistics.tiny), -1), 255, dtype=np.float32)  # (N, 432)
    places, distances, found = [np.empty((0, 2), np.int64)], [np.empty(0, np.int64)], 0
    for first in range(0, len(statistics.hashes), _ROWS):
        block = statistics.hashes[first : first + _ROWS, None] ^ statistics.hashes[None, first:]  # (rows, N - first)
        bits = np.bitwise_count(block)
        rows, columns = np.nonzero(np.triu(bits <= near, 1))
        a, b = rows + first, columns + first
        same = _compare(tiny, a, b) <= alike
        places.append(np.stack([a[same], b[same]], axis=1))
        distances.append(bits[rows[same], columns[same]].astype(np.int64))
        found += len(places[-1])
        if found > MOST_PAIRS:
            break
    every, far = np.concatenate(places), np.concatenate(distances)
    order = np.lexsort((every[:, 1], every[:, 0], far))[:MOST_PAIRS]
    every, far = every[order], far[order]
    exact = statistics.digests[every[:, 0]] == statistics.digests[every[:, 1]]
    return Pairs(every, far, exact, complete=found <= MOST_PAIRS)


def _compare(tiny: NDArray[np.float32], a: Places, b: Places) -> NDArray[np.float32]:
    """(M,) root mean square differences, a few thousand pairs at a time."""
    pieces = [
        np.sqrt(np.square(tiny[a[start : start + 4096]] - tiny[b[start : start + 4096]]).mean(axis=1))
        for start in range(0, len(a), 4096)
    ]
    return np.concatenate(pieces) if pieces else np.empty(0, np.float32)


def part_of(split: Split, count: int) -> NDArray[np.int64]:
    """(N,) the place in `PARTS` of every picture; -1 for those that are in none."""
    parts = np.full(count, -1, np.int64)
    for number, places in enumerate((split.training, split.validation, split.test)):
        parts[places] = number
    return parts


def across_split(pairs: Pairs, split: Split) -> Pairs:
    """The pairs that lie in two different parts: what makes a measurement dishonest."""
    parts = part_of(split, _count(pairs, split))[pairs.places]
    return pairs.select((parts[:, 0] != parts[:, 1]) & (parts >= 0).all(axis=1))


def group(pairs: Pairs, count: int) -> NDArray[np.int64]:
    """(N,) a number for each picture, the same for pictures that pairs connect, directly or through others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = pairs.places[:, 0], pairs.places[:, 1]
    links = coo_array((np.ones(len(pairs), np.int8), ends), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int64)


def first_of_duplicates(pairs: Pairs, count: int) -> Places:
    """Places of the pictures that have no near-duplicate, and of the first of each group of near-duplicates."""
    return np.sort(np.unique(group(pairs, count), return_index=True)[1]).astype(np.int64)


def leave_out_duplicates(pictures: PictureSet, pairs: Pairs) -> PictureSet:
    """The same pictures, of each group of near-duplicates only the first: then every split is honest.

    Raises:
        TransferRejected: a class would have too few pictures left.
    """
    kept = first_of_duplicates(pairs, len(pictures))
    try:
        return PictureSet(
            pictures.title,
            tuple(pictures.files[place] for place in kept.tolist()),
            tuple(pictures.names[place] for place in kept.tolist()),
            pictures.labels[kept],
            pictures.classes,
        )
    except TransferRejected as problem:
        raise TransferRejected(f"Without the near-duplicates too little is left. {problem}") from problem


def _count(pairs: Pairs, split: Split) -> int:
    ends = [places.max(initial=-1) for places in (pairs.places, split.training, split.validation, split.test)]
    return int(max(ends)) + 1


def say_counts(pictures: PictureSet, parts: Split) -> str:
    """How many pictures each part of a split has, and what that means for a test."""
    counts = pictures.counts
    even = "" if counts.max() < 2 * counts.min() else " Classes are uneven: compare accuracies with always the largest."
    coarse = f" One test picture more or less is {100 / len(parts.test):.2g} points." if len(parts.test) < 50 else ""
    return (
        f"{len(parts.training):,} to learn from, {len(parts.validation):,} to watch, {len(parts.test):,} to test once "
        f"at the end, the same share of every class.{even}{coarse}"
    )


def picture_arrays(
    pictures: PictureSet, parts: Split, statistics: ImageStatistics, pairs: Pairs
) -> dict[str, NDArray[np.generic]]:
    """What is known of pictures before anything is trained, for a file."""
    return {
        "labels": pictures.labels,
        "classes": np.array(pictures.classes),
        "training": parts.training,
        "validation": parts.validation,
        "test": parts.test,
        "sizes": statistics.sizes,
        "pairs": pairs.places,
    }
