"""Races against `torch.optim` with one network alone, written here; what a start is, and how rates are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.learning.real_network import races
from explorer.learning.real_network.networks import BATCH, Task, build, first_numbers, measure_losses
from explorer.learning.real_network.races import (
    RATES,
    TUNING,
    Lane,
    in_decades,
    kept_steps,
    race,
    race_alone,
    repeat,
    train,
)
from explorer.neurons.digits import load_digits
from explorer.neurons.points import point_set
from explorer.slices import finish

T = TypeVar("T")
STEPS = 12
POINTS = Task(point_set("moons"))
DIGITS = Task(None)
PLAIN: dict[str, Callable[[Any, float], torch.optim.Optimizer]] = {
    "SGD": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate),
    "Momentum": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9),
    "Nesterov": lambda parameters, rate: torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True),
    "AdaGrad": lambda parameters, rate: torch.optim.Adagrad(parameters, lr=rate),
    "RMSProp": lambda parameters, rate: torch.optim.RMSprop(parameters, lr=rate),
    "Adam": lambda parameters, rate: torch.optim.Adam(parameters, lr=rate),
    "AdamW": lambda parameters, rate: torch.optim.AdamW(parameters, lr=rate),
}


def plain_network(task: Task, seed: int) -> nn.Sequential:
    """As a person writes it."""
    torch.manual_seed(seed)
    if task is POINTS:
        made = (nn.Linear(2, 16, dtype=torch.float64), nn.Linear(16, 16, dtype=torch.float64))
        return nn.Sequential(made[0], nn.Tanh(), made[1], nn.Tanh(), nn.Linear(16, 2, dtype=torch.float64))
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU()),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
    )


def plain_training(task: Task, name: str, lane: Lane, steps: int) -> list[np.ndarray]:
    """All numbers after each step, by PyTorch alone."""
    network = plain_network(task, lane.seed)
    optimiser = PLAIN[name](network.parameters(), lane.rate)
    if task is POINTS:
        assert task.points
        x, y = torch.tensor(task.points.rows, dtype=torch.float64), torch.tensor(task.points.classes)
        batches = [torch.arange(len(y))] * steps
    else:
        data = load_digits()
        x, y = torch.tensor(data.images[data.training])[:, None], torch.tensor(data.labels[data.training])
        batches = [
            *torch.randperm(len(y), generator=torch.Generator().manual_seed(lane.seed))[: steps * BATCH].split(BATCH)
        ]
    path = [nn.utils.parameters_to_vector(network.parameters()).detach().numpy().copy()]
    for batch in batches:
        network.zero_grad()
        F.cross_entropy(network(x[batch]), y[batch]).backward()
        optimiser.step()
        path.append(nn.utils.parameters_to_vector(network.parameters()).detach().numpy().copy())
    return path


@pytest.mark.parametrize("name", PLAIN)
def test_side_by_side_each_trains_as_torch_optim_alone(name: str) -> None:
    lanes = [Lane(3, 0.03), Lane(5, 0.3), Lane(3, 0.003)]
    paths = finish(train(POINTS, name, lanes, STEPS)).numpy()
    assert paths.shape == (STEPS + 1, len(lanes), first_numbers(POINTS, 0).numel())
    for number, lane in enumerate(lanes):
        np.testing.assert_allclose(paths[:, number], plain_training(POINTS, name, lane, STEPS), rtol=1e-9, atol=1e-11)


def test_the_digits_network_too_on_the_same_batches() -> None:
    lanes = [Lane(1, 0.01), Lane(2, 0.01)]
    paths = finish(train(DIGITS, "Momentum", lanes, 6)).numpy()
    for number, lane in enumerate(lanes):
        theirs = plain_training(DIGITS, "Momentum", lane, 6)
        np.testing.assert_allclose(paths[:, number], theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", [POINTS, DIGITS], ids=["points", "digits"])
def test_a_start_is_what_manual_seed_gives_and_asks_nothing_of_the_global_generator(task: Task) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    numbers = first_numbers(task, 4)
    build(task, "meta")
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(numbers, nn.utils.parameters_to_vector(plain_network(task, 4).parameters()).detach())


def test_a_race_is_run_at_the_rate_that_ends_lowest() -> None:
    run = finish(race(POINTS, "Adam", 2, STEPS))
    assert run.rate is not None
    assert run.steps == tuple(range(STEPS + 1))
    ends = []
    for rate in RATES:
        path = plain_training(POINTS, "Adam", Lane(2, rate), STEPS)
        ends.append(measure_losses(POINTS, np.stack(path[-1:]))[0])  # a tenth of twelve steps is one
        if rate == run.rate:
            np.testing.assert_allclose(run.path, path, rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(run.path[-1], race_alone(POINTS, run, 2), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(run.finals, ends, rtol=1e-6)
    assert run.rate == RATES[int(np.argmin(ends))]
    np.testing.assert_allclose(run.losses, measure_losses(POINTS, run.path))


def test_the_highest_loss_of_the_last_tenth_decides_and_no_lucky_last_step() -> None:
    steps = 60
    run = finish(race(POINTS, "RMSProp", 0, steps))
    lucky = 0
    for rate, final in list(zip(RATES, run.finals, strict=True))[:4]:  # higher ones magnify rounding
        path = np.stack(plain_training(POINTS, "RMSProp", Lane(0, rate), steps))
        losses = measure_losses(POINTS, path[list(kept_steps(steps)[-5:])])
        assert final == pytest.approx(losses.max(), rel=1e-6)
        lucky += int(losses[-1] < losses.max() == losses[1:].max())
    assert lucky


def test_starts_that_are_measured_had_no_part_in_the_rate() -> None:
    seed, count = 7, 3
    repeated = finish(repeat(POINTS, "RMSProp", seed, count, STEPS))
    tuning = [finish(race(POINTS, "RMSProp", seed + number, STEPS)).finals for number in range(1, TUNING + 1)]
    assert repeated.rate == RATES[int(np.log10(tuning).mean(axis=0).argmin())]
    for number, loss in enumerate(repeated.losses, 1):
        path = plain_training(POINTS, "RMSProp", Lane(seed + TUNING + number, repeated.rate), STEPS)
        assert loss == pytest.approx(measure_losses(POINTS, path[-1][None])[0], rel=1e-6)
    assert repeated.accuracies == ()


def test_accuracies_are_counted_on_held_out_digits() -> None:
    repeated = finish(repeat(DIGITS, "Adam", 0, 3, 4))
    assert repeated.rate is not None
    data = load_digits()
    network = plain_network(DIGITS, 0)
    path = plain_training(DIGITS, "Adam", Lane(1 + TUNING, repeated.rate), 4)
    nn.utils.vector_to_parameters(torch.from_numpy(path[-1]), network.parameters())
    right = network(torch.tensor(data.images[data.held_out])[:, None]).argmax(1).numpy() == data.labels[data.held_out]
    assert repeated.accuracies[0] == pytest.approx(right.mean(), abs=0.005)


def test_where_no_rate_ends_finite_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(races, "RATES", (1e308,))
    run = finish(race(POINTS, "SGD", 0, 4))
    assert run.rate is None
    assert run.finals == (np.inf,)
    with pytest.raises(ValueError, match="no rate"):
        race_alone(POINTS, run, 0)
    repeated = finish(repeat(POINTS, "SGD", 0, 3, 4))
    assert (repeated.rate, repeated.losses) == (None, (np.inf,) * 3)


@pytest.mark.parametrize("steps", [1, 7, 50, 60, 1000])
def test_kept_steps_go_from_the_first_to_the_last(steps: int) -> None:
    kept = kept_steps(steps)
    assert kept[0] == 0
    assert kept[-1] == steps
    assert len({*kept}) == len(kept) == min(steps, 50) + 1
    assert max(np.diff(kept)) - min(np.diff(kept)) <= 1


def test_losses_that_are_not_finite_and_those_that_are_nothing() -> None:
    numbers = first_numbers(POINTS, 0).numpy()
    assert np.isinf(measure_losses(POINTS, np.stack([numbers, numbers * np.nan]))).tolist() == [False, True]
    assert in_decades(np.array([0.0, 0.01, np.inf])).tolist() == [np.log10(2.0**-52), -2.0, np.inf]
