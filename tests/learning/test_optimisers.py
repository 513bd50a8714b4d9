"""Every rule with every flag held against `torch.optim` over 500 steps; what PyTorch lacks, against its paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import cos, radians, sin
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from explorer.learning.optimisers import OPTIMISERS, Ledger, Optimiser
from explorer.learning.terrain.descent import take_step, walk
from explorer.learning.terrain.surfaces import SURFACES, Surface
from explorer.learning.terrain.torch_descent import find_difference, find_step_difference, walk_by_torch
from tests.learning.losses import LOSSES

STEPS = 500
Flags = Mapping[str, Any]  # of a class in torch.optim, its name too

EVERY_FLAG: tuple[Flags, ...] = (
    {"name": "SGD"},
    {"name": "SGD", "momentum": 0.9},
    {"name": "SGD", "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
    {"name": "SGD", "momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
    {"name": "Adagrad"},
    {"name": "Adagrad", "lr_decay": 0.01, "weight_decay": 0.1, "eps": 1e-3},
    {"name": "RMSprop"},
    {"name": "RMSprop", "alpha": 0.9, "momentum": 0.9, "weight_decay": 0.1, "eps": 1e-3},
    {"name": "RMSprop", "centered": True, "momentum": 0.5, "weight_decay": 0.1},
    {"name": "Adam"},
    {"name": "Adam", "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1},
    {"name": "Adam", "amsgrad": True},
    {"name": "AdamW", "weight_decay": 0.01},
    {"name": "AdamW", "weight_decay": 0.3, "amsgrad": True, "betas": (0.4, 0.99)},
)


@st.composite
def flags(draw: st.DrawFn) -> Flags:
    """A class in `torch.optim` with whatever can be set."""
    name = draw(st.sampled_from(["SGD", "Adagrad", "RMSprop", "Adam", "AdamW"]))
    chosen: dict[str, Any] = {"name": name, "weight_decay": draw(st.sampled_from([0.0, 0.01, 0.3]))}
    if name == "SGD":
        momentum, dampening = draw(st.sampled_from([0.0, 0.5, 0.9, 0.99])), draw(st.sampled_from([0.0, 0.2, 1.0]))
        nesterov = bool(momentum) and not dampening and draw(st.booleans())
        return chosen | {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    chosen["eps"] = draw(st.sampled_from([1e-10, 1e-8, 1e-3]))
    if name == "Adagrad":
        return chosen | {"lr_decay": draw(st.sampled_from([0.0, 0.01, 1.0]))}
    if name == "RMSprop":
        centered = draw(st.booleans())
        # Centered, slopes that stay the same leave but rounding under the root, of PyTorch's too.
        alpha = draw(st.sampled_from([0.99, 0.999] if centered else [0.3, 0.9, 0.99]))
        chosen["weight_decay"] *= not centered
        return chosen | {"alpha": alpha, "centered": centered, "momentum": draw(st.sampled_from([0.0, 0.5, 0.9]))}
    betas = draw(st.sampled_from([0.0, 0.4, 0.9])), draw(st.sampled_from([0.5, 0.99, 0.999]))
    return chosen | {"amsgrad": draw(st.booleans()), "betas": betas}


def as_rule(given: Flags, rate: float) -> Optimiser:
    """The same for our own; PyTorch's defaults."""
    beta1, beta2 = given.get("betas", (0.9, 0.999))
    settings: dict[str, Any] = {"eps": 1e-10 if given["name"] == "Adagrad" else 1e-8, "beta1": beta1, "beta2": beta2}
    return Optimiser(rate=rate, **settings | {flag: value for flag, value in given.items() if flag != "betas"})


def by_pytorch(
    surface: Surface, loss: str, given: Sequence[Flags], rate: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """(rules, steps + 1, 2) places and (rules, steps, 2) slopes: the textbook's loss, autograd, `torch.optim`."""
    c, s = cos(radians(surface.angle)), sin(radians(surface.angle))
    turn = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    start = turn @ torch.tensor(surface.start, dtype=torch.float64)
    places = [start.clone().requires_grad_() for _ in given]
    optimisers = []
    for place, each in zip(places, given, strict=True):
        chosen = {flag: value for flag, value in each.items() if flag != "name"}
        optimisers.append(getattr(torch.optim, each["name"])([place], lr=rate, **chosen))
    path, slopes = [torch.stack(places).detach()], []
    for added in torch.from_numpy(surface.draw_noise(steps)):
        for optimiser in optimisers:
            optimiser.zero_grad()
        LOSSES[loss](*(turn.T @ torch.stack(places).T)).sum().backward()
        for place, optimiser in zip(places, optimisers, strict=True):
            place.grad += added
            optimiser.step()
        slopes.append(torch.stack([place.grad for place in places]))
        path.append(torch.stack(places).detach())
    return torch.stack(path, 1).numpy(), torch.stack(slopes, 1).numpy()


def far(path: np.ndarray, wanted: np.ndarray) -> float:
    """The largest distance, as a share of the place where it is beyond 1."""
    return float((abs(path - wanted) / np.maximum(1, abs(wanted))).max())


def replay(rule: Optimiser, place: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The places that the rule's steps lead to along given gradients."""
    ledger: Ledger = {}
    places = [place]
    for count, gradient in enumerate(gradients, 1):
        ledger = rule.step(np.array(rule.rate), count, ledger, places[-1], gradient)
        places.append(ledger["place"])
    return np.stack(places)


@settings(max_examples=settings.default.max_examples // 8, phases=(Phase.explicit, Phase.generate))
@given(
    st.lists(flags(), min_size=6, max_size=6),
    st.sampled_from(["valley", "rosenbrock", "plateau"]),
    st.sampled_from([0.0, 45.0, -30.0]),
    st.sampled_from([0.001, 0.01, 1.0]),
    st.booleans(),
)
@example(EVERY_FLAG, "valley", 45.0, 0.003, False)
@example(EVERY_FLAG, "rosenbrock", 0.0, 0.03, True)
def test_500_steps_are_pytorchs_whatever_the_flags(
    given: Sequence[Flags], loss: str, angle: float, rate: float, noisy: bool
) -> None:
    surface = replace(SURFACES[loss], angle=angle, noise=0.1 * noisy, seed=5)
    rules = [as_rule(each, rate) for each in given]
    paths = walk(surface, rules, surface.start, STEPS)
    nudged = (surface.start[0] * (1 + 4e-16), surface.start[1] * (1 + 4e-16))
    others = walk(surface, rules, nudged, STEPS)
    places, slopes = by_pytorch(surface, loss, given, rate, STEPS)
    for rule, path, other, wanted, along in zip(rules, paths, others, places, slopes, strict=True):
        end = len(path.places)
        # Along the same slopes every step is PyTorch's.
        assert far(replay(rule, wanted[0], along[: end - 1]), wanted[:end]) <= 1e-10, rule
        # Along its own the path is PyTorch's too; where it is chaotic, as far as the last digit lets it.
        both = min(end, len(other.places))
        moved = far(path.places[:both], other.places[:both])
        assert far(path.places, wanted[:end]) <= max(1e-10, 100 * moved), rule
        assert path.diverged == (None if end == STEPS + 1 else end)
        if path.diverged is not None:
            assert not max(*abs(wanted[end]), abs(surface.measure(*wanted[end]).value)) <= 0.99e12


def test_the_pages_own_check_is_the_same_pytorch() -> None:
    surface = replace(SURFACES["rosenbrock"], angle=45, noise=0.1, seed=5)
    rules = [as_rule(each, 0.003) for each in EVERY_FLAG]
    wanted, _ = by_pytorch(surface, "rosenbrock", EVERY_FLAG, 0.003, 50)
    np.testing.assert_allclose(walk_by_torch(surface, rules, surface.start, 50), wanted, rtol=1e-9)
    for rule, path, places in zip(rules, walk(surface, rules, surface.start, 50), wanted, strict=True):
        assert find_difference(path, places) <= 1e-10
        assert find_step_difference(surface, rule, surface.start, 50) <= 1e-10
        moved = places.copy()
        moved[len(path.places) // 2] += [0.25, 0]
        assert find_difference(path, moved) == pytest.approx(0.25 / max(1, abs(moved[len(path.places) // 2, 0])))


def by_hand(rule: Optimiser, gradients: np.ndarray) -> np.ndarray:
    """(N, 2) steps along (N, 2) gradients as the papers write them, the bias not corrected or no root taken."""
    m = v = total = 0
    steps = []
    for t, g in enumerate(gradients, 1):
        m, v, total = rule.beta1 * m + (1 - rule.beta1) * g, rule.beta2 * v + (1 - rule.beta2) * g**2, total + g**2
        over, square = {
            "Adagrad": (g, total),
            "RMSprop": (g, v),
            "Adam": (m / (1 - rule.beta1**t), v / (1 - rule.beta2**t)) if rule.bias_correction else (m, v),
        }[rule.name]
        steps.append(-rule.rate * over / ((np.sqrt(square) if rule.root else square) + rule.eps))
    return np.array(steps)


@pytest.mark.parametrize("name", ["Adagrad", "RMSprop", "Adam"])
@pytest.mark.parametrize(("corrects", "root"), [(False, True), (True, False), (False, False)])
def test_what_pytorch_cannot_leave_out_is_left_out_as_the_papers_have_it(name: str, corrects: bool, root: bool) -> None:
    rule = Optimiser(name, 0.1, alpha=0.99, beta2=0.99, bias_correction=corrects, root=root)
    gradients = np.random.default_rng(0).normal(size=(50, 2))
    places = replay(rule, np.zeros(2), gradients)
    np.testing.assert_allclose(np.diff(places, axis=0), by_hand(rule, gradients), rtol=1e-9)
    with pytest.raises(ValueError, match="always corrects the bias"):
        walk_by_torch(SURFACES["valley"], [rule], (1.0, 0.3), 1)


def test_what_cards_57_to_66_say_in_numbers() -> None:
    steady = np.ones((400, 2))

    def step(rule: Optimiser, count: int) -> float:
        places = replay(rule, np.zeros(2), steady[:count])
        return float(places[-2, 0] - places[-1, 0]) / rule.rate

    assert step(OPTIMISERS["Momentum"], 400) == pytest.approx(10)  # 1 / (1 - 0.9)
    assert [step(OPTIMISERS["AdaGrad"], count) for count in (1, 10, 100, 400)] == pytest.approx(
        [1, 10**-0.5, 0.1, 0.05]
    )
    forgets = replace(OPTIMISERS["RMSProp"], alpha=0.9)
    assert step(forgets, 1) == pytest.approx(10**0.5)
    assert step(forgets, 400) == pytest.approx(1)
    assert step(OPTIMISERS["Adam"], 1) == pytest.approx(1)
    assert step(replace(OPTIMISERS["Adam"], bias_correction=False), 1) == pytest.approx(10**0.5, rel=1e-5)  # 3.16


@given(flags(), st.integers(1, 40))
def test_a_ledger_has_every_number_of_its_step(given: Flags, step: int) -> None:
    surface, rule = SURFACES["valley"], as_rule(given, 0.003)
    ledger = take_step(surface, rule, surface.start, step)
    (path,) = walk(surface, [rule], surface.start, step)
    assert next(iter(ledger)) == "gradient"
    assert [*ledger][-2:] == ["step", "place"]
    np.testing.assert_array_equal(ledger["place"], path.places[step])
    np.testing.assert_allclose(ledger["gradient"], path.places[step - 1] * [1, 100], rtol=1e-12)
    before = ledger.get("shrunk place", path.places[step - 1])
    np.testing.assert_allclose(ledger["step"], ledger["place"] - before, atol=1e-14)
    if "divisor" in ledger:
        over = ledger.get("corrected m", ledger.get("decayed gradient", ledger["gradient"]))
        size = ledger.get("buffer", over / ledger["divisor"])
        rate = ledger.get("rate", np.full(2, rule.rate))
        np.testing.assert_allclose(ledger["step"], -rate * size, rtol=1e-12)
    assert ("m" in ledger) == rule.name.startswith("Adam")
    assert ("largest v" in ledger) == rule.amsgrad
    assert all(numbers.shape == (2,) for numbers in ledger.values())
