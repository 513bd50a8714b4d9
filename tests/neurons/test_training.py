"""Gradient descent, held against PyTorch's optimiser step by step."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import LOSSES
from explorer.neurons.points import Points, point_set, read_points
from explorer.neurons.training import Edit, Recipe, find_curvature, find_rise, train, weigh_step

RECIPE = Recipe((3,), "tanh", "cross_entropy", 0.5, 0)


def train_by_torch(points: Points, recipe: Recipe, steps: int) -> tuple[np.ndarray, list[float]]:
    """Weights and losses by PyTorch alone, tanh and cross-entropy."""
    torch.manual_seed(recipe.seed)
    sizes = (2, *recipe.hidden, points.count)
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after, dtype=torch.float64), nn.Tanh()]
    net = nn.Sequential(*layers[:-1])
    x, classes = torch.tensor(points.rows, dtype=torch.float64), torch.tensor(points.classes)
    optimiser = torch.optim.SGD(net.parameters(), lr=recipe.rate)
    losses = []
    for step in range(steps + 1):
        numbers = nn.utils.parameters_to_vector(net.parameters()).detach().clone()
        for edit in recipe.edits:
            if edit.step == step:
                numbers[edit.number] = edit.value
        nn.utils.vector_to_parameters(numbers, net.parameters())
        loss = F.cross_entropy(net(x), classes)
        losses.append(loss.item())
        if step < steps:
            if recipe.clears:
                optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return numbers.numpy(), losses


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        replace(RECIPE, hidden=(8, 8), seed=3, rate=0.1),
        replace(RECIPE, hidden=()),
        replace(RECIPE, clears=False, rate=0.05),
        replace(RECIPE, edits=(Edit(0, 4, 1.5), Edit(7, 16, -2.0), Edit(20, 0, 0.25))),
    ],
    ids=["small", "deep", "no hidden layer", "gradients pile up", "set by hand"],
)
def test_every_step_is_that_of_pytorch(recipe: Recipe) -> None:
    points = point_set("corners")
    state = train(points, recipe, 20)
    numbers, losses = train_by_torch(points, recipe, 20)
    assert state.step == 20
    np.testing.assert_allclose(state.net.numbers, numbers, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(state.losses, losses, rtol=1e-9)
    half = train(points, recipe, 9)
    assert (train(points, recipe, 20, half).net.numbers == state.net.numbers).all()


def test_the_first_weights_are_pytorchs_own_to_the_last_digit() -> None:
    recipe = replace(RECIPE, hidden=(5, 1, 8), seed=11)
    points = point_set("blobs", 6)
    assert (train(points, recipe, 0).net.numbers == train_by_torch(points, recipe, 0)[0]).all()


def test_a_promise_holds_for_small_rates_and_parts_where_it_says() -> None:
    points = point_set("circles")
    state = train(points, RECIPE, 30)
    small, parted = (weigh_step(points, replace(RECIPE, rate=rate), state) for rate in (1e-4, 1.0))
    assert small.real == pytest.approx(small.predicted, rel=1e-3)
    assert parted.parting is not None
    assert parted.parting == small.parting
    at = weigh_step(points, replace(RECIPE, rate=parted.parting), state)
    assert at.real == pytest.approx(at.predicted / 2, rel=1e-3)
    step = train(points, replace(RECIPE, rate=1.0), 31, state)
    assert parted.real == pytest.approx(step.losses[31] - step.losses[30], rel=1e-9)
    squares = float(((step.net.numbers - state.net.numbers) ** 2).sum())
    assert parted.predicted == pytest.approx(-squares, rel=1e-9)  # rate |g|², at rate 1


def test_the_curvature_is_autograds() -> None:
    points = point_set("xor")
    net = train(points, RECIPE, 5).net
    x, classes = torch.tensor(points.rows, dtype=torch.float64), torch.tensor(points.classes)

    def loss(numbers: torch.Tensor) -> torch.Tensor:
        first, last = numbers[:9], numbers[9:]
        hidden = torch.tanh(x @ first[:6].reshape(3, 2).T + first[6:])
        return F.cross_entropy(hidden @ last[:6].reshape(2, 3).T + last[6:], classes)

    hessian = torch.autograd.functional.hessian(loss, torch.from_numpy(net.numbers.copy()))
    assert find_curvature(points, RECIPE, net) == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-6)


def test_what_diverges_keeps_its_last_finite_state_and_says_since_when() -> None:
    points = read_points("100 20 a\n-300 10 b\n200 -50 a\n10 5 b")
    recipe = Recipe((3,), "leaky_relu", "cross_entropy", 1.0, 0)
    state = train(points, recipe, 500)
    assert state.step < 500
    assert np.isfinite(state.net.numbers).all()
    assert np.isfinite(state.losses).all()
    assert train(points, recipe, state.step + 1, state).step == state.step
    rise = find_rise(points, recipe, state)
    assert rise is not None
    assert all(loss > state.losses[0] for loss in state.losses[rise.since :])
    assert state.losses[rise.since - 1] <= state.losses[0]
    assert recipe.rate > rise.largest_rate > 0
    assert find_rise(points, RECIPE, train(points, replace(RECIPE, rate=1e-9), 3)) is None


@given(
    st.builds(
        Recipe,
        hidden=st.lists(st.integers(1, 8), max_size=4).map(tuple),
        activation=st.sampled_from(sorted(ACTIVATIONS)),
        loss=st.sampled_from(sorted(LOSSES)),
        rate=st.sampled_from([0.001, 1.0, 100.0]),
        seed=st.integers(0, 99),
        clears=st.booleans(),
        edits=st.lists(st.builds(Edit, st.just(0), st.integers(0, 5), st.sampled_from([-1e6, 0.0, 1e6]))).map(tuple),
    )
)
def test_whatever_is_trained_stays_finite_and_can_be_described(recipe: Recipe) -> None:
    points = read_points("100 20 a\n-300 1e6 b\n200 -50 a\n10 5 c")
    state = train(points, recipe, 8)
    assert np.isfinite(state.net.numbers).all()
    assert np.isfinite(state.losses).all()
    promise = weigh_step(points, recipe, state)
    assert promise.parting is None or promise.parting > 0
    rise = find_rise(points, recipe, state)
    assert rise is None or (1 <= rise.since <= state.step and rise.largest_rate >= 0)


def test_a_gradient_that_vanished_parts_with_no_promise() -> None:
    recipe = replace(
        RECIPE, loss="probability", edits=(Edit(0, 15, 100.0),)
    )  # e^-100: surely wrong on every other point
    points = point_set("moons")
    promise = weigh_step(points, recipe, train(points, recipe, 0))
    assert -1e-40 < promise.predicted < 0
    assert promise.parting is None
