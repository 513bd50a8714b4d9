from math import log

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(54)
def test_best_linear_code() -> Recomputed:
    digits = load_digits().data
    digits = digits - digits.mean(axis=0)
    code = 8
    variances = np.linalg.eigvalsh(np.cov(digits.T))[::-1]
    kept = variances[:code].sum() / variances.sum()
    # A linear autoencoder learned by least squares, decoder and encoder in turn: it comes near, and never passes.
    codes = digits @ np.random.default_rng(0).normal(size=(digits.shape[1], code))
    for _ in range(100):
        decoder = np.linalg.lstsq(codes, digits, rcond=None)[0]
        codes = digits @ np.linalg.pinv(decoder)
    learned = 1 - ((codes @ decoder - digits) ** 2).sum() / (digits**2).sum()
    assert kept - 1e-3 < learned <= kept + 1e-9
    return {f"{digits.shape[1]}", f"{code}", f"{100 * kept:.1f}"}


@check_draws(54)
def test_drawn_bottleneck(exercise: Drawn) -> Recomputed:
    pixels, code = map(int, numerals_in_order(exercise.question))
    return {f"{2 * pixels * code + pixels + code}"}


@check(55)
def test_stamps() -> Recomputed:
    def stamped(kernel: int, weight: torch.Tensor) -> set[float]:
        layer = nn.ConvTranspose2d(1, 1, kernel, stride=2, bias=False)
        with torch.no_grad():
            layer.weight.copy_(weight)
            inside = layer(torch.ones(1, 1, 8, 8))[0, 0, 4:-4, 4:-4]
        return {round(value, 4) for value in inside.flatten().tolist()}

    counts = stamped(3, torch.ones(3, 3))
    assert stamped(4, torch.ones(4, 4)) == {4}  # even
    values = stamped(4, torch.arange(16.0).square().reshape(4, 4))
    return {"3", "2", "4", *(f"{count:.0f}" for count in counts), f"{len(values)}"}


@check_draws(55)
def test_drawn_stamps(exercise: Drawn) -> Recomputed:
    *numbers, stride = list(map(int, numerals_in_order(exercise.question)))
    row, kernel = numbers[:3], numbers[3:]
    output = [0] * ((len(row) - 1) * stride + len(kernel))
    for place, value in enumerate(row):
        for offset, weight in enumerate(kernel):
            output[place * stride + offset] += value * weight
    assert numerals_in_order(exercise.answer) == list(map(str, output))
    return set(map(str, output))


@check(68)
def test_generator_gradients() -> Recomputed:
    believed = 0.01
    minimax, other = derivatives(believed)
    return {f"{believed}", f"{minimax:.2f}", f"{other:.2f}", "1"}


@check_draws(68)
def test_drawn_generator(exercise: Drawn) -> Recomputed:
    believed = float(numerals_in_order(exercise.question)[0])
    return {f"{derivative:.2f}" for derivative in derivatives(believed)}


def derivatives(believed: float) -> tuple[float, float]:
    """Of log(1 - D) and of -log D by the logit, by finite differences."""
    logit, h = log(believed / (1 - believed)), 1e-5

    def d(z: float) -> float:
        return 1 / (1 + np.exp(-z))

    return (
        (log(1 - d(logit + h)) - log(1 - d(logit - h))) / (2 * h),
        (log(d(logit - h)) - log(d(logit + h))) / (2 * h),
    )


@check(69)
def test_no_numbers_of_uses() -> Recomputed:
    return set()
