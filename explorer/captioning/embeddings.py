"""Vectors of words: counted from sentences without a network, who is near whom, and all of them on a plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.captioning.loading import is_known
from explorer.captioning.vocabulary import MARKS, UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Plane = Literal["pca", "tsne"]
PLANES: tuple[Plane, ...] = get_args(Plane)
FROZEN_FILE = "frozen_vectors.safetensors"
FROZEN_KEY = "vectors"
FEWEST = 3  # points that t-SNE needs
NEAR = 8  # nearest words of one
PLANE_LABELS: dict[Plane, str] = {"pca": "PCA", "tsne": "t-SNE"}
PLANE_NOTES: dict[Plane, str] = {
    "pca": "PCA shows the two directions in which the vectors differ most, of hundreds.",
    "tsne": "t-SNE keeps neighbours together; how far groups are from each other says nothing.",
}
KINDS = {"learned": "Learned with the network", "frozen": "Looked up and frozen"}
KIND_LABELS = {"learned": "Learned", "frozen": "Looked up"}
KIND_NOTES = {
    "learned": "They began at random and moved with every training step.",
    "frozen": "Counted from the training captions (who stands near whom), and never changed while the rest learned.",
}


class Neighbour(NamedTuple):
    """A word near another: its number, and the cosine of the angle between their vectors."""

    number: int
    cosine: float


def positive_information(sentences: Iterable[Sequence[str]], vocabulary: Vocabulary, window: int) -> csr_matrix:
    """Positive pointwise mutual information of words within a window of each other.

    max(0, ln(p(w, c) / (p(w) p(c)))), where p(w, c) is the share of pairs that are w and c (Church & Hanks 1990;
    Levy & Goldberg 2014). Words that are not in the vocabulary and marks take part in no pair, but keep their place.

    Args:
        sentences: each as its words.
        vocabulary: gives rows and columns their numbers.
        window: words to either side that count.

    Returns:
        (V, V) float64, symmetric, zero where two words never meet.

    Raises:
        ValueError: the window is below 1.
    """
    from scipy.sparse import coo_matrix

    if window < 1:
        raise ValueError(f"A window has at least one word, not {window}.")
    rows, columns = [], []
    for words in sentences:
        numbers = vocabulary.encode(words)
        for place, number in enumerate(numbers):
            for other in numbers[place + 1 : place + 1 + window]:
                if number != UNKNOWN and other != UNKNOWN:
                    rows += [number, other]
                    columns += [other, number]
    size = len(vocabulary)
    counts = coo_matrix((np.ones(len(rows)), (rows, columns)), (size, size)).tocsr().tocoo()  # duplicates are summed
    total, each = counts.data.sum(), np.asarray(counts.sum(axis=1)).ravel()
    information = np.log(counts.data * total / (each[counts.row] * each[counts.col]))
    found = coo_matrix((np.maximum(information, 0.0), (counts.row, counts.col)), (size, size)).tocsr()
    found.eliminate_zeros()
    return found


def count_vectors(
    sentences: Iterable[Sequence[str]],
    vocabulary: Vocabulary,
    dimensions: int,
    window: int = 4,
    norm: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Word vectors without a network: positive pointwise mutual information, brought to few dimensions.

    The truncated singular value decomposition of `positive_information`, with the square roots of the singular values
    on the rows (Levy & Goldberg 2014, "Neural word embedding as implicit matrix factorization", section 5.1), and all
    rows scaled alike.

    Args:
        sentences: each as its words.
        vocabulary: gives rows their numbers.
        dimensions: E; where the corpus has less to say, the last columns are zero.
        window: words to either side that count.
        norm: mean length of the rows that are not zero.
        seed: of the decomposition's random start.

    Returns:
        (V, E) float32; zero for marks and for words that never meet another.

    Raises:
        ValueError: the window or the dimensions are below 1.
    """
    from sklearn.decomposition import TruncatedSVD

    if dimensions < 1:
        raise ValueError(f"A vector has at least one dimension, not {dimensions}.")
    information = positive_information(sentences, vocabulary, window)
    vectors = np.zeros((len(vocabulary), dimensions))
    if information.nnz:
        # Fewer than the matrix has columns: scikit-learn asks for it, and marks have empty columns anyway.
        kept = min(dimensions, len(vocabulary) - 1)
        svd = TruncatedSVD(kept, n_iter=7, random_state=seed)
        scores = svd.fit_transform(information)  # U times the singular values
        values = svd.singular_values_
        strong = values > values.max() * 1e-7
        vectors[:, :kept][:, strong] = scores[:, strong] / np.sqrt(values[strong])
        # A word without pairs has a zero row in exact arithmetic only.
        vectors[np.diff(information.indptr) == 0] = 0.0
    vectors[: len(MARKS)] = 0.0
    lengths = np.linalg.norm(vectors, axis=1)
    if lengths.any():
        vectors *= norm / lengths[lengths > 0].mean()
    return vectors.astype(np.float32)


def nearest(vectors: NDArray[np.floating], index: int, count: int) -> list[Neighbour]:
    """Words whose vectors point in nearly the same direction as a word's, the nearest first; no marks.

    Args:
        vectors: (V, E).
        index: the word's number.
        count: how many, at most.

    Returns:
        Nothing where the word's own vector is zero.

    Raises:
        IndexError: there is no such word.
    """
    if not 0 <= index < len(vectors):
        raise IndexError(f"There is no word {index} among {len(vectors)}.")
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    if lengths[index] == 0:
        return []
    cosines = rows @ rows[index] / np.where(lengths > 0, lengths * lengths[index], np.inf)
    others = [number for number in range(len(MARKS), len(rows)) if number != index and lengths[number] > 0]
    others.sort(key=lambda number: (-cosines[number], number))
    return [Neighbour(number, float(cosines[number])) for number in others[:count]]


def project(vectors: NDArray[np.floating], plane: Plane, seed: int = 0) -> NDArray[np.float32]:
    """Vectors on a plane, (N, 2) float32.

    Args:
        vectors: (N, E).
        plane: "pca", the two directions in which they differ most, or "tsne" (van der Maaten & Hinton 2008), which
            keeps neighbours together by cosine distance but says nothing by distances between groups.
        seed: of t-SNE.

    Raises:
        ValueError: there is no such plane, or there are too few vectors for it.
    """
    count = len(vectors)
    if plane not in PLANES:
        raise ValueError(f"There is no plane {plane!r}; there are {', '.join(PLANES)}.")
    least = 2 if plane == "pca" else FEWEST
    if count < least:
        raise ValueError(f"A plane of {count} words says nothing; {least} at least are needed.")
    rows = np.asarray(vectors, dtype=np.float64)
    if plane == "pca":
        from sklearn.decomposition import PCA

        kept = min(2, *rows.shape)
        found = np.zeros((count, 2), np.float32)
        found[:, :kept] = PCA(kept, svd_solver="full").fit_transform(rows)
        return found
    from sklearn.manifold import TSNE

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(lengths > 0, lengths, 1.0)  # on the sphere Euclidean neighbours are those by cosine
    perplexity = min(20.0, (count - 1) / 3)
    made = TSNE(2, perplexity=perplexity, init="pca" if rows.shape[1] > 1 else "random", random_state=seed, n_jobs=1)
    return np.asarray(made.fit_transform(rows), dtype=np.float32)


def read_frozen(folder: Path, words: int) -> NDArray[np.float32] | None:
    """The frozen vectors beside a captioner, (V, E); None where there are none that fit its vocabulary.

    Words at the end of the vocabulary that stand in no caption have none: their rows are zero.

    Args:
        folder: of the captioner.
        words: V.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / FROZEN_FILE
    if not path.is_file() or not is_known(path):
        return None
    try:
        vectors = load_file(path).get(FROZEN_KEY)
    except (SafetensorError, OSError):
        return None
    if vectors is None or vectors.ndim != 2 or len(vectors) > words or not np.isfinite(vectors).all():
        return None
    return np.pad(vectors.astype(np.float32), ((0, words - len(vectors)), (0, 0)))


def numbers_on_the_plane(
    caption: Sequence[int], many: int, picked: int | None, close: Sequence[Neighbour]
) -> tuple[int, ...]:
    """The most frequent words, those of the caption, and the picked one with its neighbours; each once, by number."""
    own = {number for number in caption if number >= len(MARKS)}
    own |= {each.number for each in close} | ({picked} if picked is not None else set())
    return tuple(sorted({*range(len(MARKS), len(MARKS) + many), *own}))


def leading(numbers: tuple[int, ...]) -> int:
    """The first number, from the first word on, that is left out."""
    found = len(MARKS)
    for number in numbers:
        if number != found:
            break
        found += 1
    return found
