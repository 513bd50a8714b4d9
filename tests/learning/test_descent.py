"""Paths, the best of thirteen rates and where paths end; the figures of the turned valley, measured by PyTorch too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import cos, pi, sin
from typing import Any

import numpy as np
import pytest
import torch

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.terrain.descent import MOST_STEPS, RATES, choose_rates, take_step, walk
from explorer.learning.terrain.surfaces import SURFACES, own_surface, valley

# What goes to `torch.optim`, and the steps to a loss of 1e-6 that it takes at best, aligned and turned by 45 degrees.
MEASURED: Mapping[str, tuple[type[torch.optim.Optimizer], Mapping[str, Any], int, int]] = {
    "SGD": (torch.optim.SGD, {}, 366, 366),
    "Momentum": (torch.optim.SGD, {"momentum": 0.9}, 110, 110),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, 43, 43),
    "AdaGrad": (torch.optim.Adagrad, {}, 8, 502),
    "RMSProp": (torch.optim.RMSprop, {}, 5, 324),
    "Adam": (torch.optim.Adam, {}, 96, 104),
    "AdamW": (torch.optim.AdamW, {}, 96, 104),
}


def best_by_pytorch(kind: type[torch.optim.Optimizer], settings: Mapping[str, Any], angle: float) -> tuple[int, float]:
    """Steps and rate of the one of thirteen that first gets the turned (x² + 100 y²) / 2 from (1, 0.3) to 1e-6."""
    c, s = cos(angle), sin(angle)
    places = [torch.tensor([c - 0.3 * s, s + 0.3 * c], dtype=torch.float64) for _ in range(13)]
    rates = np.geomspace(0.001, 1, 13)
    groups = [{"params": [place], "lr": rate} for place, rate in zip(places, rates, strict=True)]
    optimiser = kind(groups, foreach=False, **settings)
    for step in range(1000):
        x, y = torch.stack(places).T
        u, v = c * x + s * y, c * y - s * x
        losses = (u**2 + 100 * v**2) / 2
        if (losses <= 1e-6).any():
            return step, float(rates[losses.nan_to_num(nan=torch.inf).argmin()])
        for place, slope in zip(places, torch.stack([c * u - 100 * s * v, s * u + 100 * c * v], 1), strict=True):
            place.grad = slope
        optimiser.step()
    raise AssertionError("none gets there")


def test_the_turned_valleys_figures_are_pytorchs() -> None:
    surface = SURFACES["valley"]
    found = [choose_rates(replace(surface, angle=angle), list(OPTIMISERS.values()), surface.start) for angle in (0, 45)]
    assert list(OPTIMISERS) == list(MEASURED)
    for (kind, settings, *steps), *choices in zip(MEASURED.values(), *found, strict=True):
        for angle, wanted, choice in zip((0.0, pi / 4), steps, choices, strict=True):
            assert best_by_pytorch(kind, settings, angle) == (wanted, pytest.approx(choice.rate))
            assert choice.steps == wanted


def test_rates_go_from_a_thousandth_to_1() -> None:
    assert pytest.approx(np.geomspace(0.001, 1, 13)) == RATES


def test_sgds_steps_are_the_closed_forms() -> None:
    surface = valley(100)
    (path,) = walk(surface, [replace(OPTIMISERS["SGD"], rate=0.0125)], surface.start, 200)
    steps = np.arange(201)[:, None]
    np.testing.assert_allclose(path.places, (1 - 0.0125 * np.array([1, 100])) ** steps * [1, 0.3], rtol=1e-9)
    np.testing.assert_allclose(path.losses, path.places**2 @ [0.5, 50], rtol=1e-9)
    # 0.9875^n, whose square is at most 0.2 from n = 63.97 on; y is long gone

    assert path.arrives(0.1) == path.stays(0.1) == 64
    assert path.arrives(1e-9) is None
    assert path.arrives(10) == path.stays(10) == 0


def test_a_path_may_arrive_and_leave_again() -> None:
    surface = valley(100)
    choice = choose_rates(surface, [OPTIMISERS["RMSProp"]], surface.start)[0]
    (path,) = walk(surface, [replace(OPTIMISERS["RMSProp"], rate=choice.rate)], surface.start, MOST_STEPS)
    assert path.arrives(1e-6) == choice.steps == 5
    assert path.stays(1e-6) is None
    assert path.losses[6:].max() > 1


@pytest.mark.parametrize(
    ("text", "rate", "step"),
    [
        ("x**2 + y**2", 10.0, 5),  # x is (-19)^n, so its square goes from 1.7e10 to 6.1e12
        ("-x - y", 1e12, 1),  # to 1 + 1e12
        ("log(x + 3)", 18.0, 1),  # to the logarithm of 1 + 3 - 18/4
    ],
)
def test_a_path_ends_before_the_step_that_goes_too_far(text: str, rate: float, step: int) -> None:
    surface = own_surface(text)
    sgd = OPTIMISERS["SGD"]
    lost, kept = walk(surface, [replace(sgd, rate=rate), sgd], surface.start, 20)
    assert (lost.diverged, len(lost.places), len(lost.losses)) == (step, step, step)
    assert (kept.diverged, len(kept.places)) == (None, 21)
    assert lost.stays(1e13) is None


def test_without_a_goal_the_lowest_mean_of_the_last_50_losses_is_best() -> None:
    surface = replace(SURFACES["noise"], seed=2)
    rules = [OPTIMISERS["SGD"], OPTIMISERS["Adam"]]
    for rule, choice in zip(rules, choose_rates(surface, rules, surface.start, 200), strict=True):
        paths = walk(surface, [replace(rule, rate=rate) for rate in RATES], surface.start, 200)
        means = [np.inf if path.diverged else path.losses[-50:].mean() for path in paths]
        assert (choice.rate, choice.steps) == (RATES[int(np.argmin(means))], None)
    assert choose_rates(replace(surface, noise=0.0), rules[:1], surface.start)[0].steps is not None
    downhill = own_surface("-exp(9*x)")  # everything diverges
    assert choose_rates(downhill, rules[:1], downhill.start)[0].rate == RATES[0]


def test_a_step_is_that_of_the_path_with_its_noise() -> None:
    surface = replace(SURFACES["noise"], angle=30, seed=7)
    (path,) = walk(surface, [OPTIMISERS["Adam"]], surface.start, 9)
    ledger = take_step(surface, OPTIMISERS["Adam"], surface.start, 9)
    np.testing.assert_array_equal(ledger["place"], path.places[9])
    slopes = np.array(surface.measure(*path.places[8])[1:])
    np.testing.assert_allclose(ledger["gradient"] - slopes, surface.draw_noise(9)[8], atol=1e-12)
