"""Planes and neighbours against NumPy's SVD, brute force, scikit-learn's trustworthiness and its formula in words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.manifold import trustworthiness

from explorer.picture_features.depth import compare_layers
from explorer.picture_features.features import Features
from explorer.picture_features.neighbours import (
    distances_by_cosine,
    distances_on_map,
    expect_of_class,
    rank_neighbours,
    share_kept,
    share_of_class,
)
from explorer.picture_features.planes import compare_with_svd, measure_trust, project_by_pca, project_by_tsne
from explorer.slices import finish
from tests.slices import gather


def rows_of(seed: int, count: int, dimensions: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)


@pytest.mark.parametrize(("count", "dimensions"), [(30, 12), (12, 40), (9, 1)])
def test_pca_is_the_singular_value_decomposition(count: int, dimensions: int) -> None:
    rows = rows_of(count, count, dimensions).astype(np.float64) + 0.5
    found = project_by_pca(rows)
    unit = rows / np.sqrt((rows**2).sum(1, keepdims=True))
    left, values, _ = np.linalg.svd(unit - unit.mean(0), full_matrices=False)
    kept = min(2, dimensions)
    expected = np.zeros((count, 2))
    expected[:, :kept] = (left * values)[:, :kept]
    expected *= np.where(found.points[0] * expected[0] < 0, -1, 1)  # the sign of an axis is free
    np.testing.assert_allclose(found.points, expected, atol=1e-8)
    assert found.explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    assert (found.points[np.abs(found.points).argmax(0), [0, 1]] >= 0).all()
    off = compare_with_svd(rows, found.points)
    assert (off is None) == (dimensions < 3)
    if off is not None:
        assert off < 1e-9
        moved = found.points.copy()
        moved[0, 1] += 0.01
        assert compare_with_svd(rows, moved) == pytest.approx(0.01 / np.abs(moved).max())


def test_pictures_that_are_all_alike_lie_in_one_place() -> None:
    found = project_by_pca(np.ones((6, 5)))
    assert np.abs(found.points).max() < 1e-7
    assert found.explained == 0.0
    assert compare_with_svd(np.ones((6, 5)), found.points) is None
    with pytest.raises(ValueError, match="says nothing"):
        project_by_pca(np.ones((3, 5)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 24), st.integers(2, 6))
def test_neighbours_are_those_of_brute_force(seed: int, count: int, dimensions: int) -> None:
    rows = rows_of(seed, count, dimensions)
    rows[0] = 0  # no direction at all
    ranked = rank_neighbours(distances_by_cosine(rows))
    for mine in range(count):
        others = [other for other in range(count) if other != mine]

        def cosine(other: int, mine: int = mine) -> float:
            a, b = rows[mine].astype(float), rows[other].astype(float)
            norm = np.sqrt(a @ a) * np.sqrt(b @ b)
            return float(a @ b / norm) if norm else 0.0

        assert sorted(ranked[mine].tolist()) == others
        np.testing.assert_allclose(
            [cosine(other) for other in ranked[mine].tolist()], sorted(map(cosine, others), reverse=True), atol=1e-9
        )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(7, 30), st.data())
def test_trust_is_the_formula_of_the_paper_and_scikit_learns(seed: int, count: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, (count - 1) // 2))
    rows, points = rows_of(seed, count, 5), rows_of(seed + 1, count, 2)
    by_features, on_map = distances_by_cosine(rows), distances_on_map(points)
    found = measure_trust(rank_neighbours(by_features), rank_neighbours(on_map), k)
    penalty = 0
    for i in range(count):
        order = sorted((j for j in range(count) if j != i), key=lambda j: by_features[i, j])
        shown = sorted((j for j in range(count) if j != i), key=lambda j: ((points[i] - points[j]) ** 2).sum())[:k]
        penalty += sum(order.index(j) + 1 - k for j in shown if j not in order[:k])
    assert found == pytest.approx(1 - 2 * penalty / (count * k * (2 * count - 3 * k - 1)))
    assert found == pytest.approx(trustworthiness(rows, points, n_neighbors=k, metric="cosine"))


def test_trust_says_of_how_many_neighbours_it_can_speak() -> None:
    ranked = rank_neighbours(distances_on_map(rows_of(0, 8, 2)))
    assert measure_trust(ranked, ranked, 3) == 1.0
    with pytest.raises(ValueError, match="1 to 3 neighbours"):
        measure_trust(ranked, ranked, 4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 20), st.integers(1, 5))
def test_shares_are_those_of_sets(seed: int, count: int, k: int) -> None:
    first, second = (rank_neighbours(distances_on_map(rows_of(seed + each, count, 2))) for each in (0, 1))
    kept = [len(set(a[:k]) & set(b[:k])) / k for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    assert share_kept(first, second, k) == pytest.approx(np.mean(kept))
    labels = np.random.default_rng(seed).integers(-1, 2, count)
    labels[:4] = [0, 0, 1, 1]
    known = [place for place in range(count) if labels[place] >= 0]
    shares = []
    for place in known:
        near = [other for other in first[place] if other in known][:k]
        shares.append(sum(labels[other] == labels[place] for other in near) / len(near))
    assert share_of_class(first, labels, k) == pytest.approx(np.mean(shares))
    pairs = [labels[a] == labels[b] for a in known for b in known if a != b]
    assert expect_of_class(labels) == pytest.approx(np.mean(pairs))


def test_layers_are_compared_by_their_nearest_pictures() -> None:
    """A first layer that has each picture's twin far away, and a last one that has it nearest."""
    rows = rows_of(3, 12, 4)
    last = np.concatenate([rows, rows * 2])
    first = np.concatenate([rows, -rows])
    labels = np.tile(np.arange(12), 2)
    features = Features(np.arange(24), {"input": first, "late": last}, 32, 24)
    found = finish(compare_layers(features, labels, 1))
    assert found.nearest["late"][:, 0].tolist() == [*range(12, 24), *range(12)]
    np.testing.assert_allclose(found.cosines["late"], 1.0)
    assert found.of_class == {"input": 0.0, "late": 1.0}
    assert found.like_last == {"input": 0.0, "late": 1.0}
    assert finish(compare_layers(features, np.full(24, -1), 1)).of_class == {}
    assert finish(compare_layers(features, np.zeros(24, int), 1)).of_class == {}  # one class tells nothing apart


def test_tsne_keeps_groups_together_that_pca_lays_over_each_other() -> None:
    """Groups that differ in sixteen directions, of which a plane has but two."""
    centres = np.eye(16) * 4
    rows = np.concatenate([centre + 0.3 * rows_of(number, 6, 16) for number, centre in enumerate(centres)])
    told, plane = gather(project_by_tsne(rows))
    again = finish(project_by_tsne(rows))
    near = rank_neighbours(distances_by_cosine(rows))
    labels = np.repeat(np.arange(16), 6)
    shares = [
        share_of_class(rank_neighbours(distances_on_map(each)), labels, 5)
        for each in (plane.points, project_by_pca(rows).points)
    ]
    assert shares[0] == 1.0
    assert shares[1] < 0.9
    assert measure_trust(near, rank_neighbours(distances_on_map(plane.points)), 5) > 0.9
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_array_equal(plane.points, again.points)
    assert np.isfinite(finish(project_by_tsne(np.ones((6, 5)))).points).all()
