"""The best discriminator against closed forms, and what counts as covered."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from explorer.generators.plane.describing import is_collapsed, say_finding
from explorer.generators.plane.game import Recipe, first_state, fixed_codes, play
from explorer.generators.plane.mixtures import BANDWIDTH, SHAPES, Mixture, cell_middles
from explorer.generators.plane.points import Reals, shape_points
from explorer.generators.plane.yardstick import EVEN, Yardstick, count_modes, cover, measure

MIDDLES = np.stack(np.meshgrid(cell_middles(), cell_middles()), axis=-1)


def compare(real: Mixture, fake: Mixture, says: np.ndarray | None = None) -> Yardstick:
    zeros = np.zeros(MIDDLES.shape[:2])
    return Yardstick(np.zeros((1, 2)), real.on_grid(), fake.on_grid(), zeros if says is None else says)


places = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6))


@given(places, places, st.floats(0.1, 0.2))
def test_the_best_discriminator_of_two_gaussians_is_the_closed_form(
    first: tuple[float, float], second: tuple[float, float], width: float
) -> None:
    a, b = np.array(first), np.array(second)
    made = compare(Mixture(a[None], width), Mixture(b[None], width))
    expected = stats.multivariate_normal(a, width**2).pdf(MIDDLES)
    np.testing.assert_allclose(made.real, expected, rtol=1e-9, atol=1e-300)
    # Of two normal densities of one width the logit of D* is a plane: (|x - b|² - |x - a|²) / 2 w².
    logit = (((MIDDLES - b) ** 2).sum(-1) - ((MIDDLES - a) ** 2).sum(-1)) / (2 * width**2)
    lies = made.real + made.fake > 1e-250
    np.testing.assert_allclose(made.best[lies], 1 / (1 + np.exp(-logit[lies])), rtol=1e-9, atol=1e-12)
    # Along the line between the middles the divergence is an integral over one axis.
    apart = float(np.hypot(*(a - b)))
    x = np.linspace(-1.5, apart + 1.5, 20_001)
    p, q = stats.norm(0, width).pdf(x), stats.norm(apart, width).pdf(x)
    parts = stats.entropy(p, (p + q) / 2) + stats.entropy(q, (p + q) / 2)  # both normalised, as the densities are
    assert made.divergence == pytest.approx(parts / 2, abs=1e-5)
    assert made.best_value == pytest.approx(-log(4) + parts, abs=2e-5)


def test_equal_densities_leave_log_four_and_separate_ones_nothing() -> None:
    one, other = Mixture(np.array([[-0.8, -0.8]]), 0.1), Mixture(np.array([[0.8, 0.8]]), 0.1)
    assert compare(one, one).best_value == pytest.approx(EVEN, abs=1e-6)
    assert compare(one, one).divergence == pytest.approx(0, abs=1e-6)
    assert compare(one, one).value == pytest.approx(EVEN, abs=1e-6)  # D = 1/2 everywhere
    assert compare(one, other).best_value == pytest.approx(0, abs=1e-6)
    assert compare(one, other).divergence == pytest.approx(log(2), abs=1e-6)


@given(st.integers(0, 1000), st.floats(0.1, 20))
def test_no_discriminator_makes_more_of_it_than_the_best(seed: int, size: float) -> None:
    chance = np.random.default_rng(seed)
    real, fake = (Mixture(chance.uniform(-1, 1, (5, 2)), 0.1) for _ in range(2))
    made = compare(real, fake, size * chance.normal(size=MIDDLES.shape[:2]))
    assert made.value <= made.best_value + 1e-12
    with np.errstate(divide="ignore"):
        at_best = replace(made, says=np.clip(np.log(made.best) - np.log(1 - made.best), -700, 700))
    assert at_best.value == pytest.approx(made.best_value, abs=1e-9)


def test_a_shape_behind_the_kernel_is_its_points_density_in_the_limit() -> None:
    for name, make in SHAPES.items():
        exact = shape_points(name).density.on_grid()
        many = Mixture(make().draw(40_000), BANDWIDTH).on_grid()
        assert np.abs(exact - many).max() < 0.06 * exact.max()
        assert exact.sum() * (3.2 / 64) ** 2 == pytest.approx(1, abs=1e-6)


def test_clusters_and_points_are_counted_as_defined() -> None:
    reals = shape_points("eight")
    centres = SHAPES["eight"]().centres
    spread = np.repeat(centres, [100, 100, 100, 100, 50, 30, 7, 6], axis=0) + np.array([0.17, 0.0])  # within 3 · 0.06
    shares = np.concatenate([spread, np.full((7, 2), 1.5)])  # 500 in all: a fair share is 62.5, a tenth of it 6.25
    assert count_modes(reals, shares) == (7, 8)
    assert count_modes(reals, shares + np.array([0.02, 0.0])) == (0, 8)
    assert count_modes(shape_points("ring"), shares) is None
    every = cover(reals, reals.places)
    assert (every.covered, every.among) == (1, 1)
    one = cover(reals, np.repeat(reals.places[:1], 500, axis=0))
    distances = np.hypot(*(reals.places - reals.places[0]).T)
    assert one.among == 1
    assert 1 / 400 <= one.covered <= (distances < 0.4).mean()  # no farther than its own cluster
    away = cover(reals, np.full((10, 2), 5.0))
    assert (away.covered, away.among) == (0, 0)


@pytest.fixture(scope="module")
def collapsed() -> tuple[Reals, Yardstick, str]:
    reals, recipe = shape_points("eight"), Recipe((1, 5))
    state = play(reals, recipe, 400)
    made = measure(reals, state, fixed_codes(recipe))
    return reals, made, say_finding(reals, state, made)


def test_fakes_like_the_real_points_are_called_so() -> None:
    reals = shape_points("ring")
    places = SHAPES["ring"]().draw(500)
    made = Yardstick(places, reals.density.on_grid(), Mixture(places, BANDWIDTH).on_grid(), np.zeros(MIDDLES.shape[:2]))
    state = replace(first_state(Recipe()), values=(EVEN,))
    said = say_finding(reals, state, made)
    assert said.startswith("**After 1 round the fakes cover ")
    assert "makes **−1.386** of the game, and even the best there could be only **−1.3" in said
    assert not is_collapsed(reals, made)


def test_collapse_is_named_and_the_discriminator_does_not_see_it(collapsed: tuple[Reals, Yardstick, str]) -> None:
    reals, made, said = collapsed
    covered = count_modes(reals, made.fakes)
    assert covered is not None
    assert covered[0] <= 4
    assert is_collapsed(reals, made)
    assert said.startswith(f"**Mode collapse: after 400 rounds the fakes cover {covered[0]} of 8 clusters.**")
    assert "no fault of the program" in said
    assert made.value < made.best_value - 0.3
    # The same figures from PyTorch's own KL divergence of the two grids.
    p, q = (torch.from_numpy(density / density.sum()) for density in (made.real, made.fake))
    middle = ((p + q) / 2).clamp_min(1e-300).log()
    both = [torch.nn.functional.kl_div(middle, each, reduction="sum") for each in (p, q)]
    assert made.divergence == pytest.approx(float(sum(both)) / 2, abs=1e-4)
