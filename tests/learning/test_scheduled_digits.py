"""Schedules on digits: many networks at once, held against nn.Sequential and torch.optim one by one."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional as F

from explorer.learning.rate import scheduled_digits
from explorer.learning.rate.many_networks import (
    descend,
    first_networks,
    largest_curvatures,
    load_data,
    mean_losses,
    repeat,
)
from explorer.learning.rate.scheduled_digits import compare_in_slices, train_in_slices
from explorer.learning.rate.schedules import KINDS, Schedule
from explorer.learning.rate.snippets import digits_snippet
from explorer.learning.seed_intervals import interval_of
from explorer.slices import finish
from tests.pages.opening import run_snippet
from tests.slices import gather


def test_stacked_networks_are_those_of_pytorch_one_by_one() -> None:
    x, y, *_ = load_data()
    first, _ = first_networks((4, 5))
    networks = repeat(first, 2)
    rates = torch.tensor([0.1, 0.2, 0.3, 0.0], dtype=torch.float64)
    given, labels = x[:80].view(4, 20, 64), y[:80].view(4, 20)  # each its own digits
    alone = []
    for place in range(4):
        network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).double()
        for parameter, stacked in zip(network.parameters(), networks, strict=True):
            parameter.data = stacked[place].detach().clone()
        alone.append(network)
    for _ in range(3):
        losses = descend(networks, rates, given, labels)
        for place, network in enumerate(alone):
            optimiser = torch.optim.SGD(network.parameters(), float(rates[place]))
            loss = F.cross_entropy(network(given[place]), labels[place])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            assert losses[place].item() == pytest.approx(loss.item(), rel=1e-12)
    expected = [F.cross_entropy(network(x[80:120]), y[80:120]).item() for network in alone]
    np.testing.assert_allclose(mean_losses(networks, x[80:120], y[80:120]).detach().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_curvatures_are_the_largest_eigenvalues_of_the_hessian(scale: float) -> None:
    """At scale 1 the first has -1.0415 beside 1.0415, of which power iteration without a shift would find neither."""
    chance = torch.Generator().manual_seed(1)
    shapes = [(4, 6), (4,), (3, 4), (3,)]
    networks = [scale * torch.randn(5, *shape, generator=chance, dtype=torch.float64) for shape in shapes]
    x, y = torch.randn(8, 6, generator=chance, dtype=torch.float64), torch.arange(8) % 3

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = flat.split([math.prod(shape) for shape in shapes])
        first, bias, second, more = (part.view(shape) for part, shape in zip(parts, shapes, strict=True))
        return F.cross_entropy(F.linear(F.linear(x, first, bias).relu(), second, more), y)

    expected = []
    for place in range(5):
        flat = torch.cat([each[place].flatten() for each in networks])
        expected.append(torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, flat))[-1].item())
    highest = np.array(expected)
    np.testing.assert_allclose(largest_curvatures(networks, x, y, most=3000), highest, rtol=2e-3)


def test_the_snippet_trains_the_same_networks() -> None:
    schedules = [Schedule(kind, 0.5, 50) for kind in ("constant", "warm_up_cosine")]
    losses, wrong = finish(train_in_slices(schedules, (3, 4)))
    _, printed = run_snippet(digits_snippet(schedules, (3, 4)))
    rows = [line.split() for line in printed.splitlines()]
    assert [(name, seed) for name, seed, *_ in rows] == [
        (kind, seed) for kind in ("constant", "warm_up_cosine") for seed in "34"
    ]
    np.testing.assert_allclose([float(row[2]) for row in rows], losses[:, :, -1].ravel(), rtol=1e-9)
    np.testing.assert_allclose([float(row[3]) for row in rows], wrong.ravel(), atol=1e-12)


def test_an_interval_is_students() -> None:
    values = np.array([0.1, 0.4, 0.2, 0.25])
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = interval_of(values)
    assert (found.low, found.mean, found.high) == pytest.approx((low, values.mean(), high))
    assert not interval_of(np.array([1.0, 1.1, 0.9])).holds_zero
    assert interval_of(np.array([1.0, -1.1, 0.9])).holds_zero


def test_each_schedule_has_its_best_peak_and_differences_are_seed_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled_digits, "STEPS", 42)
    monkeypatch.setattr(scheduled_digits, "PEAKS", (1e-3, 0.5))
    told, trained = gather(compare_in_slices(None))
    assert trained.peaks == (0.5,) * len(KINDS)
    done = [each for each, _ in told]
    assert done == sorted(done)
    assert max(done) <= 84
    assert trained.curves.shape[:2] == trained.errors.shape == (len(KINDS), len(scheduled_digits.SEEDS))
    assert trained.error_less_constant("constant").holds_zero
    less = trained.errors[KINDS.index("step")] - trained.errors[0]
    low, high = stats.ttest_1samp(less, 0).confidence_interval(1 - 0.05 / 4)
    assert (trained.error_less_constant("step").low, trained.error_less_constant("step").high) == pytest.approx(
        (low, high)
    )
    ratio = trained.loss_over_constant("step").mean
    assert np.exp(ratio) == pytest.approx(trained.loss("step").mean / trained.loss("constant").mean)
