"""Counted vectors against counting by hand, neighbours against all pairs, planes against what they promise."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from explorer.captioning.embeddings import (
    FROZEN_FILE,
    count_vectors,
    nearest,
    positive_information,
    project,
    read_frozen,
)
from explorer.captioning.vocabulary import MARKS, Vocabulary

WORDS = ("a", "dog", "cat", "runs", "sits")
VOCABULARY = Vocabulary((*MARKS, *WORDS))
CORPUS = st.lists(st.lists(st.sampled_from([*WORDS, "stranger"]), max_size=6), max_size=8)
ANIMALS = ["the dog runs", "the cat runs", "the dog sleeps", "the cat sleeps", "a car drives", "a bus drives"] * 4
ANIMALS += ["a car stops", "a bus stops"] * 4


def information_by_hand(sentences: list[list[str]], window: int) -> np.ndarray:
    pairs: Counter[tuple[str, str]] = Counter()
    for words in sentences:
        for i, word in enumerate(words):
            for j, other in enumerate(words):
                if i != j and abs(i - j) <= window and word in WORDS and other in WORDS:
                    pairs[word, other] += 1
    total = sum(pairs.values())
    found = np.zeros((len(VOCABULARY), len(VOCABULARY)))
    for (word, other), count in pairs.items():
        first = sum(n for (w, _), n in pairs.items() if w == word) / total
        second = sum(n for (_, c), n in pairs.items() if c == other) / total
        value = math.log(count / total / (first * second))
        found[VOCABULARY.words.index(word), VOCABULARY.words.index(other)] = max(0.0, value)
    return found


@given(sentences=CORPUS, window=st.integers(1, 4))
def test_information_is_what_counting_by_hand_gives(sentences: list[list[str]], window: int) -> None:
    found = positive_information(sentences, VOCABULARY, window).toarray()
    np.testing.assert_allclose(found, information_by_hand(sentences, window), atol=1e-12)
    np.testing.assert_array_equal(found, found.T)


@settings(max_examples=25)
@given(sentences=CORPUS, window=st.integers(1, 3), dimensions=st.integers(1, 12), norm=st.floats(0.1, 9))
def test_vectors_are_a_decomposition_of_the_information(
    sentences: list[list[str]], window: int, dimensions: int, norm: float
) -> None:
    vectors = count_vectors(sentences, VOCABULARY, dimensions, window, norm)
    assert vectors.shape == (len(VOCABULARY), dimensions)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[: len(MARKS)], 0)
    information = information_by_hand(sentences, window)
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_array_equal(lengths[~information.any(axis=1)], 0)
    if not information.any():
        assert not vectors.any()
        return
    assert lengths[lengths > 0].mean() == pytest.approx(norm, rel=1e-4)
    if dimensions >= len(VOCABULARY) - 1:  # nothing is left out: U S U' is the square root of M M'
        values, sides = np.linalg.eigh(information @ information.T)
        root = (sides * np.sqrt(np.sqrt(values.clip(0)))) @ sides.T
        product = root @ root.T
        factor = float((vectors @ vectors.T).sum() / product.sum())
        np.testing.assert_allclose(vectors @ vectors.T, factor * product, atol=1e-3 * np.abs(factor * product).max())


def test_words_in_like_company_are_near() -> None:
    sentences = [text.split() for text in ANIMALS]
    vocabulary = Vocabulary((*MARKS, *sorted({word for words in sentences for word in words})))
    vectors = count_vectors(sentences, vocabulary, 6, window=2)
    for word, other in (("dog", "cat"), ("bus", "car"), ("runs", "sleeps"), ("drives", "stops")):
        (first,) = nearest(vectors, vocabulary.words.index(word), 1)
        assert vocabulary.words[first.number] == other
    np.testing.assert_array_equal(vectors, count_vectors(sentences, vocabulary, 6, window=2))


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        count_vectors([], VOCABULARY, 4, window=0)
    with pytest.raises(ValueError, match="at least one dimension"):
        count_vectors([], VOCABULARY, 0)
    with pytest.raises(ValueError, match="no plane"):
        project(np.eye(3), "umap")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="says nothing"):
        project(np.eye(3)[:1], "pca")
    with pytest.raises(IndexError, match="no word 9"):
        nearest(np.eye(5), 9, 1)


@given(seed=st.integers(0, 999), count=st.integers(1, 20))
def test_the_nearest_are_those_of_all_pairs(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(12, 3)).astype(np.float32)
    vectors[7] = 0
    found = nearest(vectors, 5, count)
    by_hand = []
    for number in range(len(MARKS), 12):
        if number not in (5, 7):
            one, other = vectors[5].astype(float), vectors[number].astype(float)
            by_hand.append((float(one @ other / math.sqrt(one @ one) / math.sqrt(other @ other)), number))
    by_hand.sort(reverse=True)
    assert [each.number for each in found] == [number for _, number in by_hand][:count]
    np.testing.assert_allclose([each.cosine for each in found], [cosine for cosine, _ in by_hand][:count], rtol=1e-9)
    assert nearest(vectors, 7, 3) == []


def test_pca_keeps_what_differs_most() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 6)) * [5, 3, 1, 0.5, 0.2, 0.1]
    found = project(rows, "pca")
    centred = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    for axis in range(2):
        sign = np.sign(found[:, axis] @ expected[:, axis])
        np.testing.assert_allclose(sign * found[:, axis], expected[:, axis], rtol=1e-3, atol=1e-3)
    assert project(np.arange(4.0)[:, None], "pca").shape == (4, 2)


def test_tsne_keeps_neighbours_and_gives_the_same_again() -> None:
    generator = np.random.default_rng(0)
    centres = np.eye(5)[:3] * 10
    rows = np.concatenate([centre + generator.normal(size=(15, 5)) for centre in centres])
    found = project(rows, "tsne", seed=1)
    assert found.shape == (45, 2)
    kinds = np.repeat([0, 1, 2], 15)
    distances = np.linalg.norm(found[:, None] - found[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (kinds[distances.argmin(axis=1)] == kinds).mean() > 0.95
    np.testing.assert_array_equal(found, project(rows, "tsne", seed=1))
    assert project(rows[:3], "tsne").shape == (3, 2)


def test_frozen_vectors_are_read_only_where_they_fit(tmp_path: Path) -> None:
    assert read_frozen(tmp_path, 9) is None
    vectors = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    save_file({"vectors": vectors}, tmp_path / FROZEN_FILE)
    np.testing.assert_array_equal(read_frozen(tmp_path, 9), vectors)
    assert read_frozen(tmp_path, 8) is None
    save_file({"other": vectors}, tmp_path / FROZEN_FILE)
    assert read_frozen(tmp_path, 9) is None
    vectors[0] = np.nan
    save_file({"vectors": vectors}, tmp_path / FROZEN_FILE)
    assert read_frozen(tmp_path, 9) is None
    (tmp_path / FROZEN_FILE).write_bytes(b"no tensors")
    assert read_frozen(tmp_path, 9) is None
