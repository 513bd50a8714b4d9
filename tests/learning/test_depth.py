"""Deep networks before training: every layer's gradient, the product of its factors, and what theory expects."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.learning.depth.signal import (
    STARTS,
    Recipe,
    geometric_mean,
    measure_by_autograd,
    measure_length,
    standardise,
    work_out_factors,
)
from explorer.learning.depth.snippets import signal_snippet
from explorer.learning.depth.theory import expect
from explorer.learning.depth.training import load_data
from explorer.neurons.activations import ACTIVATIONS
from tests.pages.opening import run_snippet

MODULES = {
    "linear": nn.Identity(),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(),
}
RECIPES = st.builds(
    Recipe,
    layers=st.integers(2, 8),
    width=st.sampled_from([32, 64]),
    activation=st.sampled_from(list(ACTIVATIONS)),
    start=st.sampled_from(STARTS),
    sigma=st.sampled_from([0.01, 0.1, 0.5]),
    residual=st.booleans(),
    batch_norm=st.booleans(),
    seed=st.integers(0, 99),
)


def some_inputs(count: int = 24) -> NDArray[np.float32]:
    return load_data()[0][:count].numpy()


class Plain:
    """The same network of PyTorch's modules, and what autograd leaves at every place of it."""

    def __init__(self, recipe: Recipe, inputs: NDArray[np.float32], dtype: torch.dtype) -> None:
        torch.manual_seed(recipe.seed)
        layers = []
        for number in range(recipe.layers):
            layer = nn.Linear(64 if number == 0 else recipe.width, recipe.width, bias=False, device="meta")
            layer = layer.to_empty(device="cpu")
            if recipe.start == "xavier":
                nn.init.xavier_normal_(layer.weight)
            elif recipe.start == "he":
                nn.init.kaiming_normal_(layer.weight)  # whose default is made for ReLU
            else:
                nn.init.normal_(layer.weight, 0, recipe.sigma)
            layers.append(layer.to(dtype))
        h = torch.tensor(inputs, dtype=dtype, requires_grad=True)
        self.places: list[Tensor] = [h]
        for number, layer in enumerate(layers):
            z = layer(h)
            if recipe.batch_norm:
                z = nn.BatchNorm1d(recipe.width, dtype=dtype)(z)
            h = MODULES[recipe.activation](z) + (h if recipe.residual and number > 0 else 0)
            h.retain_grad()
            self.places.append(h)
        top = torch.randn(h.shape, generator=torch.Generator().manual_seed(recipe.seed + 1000)).double()
        (h * (top / top.norm()).to(dtype)).sum().backward()
        self.weights = [layer.weight for layer in layers]

    @property
    def lengths(self) -> list[float]:
        return [place.grad.double().norm().item() for place in self.places if place.grad is not None]


@given(RECIPES)
def test_every_layers_gradient_is_autograds(recipe: Recipe) -> None:
    inputs = some_inputs()
    plain = Plain(recipe, inputs, torch.float64)
    measured, factors = measure_by_autograd(recipe, inputs, torch.float64), work_out_factors(recipe, inputs)
    spreads = [place.std(correction=0).item() for place in plain.places]
    for found, expected in (
        (measured.lengths, plain.lengths),
        (factors.lengths, plain.lengths),
        (measured.spreads, spreads),
        (measured.weight_gradients, [weight.grad.norm().item() for weight in plain.weights]),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(measured.outputs[-1], plain.places[-1][0].detach(), rtol=1e-9)
    np.testing.assert_allclose(measured.gradients[0], plain.places[1].grad[0], rtol=1e-7, atol=1e-12)


@given(RECIPES)
def test_the_factors_multiply_to_the_gradient(recipe: Recipe) -> None:
    factors = work_out_factors(recipe, some_inputs())
    if not recipe.batch_norm:
        assert set(factors.norms) == {1.0}
    if recipe.residual:
        assert factors.per_layer**recipe.layers == pytest.approx(factors.lengths[0], rel=1e-9)
        return
    for number, (after, before) in enumerate(pairwise(factors.lengths)):
        product = factors.slopes[number] * factors.norms[number] * factors.weights[number]
        assert after / before == pytest.approx(product, rel=1e-9)
    assert math.prod(mean**recipe.layers for mean in factors.means) == pytest.approx(factors.lengths[0], rel=1e-9)


def test_a_sigmoids_slopes_are_never_more_than_a_quarter() -> None:
    factors = work_out_factors(Recipe(50, 32, "sigmoid", "own", 0.001), some_inputs())
    assert factors.slopes.max() <= 0.25
    assert factors.means[0] ** 50 == pytest.approx(8e-31, rel=0.02)  # with small weights it comes close


def test_fifty_layers_of_relu_by_three_initialisations() -> None:
    """Gradient of mean(h²) at the first layer's weights in float32: 1e-16, 0.7, and too large for a number."""
    inputs = some_inputs(128)
    found = {start: measure_by_autograd(Recipe(start=start), inputs, torch.float32) for start in STARTS}
    for start in STARTS:
        plain = Plain(Recipe(start=start), inputs, torch.float32)
        np.testing.assert_allclose(found[start].lengths, plain.lengths, rtol=1e-4)
    assert 1e-16 < found["xavier"].squares < 1e-15
    assert 0.5 < found["he"].squares < 1.5
    assert not math.isfinite(found["own"].squares)


def test_what_is_too_large_and_too_small_for_float32_is_no_error() -> None:
    inputs = some_inputs()
    large = measure_by_autograd(Recipe(80, 64, start="own", sigma=2.0), inputs, torch.float32)
    assert not np.isfinite(large.lengths[0])
    assert np.isinf(large.spreads).any()
    small = measure_by_autograd(Recipe(80, 64, start="own", sigma=0.001), inputs, torch.float32)
    assert small.lengths[0] == small.spreads[-1] == 0
    factors = work_out_factors(Recipe(80, 64, start="own", sigma=0.001), inputs)
    assert 0 < factors.lengths[0] < 1e-100


@pytest.mark.parametrize(
    ("activation", "batch_norm", "residual"),
    [
        *((name, normal, False) for name in ACTIVATIONS for normal in (False, True)),
        *((name, normal, True) for name in ("tanh", "sigmoid") for normal in (False, True)),
    ],
)
def test_theory_is_near_what_wide_layers_do(activation: str, batch_norm: bool, residual: bool) -> None:
    """On inputs that have nothing to do with each other, in the geometric mean of four seeds."""
    inputs = np.random.default_rng(0).normal(size=(256, 64)).astype(np.float32)
    lengths, spreads = [], []
    for seed in range(4):
        recipe = Recipe(8, 256, activation, "he", batch_norm=batch_norm, residual=residual, seed=seed)
        measured = measure_by_autograd(recipe, inputs, torch.float64)
        theory = expect(recipe, inputs)
        assert theory is not None
        lengths.append(theory.lengths[0] / measured.lengths[0])
        spreads.append(theory.spreads[-1] / measured.spreads[-1])
    assert geometric_mean(np.array(lengths)) == pytest.approx(1, abs=0.15)
    assert geometric_mean(np.array(spreads)) == pytest.approx(1, abs=0.15)


def test_theory_in_closed_form() -> None:
    inputs = some_inputs()
    he, own = expect(Recipe(50, 256, start="he"), inputs), expect(Recipe(50, 256, start="own", sigma=0.3), inputs)
    assert he is not None
    assert own is not None
    np.testing.assert_allclose(he.lengths, 1, rtol=1e-9)  # He et al. 2015
    assert own.lengths[1] == pytest.approx((256 * 0.09 / 2) ** (49 / 2), rel=1e-9)
    normal = expect(Recipe(50, 256, batch_norm=True), inputs)
    assert normal is not None
    per_layer = (normal.lengths[2] / normal.lengths[-1]) ** (1 / 48)
    assert per_layer == pytest.approx(math.sqrt(math.pi / (math.pi - 1)), rel=1e-4)  # Yang et al. 2019
    assert expect(Recipe(residual=True), inputs) is None


def test_with_relus_and_detours_the_gradient_turns_towards_the_outputs() -> None:
    """For this reason theory, which takes both for independent, says nothing there."""
    found = []
    for residual in (True, False):
        measured = measure_by_autograd(Recipe(residual=residual), some_inputs(), torch.float64)
        h, g = measured.outputs[1], measured.gradients[1]
        found.append(abs(h @ g) / np.linalg.norm(h) / np.linalg.norm(g))
    assert found[0] > 0.4
    assert found[1] < 0.2  # of 256 independent numbers it is 0.06


def test_lengths_of_extreme_numbers() -> None:
    assert measure_length(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert measure_length(np.array([3e-200, -4e-200])) == pytest.approx(5e-200)
    assert measure_length(np.zeros(3)) == 0
    assert measure_length(np.array([1.0, np.inf])) == np.inf
    assert math.isnan(measure_length(np.array([np.nan, np.inf])))
    assert geometric_mean(np.array([2.0, 8.0])) == pytest.approx(4)
    assert geometric_mean(np.array([2.0, 0.0])) == 0


def test_inputs_are_brought_to_one_scale() -> None:
    values = standardise(np.arange(12.0).reshape(3, 4))
    assert values.mean() == pytest.approx(0, abs=1e-7)
    assert values.std() == pytest.approx(1)
    with pytest.raises(ValueError, match="all inputs are the same"):
        standardise(np.full((3, 4), 0.1))


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(3, 32, seed=7),
        Recipe(3, 32, "tanh", "own", 0.2, residual=True),
        Recipe(3, 32, "sigmoid", "he", batch_norm=True, residual=True),
    ],
)
def test_the_snippet_gives_the_pages_numbers(recipe: Recipe) -> None:
    _, printed = run_snippet(signal_snippet(recipe, 24))
    *lines, squares = printed.splitlines()
    measured = measure_by_autograd(recipe, some_inputs(), torch.float32)
    told = np.array([[float(word) for word in line.split()] for line in lines])
    np.testing.assert_allclose(told[:, 1], measured.spreads, rtol=1e-5)
    np.testing.assert_allclose(told[:, 2], measured.lengths, rtol=1e-5)
    assert float(squares) == pytest.approx(measured.squares, rel=1e-5)
