"""How well features separate classes, against scikit-learn and other formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from explorer.transfer.evaluation.similarity import (
    draw_places,
    linear_cka,
    linear_probe,
    measure_similarity,
    vote_of_neighbours,
)
from explorer.transfer.trial import TransferRejected


def blobs(count: int, apart: float, classes: int = 3, width: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    return random.normal(size=(count, width)) + apart * np.eye(classes, width)[labels], labels


def test_classes_far_apart_separate_and_noise_does_not() -> None:
    clear = measure_similarity(*blobs(150, 12.0))
    noise = measure_similarity(*blobs(150, 0.0))
    assert clear.probe == 1.0
    assert clear.neighbours == 1.0
    assert clear.separation == 1.0
    assert noise.separation < 0.2
    assert noise.probe == pytest.approx(1 / 3, abs=0.15)
    assert clear.cka > 0.7 > 0.2 > noise.cka
    assert (clear.pictures, clear.classes, clear.dimensions) == (150, 3, 8)
    assert clear.chance == pytest.approx(1 / 3)


def test_separation_counts_from_the_largest_class() -> None:
    features, labels = blobs(100, 0.0, classes=2)
    labels = (np.arange(100) < 10).astype(np.int64)  # 90 of 100 are of one class
    found = measure_similarity(features, labels)
    assert found.chance == pytest.approx(0.9)
    assert found.separation < 0.2


def test_the_vote_is_that_of_scikit_learn() -> None:
    features, labels = blobs(60, 1.5, classes=2)
    oracle = cross_val_score(
        KNeighborsClassifier(5), StandardScaler().fit_transform(features), labels, cv=LeaveOneOut()
    ).mean()
    assert vote_of_neighbours(features, labels) == pytest.approx(oracle)
    assert vote_of_neighbours(np.ones((6, 2)), np.array([0, 0, 0, 0, 1, 1])) <= 1.0  # constant columns divide nothing


def test_a_probe_is_never_asked_about_what_it_has_seen() -> None:
    """With more columns than pictures every labelling can be fitted; what was held out is still told at chance."""
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(80, 400)), random.integers(0, 2, 80)
    probe, deviation = linear_probe(features, labels)
    assert 0.25 < probe < 0.75
    assert deviation > 0


def _cka_by_columns(first: np.ndarray, second: np.ndarray) -> float:
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    return float(
        np.linalg.norm(y.T @ x, "fro") ** 2 / (np.linalg.norm(x.T @ x, "fro") * np.linalg.norm(y.T @ y, "fro"))
    )


@given(st.integers(0, 10_000), st.integers(3, 20), st.integers(1, 12), st.floats(0.1, 50))
def test_cka_is_the_formula_and_blind_to_rotation_and_scale(seed: int, count: int, width: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(count, width)), random.normal(size=(count, 4))
    value = linear_cka(first, second)
    assert value == pytest.approx(_cka_by_columns(first, second), rel=1e-9)
    assert 0 <= value <= 1 + 1e-12
    rotation = np.linalg.qr(random.normal(size=(width, width)))[0]
    assert linear_cka(scale * first @ rotation + 3, second) == pytest.approx(value, rel=1e-6)
    assert linear_cka(first, second) == pytest.approx(linear_cka(second, first))
    assert linear_cka(first, first) == pytest.approx(1.0)


def test_cka_of_something_constant_is_nothing() -> None:
    assert linear_cka(np.ones((5, 3)), np.eye(5)) == 0.0
    with pytest.raises(ValueError, match="same things"):
        linear_cka(np.ones((5, 3)), np.eye(4))


@given(st.lists(st.integers(2, 400), min_size=2, max_size=6), st.integers(0, 99))
def test_drawn_places_keep_the_shares_of_classes(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    places = draw_places(labels, 200, seed)
    assert len(set(places.tolist())) == len(places)
    assert (np.diff(places) > 0).all()
    kept = np.bincount(labels[places], minlength=len(counts))
    assert (kept >= 2).all()
    if len(labels) <= 200:
        assert (kept == counts).all()
    else:
        assert len(places) <= 200 + 3 * len(counts)
        for own, all_of_them in zip(kept, counts, strict=True):
            assert own == pytest.approx(200 * all_of_them / len(labels), abs=2)


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(TransferRejected, match="two classes"):
        measure_similarity(np.ones((4, 2)), np.zeros(4, np.int64))
    with pytest.raises(TransferRejected, match="finite"):
        measure_similarity(np.full((4, 2), np.nan), np.array([0, 0, 1, 1]))
    with pytest.raises(ValueError, match="do not fit"):
        measure_similarity(np.ones((4, 2)), np.array([0, 1]))
