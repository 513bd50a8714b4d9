from collections.abc import Callable
from functools import cache
from inspect import signature
from math import cos, isfinite, pi, sin, sqrt

import torch
from torch import optim

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order

Rule = Callable[[float], Callable[[float], float]]  # a gradient to what is subtracted, for each weight anew


def sgd(rate: float, beta: float = 0.0) -> Callable[[float], float]:
    v = 0.0

    def step(g: float) -> float:
        nonlocal v
        v = beta * v + g
        return rate * v

    return step


def momentum(rate: float) -> Callable[[float], float]:
    return sgd(rate, 0.9)


def adagrad(rate: float) -> Callable[[float], float]:
    s = 0.0

    def step(g: float) -> float:
        nonlocal s
        s += g * g
        return rate * g / (sqrt(s) + 1e-10)

    return step


def rmsprop(rate: float, rho: float = 0.99) -> Callable[[float], float]:
    s = 0.0

    def step(g: float) -> float:
        nonlocal s
        s = rho * s + (1 - rho) * g * g
        return rate * g / (sqrt(s) + 1e-8)

    return step


def adam(rate: float) -> Callable[[float], float]:
    m = s = 0.0
    t = 0

    def step(g: float) -> float:
        nonlocal m, s, t
        m, s, t = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g, t + 1
        return rate * (m / (1 - 0.9**t)) / (sqrt(s / (1 - 0.999**t)) + 1e-8)

    return step


def test_the_rules_are_those_of_pytorch() -> None:
    gradients = [3.0, -1.0, 0.5, 2.0, -4.0]
    for rule, make in (
        (sgd, lambda w: optim.SGD(w, 0.1)),
        (momentum, lambda w: optim.SGD(w, 0.1, momentum=0.9)),
        (adagrad, lambda w: optim.Adagrad(w, 0.1)),
        (rmsprop, lambda w: optim.RMSprop(w, 0.1)),
        (adam, lambda w: optim.Adam(w, 0.1)),
    ):
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimiser, step, place = make([weight]), rule(0.1), 0.0
        for gradient in gradients:
            weight.grad = torch.tensor([gradient], dtype=torch.float64)
            optimiser.step()
            place -= step(gradient)
            assert abs(weight.item() - place) < 1e-12


@cache
def valley(rule: Rule, degrees: int) -> int:
    """Steps from (1, 0.3) to a loss of 1e-6 at the best of 13 rates, curvatures 1 and 100, the valley turned."""
    c, s = cos(degrees * pi / 180), sin(degrees * pi / 180)
    fewest = 2000
    for exponent in range(13):
        rules = [rule(10 ** (exponent / 4 - 3)) for _ in range(2)]
        x, y = c - 0.3 * s, s + 0.3 * c
        for step in range(1, fewest):
            along, across = c * x + s * y, 100 * (c * y - s * x)
            x, y = x - rules[0](c * along - s * across), y - rules[1](s * along + c * across)
            loss = ((c * x + s * y) ** 2 + 100 * (c * y - s * x) ** 2) / 2
            if loss < 1e-6 or not isfinite(loss) or loss > 1e12:
                fewest = step if loss < 1e-6 else fewest
                break
    return fewest


def settled(step: Callable[[float], float], gradients: Callable[[int], float], steps: int = 3000) -> float:
    for number in range(steps):
        last = step(gradients(number))
    return last


@check(57)
def test_sum_of_gradients() -> Recomputed:
    return {"0.9", "1", f"{settled(momentum(1.0), lambda _: 1.0):.0f}"}


@check_draws(57)
def test_drawn_momentum(exercise: Drawn) -> Recomputed:
    beta, rate, _, *gradients = map(float, numerals_in_order(exercise.question))
    v, values = 0.0, []
    for gradient in gradients:
        v = beta * v + gradient
        values.append(round(v, 12) + 0.0)
    assert numerals_in_order(exercise.answer)[:3] == [f"{value:.4g}" for value in values]
    return {f"{round(rate * v, 12) + 0.0:.4g}", *(f"{value:.4g}" for value in values)}


@check(58)
def test_valley() -> Recomputed:
    plain, carried = {valley(sgd, turn) for turn in (0, 45)}, {valley(momentum, turn) for turn in (0, 45)}
    assert len(plain) == len(carried) == 1
    return {"45", "1", "100", "0.3", "1e-6", "13", "0.001", "0.9", *map(str, plain), *map(str, carried)}


@check(59)
def test_constant_and_alternating() -> Recomputed:
    constant = settled(momentum(1.0), lambda _: 1.0)
    alternating = abs(settled(momentum(1.0), lambda number: (-1.0) ** number))
    return {"0.9", f"{constant:.0f}", f"{alternating:.3f}"}


@check_draws(59)
def test_drawn_reach(exercise: Drawn) -> Recomputed:
    beta = float(numerals_in_order(exercise.question)[0])
    constant = settled(sgd(1.0, beta), lambda _: 1.0)
    alternating = abs(settled(sgd(1.0, beta), lambda number: (-1.0) ** number))
    return {f"{constant:.4g}", f"{alternating:.4g}"}


@check(60)
def test_adagrad() -> Recomputed:
    steps = {count: settled(adagrad(0.1), lambda _: 7.0, count) for count in (1, 10, 100, 400)}
    sizes = {f"{size:.2g}" for size in steps.values()}
    return {"0.1", *map(str, steps), *sizes, "45", f"{valley(adagrad, 0)}", f"{valley(adagrad, 45)}"}


@check_draws(60)
def test_drawn_adagrad(exercise: Drawn) -> Recomputed:
    rate, *gradients = map(float, numerals_in_order(exercise.question))
    step = adagrad(rate)
    *_, last = map(step, gradients)
    return {f"{last:.4g}", f"{sum(gradient * gradient for gradient in gradients):.0f}"}


@check(61)
def test_root_mean_square() -> Recomputed:
    gradients = torch.tensor([3.0, -3.0, 3.0, -3.0])
    mean, root = gradients.mean(), gradients.square().mean().sqrt()
    steps = {f"{valley(rmsprop, 0)}", f"{round(valley(rmsprop, 45), -1)}"}  # its last steps depend on the rounding
    return {f"{mean:.0f}", f"{root:.0f}", "-3", "45", *steps}


@check(62)
def test_first_and_last_step() -> Recomputed:
    default = signature(optim.RMSprop).parameters["alpha"].default
    first, last = (settled(rmsprop(1.0, default), lambda _: 5.0, count) for count in (1, 3000))
    return {f"{default}", f"{first:.0f}", f"{last:.0f}", "0"}


@check_draws(62)
def test_drawn_rmsprop(exercise: Drawn) -> Recomputed:
    rho, rate, _, first, second = map(float, numerals_in_order(exercise.question))
    s = rho * (1 - rho) * first**2 + (1 - rho) * second**2
    return {f"{s:.4g}", f"{rate * second / sqrt(s):.4g}"}


@check(63)
def test_forgetting() -> Recomputed:
    rate, count = 0.1, 400
    faded, kept = (settled(rule(rate), lambda _: 2.0, steps) for rule, steps in ((adagrad, count), (rmsprop, 3000)))
    return {f"{rate}", f"{count}", f"{faded:.3f}", f"{kept:.1f}"}


@check(64)
def test_decoupled_decay() -> Recomputed:
    """AdamW shrinks a weight without a gradient by rate times decay; in Adam the decay goes through the division."""
    moved = []
    for make in (optim.AdamW, optim.Adam):
        weight = torch.ones(1, requires_grad=True)
        weight.grad = torch.zeros(1)
        make([weight], lr=0.1, weight_decay=0.01).step()
        moved.append(round(1 - weight.item(), 4))
    assert moved == [0.001, 0.1]
    return set()


@check(65)
def test_first_step_of_adam() -> Recomputed:
    assert abs(adam(1.0)(0.02) - 1) < 1e-5
    m, s = 0.1 * 0.02, 0.001 * 0.02**2
    return {f"{m / sqrt(s):.2f}", "0"}


@check(66)
def test_slow_correction() -> Recomputed:
    s = 0.0
    for _ in range(100):
        s = 0.999 * s + 0.001 * 4.0
    return {"0.999", "100", f"{100 * s / 4:.1f}"}


@check_draws(66)
def test_drawn_adam(exercise: Drawn) -> Recomputed:
    rate, *_, first, second = map(float, numerals_in_order(exercise.question))
    step = adam(rate)
    return {f"{step(first):.4g}", f"{step(second):.4g}"}


@check(67)
def test_defaults() -> Recomputed:
    defaults = {name: each.default for name, each in signature(optim.Adam).parameters.items()}
    decay = signature(optim.AdamW).parameters["weight_decay"].default
    betas = defaults["betas"]
    return {
        f"{defaults['lr']}",
        f"{defaults['eps']}",
        f"{decay}",
        *map(str, betas),
        *(f"{steps_to_half(beta)}" for beta in betas),
    }


@check_draws(67)
def test_drawn_half(exercise: Drawn) -> Recomputed:
    return {f"{steps_to_half(float(numerals_in_order(exercise.question)[0]))}"}


def steps_to_half(beta: float) -> int:
    share, steps = 1.0, 0
    while share > 0.5:
        share, steps = share * beta, steps + 1
    return steps
