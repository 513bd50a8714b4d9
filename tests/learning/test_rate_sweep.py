"""The sweep of rates: its edges, and what becomes of networks beyond them."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.learning.rate.many_networks import load_data
from explorer.learning.rate.noisy_parabola import expect, measure
from explorer.learning.rate.schedules import KINDS, Kind, Schedule
from explorer.learning.rate.snippets import parabola_snippet, sweep_snippet
from explorer.learning.rate.sweep import EXAMPLES, RATES, SEEDS, STEPS, Sweep, count_rises, sweep_in_slices
from tests.pages.opening import run_snippet
from tests.slices import gather


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    told, ended = gather(sweep_in_slices())
    steps = [done for done, _ in told]
    assert steps == sorted(steps)
    return ended


def test_rises_are_counted_also_where_there_is_no_number() -> None:
    losses = np.array([[3.0, 1.0], [2.0, 2.0], [2.0, math.nan], [2.5, math.nan]])
    assert count_rises(losses).tolist() == [1, 3]


def test_the_snippet_gives_the_sweeps_numbers(sweep: Sweep) -> None:
    place = RATES.index(0.562)
    _, printed = run_snippet(sweep_snippet(RATES[place], STEPS, SEEDS))
    rows = np.array([[float(word) for word in line.split()] for line in printed.splitlines()])
    np.testing.assert_allclose(rows[:, 1], sweep.losses[STEPS, place], rtol=1e-6)
    np.testing.assert_allclose(rows[:, 2], sweep.limits, rtol=1e-3)


def test_too_low_crawls_and_too_high_learns_nothing(sweep: Sweep) -> None:
    """Card 17: a rate too low falls smoothly and slowly, one too high is jagged, and one higher still fails."""
    slow, best = RATES.index(0.001), sweep.best()
    assert sweep.rises[slow].max() == 0
    assert (sweep.losses[-1, slow] > 0.9 * sweep.losses[0, slow]).all()
    assert RATES[best] in (0.562, 1.0)
    assert sweep.rises[best + 1].min() > 20
    for seed in range(len(SEEDS)):
        assert sweep.jagged[seed] < sweep.fails[seed]
        below = [place for place, rate in enumerate(RATES) if rate < sweep.jagged[seed]]
        assert (np.diff(sweep.losses[:, below, seed], axis=0) <= 0).all()
    dead = [place for place, rate in enumerate(RATES) if rate > sweep.fails.max()]
    assert (sweep.silent[dead] == 32).all()
    labels = load_data()[1][:EXAMPLES]
    shares = np.bincount(labels.numpy(), minlength=10) / EXAMPLES
    assert sweep.guessing == pytest.approx(-(shares * np.log(shares)).sum())
    np.testing.assert_allclose(sweep.losses[-1, dead], sweep.guessing, rtol=1e-3)


def test_the_edge_lies_beyond_what_the_curvature_at_the_start_allows(sweep: Sweep) -> None:
    np.testing.assert_allclose(sweep.limits * sweep.first_curvatures, 2)
    assert ((sweep.jagged / sweep.limits > 0.7) & (sweep.jagged / sweep.limits < 1.2)).all()
    assert ((sweep.fails / sweep.limits > 2) & (sweep.fails / sweep.limits < 6)).all()
    assert (sweep.curvatures[sweep.best()] < 0.7 * sweep.first_curvatures).all()


def test_losses_are_those_of_pytorch(sweep: Sweep) -> None:
    x, y, *_ = load_data()
    place, generator = RATES.index(0.1), torch.Generator().manual_seed(SEEDS[1])
    network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    for layer in (network[0], network[2]):
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
    network.double()
    optimiser = torch.optim.SGD(network.parameters(), 0.1)
    for step in range(20):
        loss = F.cross_entropy(network(x[:EXAMPLES]), y[:EXAMPLES])
        assert sweep.losses[step, place, 1] == pytest.approx(loss.item(), rel=1e-12)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@pytest.mark.parametrize("kind", KINDS)
def test_the_parabolas_snippet_gives_the_pages_numbers(kind: Kind) -> None:
    schedule = Schedule(kind, 0.5, 40)
    _, printed = run_snippet(parabola_snippet(schedule, seed=2, runs=50))
    mean, expected = (float(word) for word in printed.split())
    assert mean == pytest.approx(measure(schedule, 2, runs=50).end.mean, rel=1e-9)
    assert expected == pytest.approx(expect(schedule.rates())[-1], rel=1e-9)
