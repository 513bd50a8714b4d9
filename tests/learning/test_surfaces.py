"""Surfaces: their gradients by autograd, their minima, their noise, and where paths cannot begin."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.learning.terrain.formula import FormulaRejected
from explorer.learning.terrain.surfaces import SURFACES, check_start, draw_uniforms, own_surface, valley
from tests.learning.losses import LOSSES


@given(st.sampled_from(sorted(LOSSES)), st.floats(-180, 180), st.floats(-2, 2), st.floats(-2, 2))
def test_loss_and_gradient_are_autograds_however_the_surface_is_turned(
    name: str, angle: float, x: float, y: float
) -> None:
    c, s = cos(radians(angle)), sin(radians(angle))
    place = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    loss = LOSSES[name](*(torch.tensor([[c, s], [-s, c]], dtype=torch.float64) @ place))
    loss.backward()
    measured = replace(SURFACES[name], angle=angle).measure(x, y)
    wanted = [loss.item(), *place.grad.tolist()]
    np.testing.assert_allclose([float(each) for each in measured], wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_the_minimum_is_the_least_loss_and_lies_in_the_picture(name: str) -> None:
    surface = SURFACES[name]
    places = np.linspace(-surface.reach, surface.reach, 401)
    loss = surface.measure(*np.meshgrid(places, places)).value
    assert surface.minimum is not None
    assert loss.min() >= surface.minimum - 1e-12
    lowest = np.unravel_index(loss.argmin(), loss.shape)
    place = torch.tensor([places[lowest[1]], places[lowest[0]]], dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([place], max_iter=200, tolerance_grad=1e-14, line_search_fn="strong_wolfe")

    def descend() -> torch.Tensor:
        solver.zero_grad()
        value = LOSSES[name](*place)
        value.backward()
        return value

    solver.step(descend)
    assert LOSSES[name](*place).item() == pytest.approx(surface.minimum, abs=1e-12)
    assert max(abs(each) for each in surface.start) < surface.reach


def test_the_start_turns_with_the_surface() -> None:
    surface = SURFACES["rosenbrock"]
    turned = replace(surface, angle=90)
    assert turned.turn((-1.2, 1.0)) == pytest.approx((-1.0, -1.2))
    assert turned.measure(*turned.turn((-1.2, 1.0))).value == pytest.approx(24.2)


def test_noise_is_the_same_for_all_and_normal() -> None:
    numbers = draw_uniforms(0)
    # mulberry32 of seed 0, as 32-bit integers in the browser give it
    assert [next(numbers) for _ in range(3)] == [0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]
    surface = replace(SURFACES["valley"], noise=0.5, seed=3)
    noise = surface.draw_noise(20_000)
    assert (surface.draw_noise(5) == noise[:5]).all()
    assert not (replace(surface, seed=4).draw_noise(5) == noise[:5]).any()
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=4 * 0.5 / 20_000**0.5)
    np.testing.assert_allclose(np.cov(noise.T), 0.25 * np.eye(2), atol=4 * 0.25 * (2 / 20_000) ** 0.5)
    assert abs(noise).max() < 0.5 * 6
    assert np.sort(noise[:, 0])[[3173, 10_000]] / 0.5 == pytest.approx([-1, 0], abs=0.05)  # 15.9 % lie below -1
    assert replace(surface, noise=0.0).draw_noise(0).shape == (0, 2)


@pytest.mark.parametrize("condition", [0.5, 10_001, float("nan"), float("inf")])
def test_a_valley_has_a_condition_number_from_1_to_10_000(condition: float) -> None:
    with pytest.raises(ValueError, match="condition number"):
        valley(condition)


def test_a_valleys_curvatures_are_1_and_its_condition_number() -> None:
    for condition in (1, 33.3, 10_000):
        _, by_x, by_y = valley(condition).measure(1.0, 1.0)
        assert (by_x, by_y) == pytest.approx((1, condition))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log(x - 2) + y", "The loss is not a finite number at the start \\(1, 0.3\\); move the start or mend"),
        ("sqrt(x - 1)", "The loss is not a finite number"),
        ("x + sqrt(y - 0.299999999999999999)", "The loss is not"),  # which turning and back may be too much for
        ("abs(x - 1)**0.5 + y", "The slope by x is not a finite number"),
        ("sqrt(abs(y - 0.3)) + x + 1/(1000*y - 300)", "The loss at the start is beyond"),
        ("exp(exp(x*9))", "The loss at the start is beyond 10¹²"),
        ("-1e20*x**2 + y", "The loss at the start is beyond 10¹²; move the start or make the formula smaller"),
        ("x +", "is missing at the end"),
    ],
)
def test_an_own_formula_must_be_finite_at_the_start(text: str, said: str) -> None:
    with pytest.raises(FormulaRejected, match=said):
        own_surface(text)


def test_a_start_that_cannot_be_begun_from_is_said_with_its_numbers() -> None:
    surface = own_surface("log(x) + y**2")
    assert surface.minimum is None
    assert surface.goal is None
    with pytest.raises(FormulaRejected, match=r"at the start \(−1, 0.25\)"):
        check_start(surface, (-1.0, 0.25))
