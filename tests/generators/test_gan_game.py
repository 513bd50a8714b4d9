"""The game in the plane: both players' gradients and every round against PyTorch, and the draws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.generators.plane.game import (
    CODES,
    LOSSES,
    MEASURED,
    Recipe,
    draw_uniforms,
    first_state,
    fixed_codes,
    judge,
    layer_sizes,
    make_fakes,
    play,
    pull,
    teach,
)
from explorer.generators.plane.points import shape_points
from explorer.generators.plane.snippet import gan_snippet
from explorer.learning.terrain import surfaces
from explorer.neurons.perceptron import Perceptron, count_numbers


def module_of(net: Perceptron) -> nn.Sequential:
    """The same numbers in PyTorch's own layers."""
    parts = list[nn.Module]()
    for before, after in itertools.pairwise(net.sizes):
        parts += [nn.Linear(before, after, dtype=torch.float64), nn.Tanh()]
    made = nn.Sequential(*parts[:-1])
    nn.utils.vector_to_parameters(torch.from_numpy(net.numbers.copy()), made.parameters())
    return made


def gradient_of(loss: torch.Tensor, net: nn.Module) -> np.ndarray:
    return torch.cat([each.ravel() for each in torch.autograd.grad(loss, list(net.parameters()))]).numpy()


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(CODES)), st.sampled_from(list(LOSSES)), st.floats(0.1, 4))
def test_both_players_gradients_are_autograds(seed: int, codes: str, loss: str, size: float) -> None:
    chance = np.random.default_rng(seed)
    judge_sizes, maker_sizes = layer_sizes(Recipe(codes=codes))
    discriminator, generator = (
        Perceptron(sizes, size * chance.normal(size=count_numbers(sizes)), "tanh")
        for sizes in (judge_sizes, maker_sizes)
    )
    real, drawn = chance.normal(size=(7, 2)), chance.normal(size=(7, CODES[codes].size))
    d, g = module_of(discriminator), module_of(generator)
    fakes = g(torch.from_numpy(drawn))
    np.testing.assert_allclose(make_fakes(generator, drawn), fakes.detach(), rtol=1e-10, atol=1e-12)

    value, gradient = judge(discriminator, real, make_fakes(generator, drawn))
    cross_entropy = functional.binary_cross_entropy_with_logits
    on_real, on_fake = d(torch.from_numpy(real)), d(fakes.detach())
    entropy = cross_entropy(on_real, torch.ones_like(on_real)) + cross_entropy(on_fake, torch.zeros_like(on_fake))
    assert value == pytest.approx(-entropy.item(), rel=1e-10)
    np.testing.assert_allclose(gradient, gradient_of(entropy, d), rtol=1e-8, atol=1e-11)

    logits = d(fakes)
    of_each = functional.logsigmoid(-logits) if loss == "minimax" else -functional.logsigmoid(logits)
    moved = pull(discriminator, make_fakes(generator, drawn), loss).gradients
    np.testing.assert_allclose(
        moved, torch.autograd.grad(of_each.sum(), fakes, retain_graph=True)[0], rtol=1e-8, atol=1e-11
    )
    expected = gradient_of(of_each.mean(), g)
    np.testing.assert_allclose(teach(generator, discriminator, drawn, loss), expected, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe((2, 1), "minimax", "SGD", (0.1, 0.1), "bell", 7),
        Recipe((1, 3), "non_saturating", "Adam", (0.01, 0.001), "bell_line", 3),
        Recipe((1, 1), "minimax", "Adam", (0.005, 0.002), "line", 9999),
    ],
    ids=lambda recipe: f"{recipe.optimiser}-{recipe.codes}",
)
def test_the_program_plays_the_same_game(recipe: Recipe) -> None:
    rounds = 12
    reals = shape_points("moons")
    state = play(reals, recipe, rounds)
    names: dict[str, object] = {}
    exec(gan_snippet(reals, recipe, rounds), names)
    np.testing.assert_allclose(names["values"], state.values, rtol=1e-10)
    fakes = np.asarray(names["fakes"])
    np.testing.assert_allclose(make_fakes(state.generator, fixed_codes(recipe)), fakes, rtol=1e-9, atol=1e-11)


def test_a_game_goes_on_from_where_it_stood() -> None:
    reals, recipe = shape_points("eight"), Recipe((2, 3), seed=5)
    half = play(reals, recipe, 9)
    assert half.rounds == 9
    np.testing.assert_array_equal(
        play(reals, recipe, 20, half).generator.numbers, play(reals, recipe, 20).generator.numbers
    )
    told = list[int]()
    play(reals, recipe, 205, half, lambda state: told.append(state.rounds))
    assert told == [100, 200]


def test_a_rate_beyond_all_bounds_keeps_the_last_finite_round() -> None:
    state = play(shape_points("line"), Recipe(optimiser="SGD", rates=(1e308, 1e308)), 50)
    assert state.rounds < 50
    assert np.isfinite(state.discriminator.numbers).all()
    assert np.isfinite(state.values).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, 500))
def test_chance_is_the_terrains(seed: int, first: int) -> None:
    expected = itertools.islice(surfaces.draw_uniforms(seed), first, first + 20)
    np.testing.assert_array_equal(draw_uniforms(seed, first, 20), list(expected))


def test_codes_are_spread_as_they_are_called() -> None:
    for name, codes in CODES.items():
        drawn = fixed_codes(Recipe(codes=name, seed=11))
        assert drawn.shape == (500, codes.size)
        deviation = 1.0 if codes.normal else 3**-0.5
        assert drawn.mean(axis=0) == pytest.approx(0, abs=0.15)
        assert drawn.std(axis=0) == pytest.approx(deviation, rel=0.12)
        assert codes.normal == bool(np.abs(drawn).max() > 1)
    assert MEASURED > 2**30  # far from the seeds that can be typed


def test_the_first_weights_are_pytorchs_own() -> None:
    state = first_state(Recipe(seed=4))
    torch.manual_seed(4)
    for net, gain in ((state.discriminator, 3.0), (state.generator, 1.0)):
        for layer, (before, after) in zip(net.layers, itertools.pairwise(net.sizes), strict=True):
            linear = nn.Linear(before, after, dtype=torch.float64)
            np.testing.assert_array_equal(layer.weight, gain * linear.weight.detach().numpy())
            np.testing.assert_array_equal(layer.bias, linear.bias.detach().numpy())
