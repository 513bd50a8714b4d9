"""Deep Feature Factorization against scikit-learn and regions that were planted; names against the layers by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import NMF

from explorer.saliency import SaliencyImpossible
from explorer.saliency.concepts import Concepts, Factors, factorize, find_concepts
from explorer.saliency.concepts.deep_feature_factorization import begin_factors
from explorer.saliency.concepts.describing import describe_concepts
from tests.anatomy.networks import as_model
from tests.anatomy.test_concurrency import assert_untouched

from .networks import make_input, open_model, small_network


@pytest.mark.parametrize("count", [1, 4])
def test_the_factors_are_scikit_learns_from_the_same_start(count: int) -> None:
    """Collins et al. 2018 is NMF of the cells' values; scikit-learn minimises it by the same rounds."""
    maps = np.random.default_rng(5).standard_normal((12, 6, 5)).astype(np.float32)
    found = factorize(maps, count, seed=3)
    a = maps.reshape(12, 30).T.clip(0).astype(np.float64)
    w, h = begin_factors(a, count, 3)
    theirs = NMF(count, init="custom", solver="mu", tol=1e-4, max_iter=500)
    h = theirs.fit_transform(a, W=h, H=w)
    w = theirs.components_
    ours = np.einsum("khw,kc->chw", found.maps, found.directions).reshape(12, 30).T
    np.testing.assert_allclose(ours, h @ w, rtol=1e-4, atol=1e-6)
    assert found.kept == pytest.approx(1 - ((a - h @ w) ** 2).sum() / (a**2).sum(), rel=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=1), 1)
    sums = found.maps.sum((1, 2))
    assert list(sums) == sorted(sums, reverse=True)


def test_regions_that_were_planted_are_found_with_their_directions() -> None:
    """Three regions that do not touch, each of one direction of its own, are three concepts and nothing is left."""
    regions = np.zeros((3, 8, 8))
    regions[0, :5, :5], regions[1, 6:, :4], regions[2, :3, 6:] = 2.0, 1.0, 1.0
    directions = np.zeros((3, 9))
    directions[0, :3], directions[1, 3:6], directions[2, 6:] = (1, 2, 3), (3, 1, 1), (1, 1, 2)
    found = factorize(np.einsum("khw,kc->chw", regions, directions), 3, seed=1)
    assert found.kept > 0.999
    for region, direction in zip(regions, directions, strict=True):
        number = int((found.directions @ direction).argmax())
        np.testing.assert_allclose(found.directions[number], direction / np.linalg.norm(direction), atol=0.02)
        np.testing.assert_allclose(found.maps[number] > 0.1 * found.maps[number].max(), region > 0)


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(0, 50), st.integers(1, 5))
def test_nothing_is_below_zero_and_the_same_seed_gives_the_same(count: int, seed: int, side: int) -> None:
    maps = np.random.default_rng(seed).standard_normal((3, side, 2))
    first, again = (factorize(maps, count, seed) for _ in range(2))
    assert np.array_equal(first.maps, again.maps)
    assert np.array_equal(first.directions, again.directions)
    assert first.maps.min() >= 0
    assert first.directions.min() >= 0
    assert 0 <= first.kept <= 1 + 1e-9
    shares = first.shares().sum(0)
    np.testing.assert_allclose(shares[shares > 0], 1, rtol=1e-5)


def test_blank_maps_have_blank_concepts_and_bad_ones_are_said() -> None:
    blank = factorize(np.full((3, 2, 2), -1.0), 2)
    assert not blank.maps.any()
    assert blank.kept == 1
    for maps, count in ((np.full((3, 2, 2), np.nan), 2), (np.ones((3, 4)), 2), (np.ones((3, 2, 2)), 0)):
        with pytest.raises(ValueError, match="at least 1"):
            factorize(maps, count)


def test_a_concept_is_named_by_what_the_logits_lose_without_it() -> None:
    network = small_network(classes=4).eval()
    with torch.no_grad():
        network[6].weight.mul_(40)  # logits that differ
    model, x = as_model(network, classes=4), torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(2))
    for layer, first in (("3", 4), ("1", 2), ("2", 3)):  # the last one has values below zero
        found, named = find_concepts(model, x, 3, layer, seed=4), 0
        with torch.no_grad():
            maps = network[:first](x)
            parts = [
                torch.from_numpy(direction[:, None, None] * where).float()
                for direction, where in zip(found.factors.directions, found.factors.maps, strict=True)
            ]
            whole = sum(parts)
            assert len(whole) == maps.shape[1] * (2 if layer == "2" else 1)
            for number, part in enumerate(parts):
                shares = torch.where(whole > 0, part / whole, 0.0)
                share = torch.where(maps[0] > 0, shares[: maps.shape[1]], shares[-maps.shape[1] :])
                lost = (network(x) - network[first:](maps * (1 - share)))[0].double()
                np.testing.assert_allclose(found.gains[number], (lost - lost.mean()).numpy(), atol=1e-5)
                much = {int(each) for each in (lost - lost.mean() >= 0.5).nonzero()}
                best = found.best_classes(number)
                assert set(best) == much
                assert best == sorted(much, key=lambda each: -float(lost[each]))
                named += len(best)
        assert named > 0
        if layer == "3":  # only averages and a dense layer follow: all concepts and the bias are the logit
            with torch.no_grad():
                owed = (network(x)[0] - network[6].bias).double().numpy()
            np.testing.assert_allclose(found.gains.sum(0), owed - owed.mean(), atol=1e-5)
    assert_untouched(model)


def test_a_cell_belongs_to_its_strongest_concept_and_an_empty_one_to_none() -> None:
    maps = np.array([[[3.0, 1.0], [0.0, 1.0]], [[1.0, 2.0], [0.0, 4.0]]])
    found = Concepts("layer", Factors(maps, np.eye(2), 1.0), np.zeros((2, 3)))
    assert found.covered().tolist() == [0.25, 0.5]
    assert found.best_classes(0) == []


def test_what_speaks_for_a_class_is_said_and_that_nothing_does() -> None:
    gains = np.array([[3.0, 2.0, -5.0], [2.6, 0.4, -3.0]])
    found = Concepts("layer", Factors(np.ones((2, 1, 1)), np.eye(2), 1.0), gains)
    assert [found.best_classes(number, 2) for number in (0, 1)] == [[0, 1], [0]]
    assert "**Concept 1** speaks most for b" in describe_concepts(found, "abc", 1)
    assert describe_concepts(found, "abc", 2).endswith(
        "None of them speaks for c: taken out alone, none costs it 0.5 of its logit or more."
    )


def test_concepts_of_the_default_network_point_at_what_it_sees() -> None:
    model = open_model("efficientnet-lite0")
    x = make_input(model, sample="cat")
    found = find_concepts(model, x, 4)
    with torch.inference_mode():
        top = int(model.network(x).argmax())
    assert found.layer
    assert found.factors.kept > 0.5
    assert top in found.best_classes(int(found.gains[:, top].argmax()), 5)
    assert found.gains[:, top].sum() > 0
    with pytest.raises(SaliencyImpossible, match="no layer"):
        find_concepts(model, x, 4, "nothing")
