"""What snippets print, held against the library."""

import json
import math

import numpy as np
import pytest

from explorer.neurons.losses import LOSSES, one_hot, softmax
from explorer.neurons.snippets import (
    dense_snippet,
    mixed_snippet,
    one_hot_snippet,
    overflow_snippet,
    push_snippet,
    softmax_twice_snippet,
)
from explorer.neurons.two_classes import COMPARED, best_answer, push
from tests.pages.opening import run_snippet


def numbers_of(code: str) -> list[float]:
    return [float(word) for word in run_snippet(code)[1].split()]


def test_the_sigmoid_that_overflows() -> None:
    textbook, other, pytorchs = numbers_of(overflow_snippet(100))
    assert math.isnan(textbook)
    assert other == pytorchs == 1


def test_numbers_of_a_layer() -> None:
    count, difference = numbers_of(dense_snippet(64, 10))
    assert count == 650
    assert difference < 1e-14


@pytest.mark.parametrize("behind", [0, 8])
def test_pushes(behind: int) -> None:
    expected = [push(loss, 1 / (1 + math.exp(behind))) for loss in COMPARED]
    np.testing.assert_allclose(numbers_of(push_snippet(behind)), expected, rtol=1e-9)


def test_mixed_labels() -> None:
    tried = np.linspace(0.001, 0.999, 999)
    expected = [best_answer(loss, 0.7, tried) for loss in COMPARED]
    np.testing.assert_allclose(numbers_of(mixed_snippet(0.7)), expected, rtol=1e-12)


def test_a_row_looked_up() -> None:
    _, printed = run_snippet(one_hot_snippet([[1.5, -2.0], [3.0, 4.25]], 1))
    assert json.loads(f"[{printed.strip().replace('] [', '], [')}]") == [[3.0, 4.25]] * 2


def test_a_softmax_too_many() -> None:
    logits = np.array([2.0, 1.0, -1.0])
    right, gradient, wrong, smaller = numbers_of(softmax_twice_snippet(logits.tolist(), 1))
    cross_entropy, truth = LOSSES["cross_entropy"], one_hot(1, 3)
    assert right == pytest.approx(cross_entropy.value(logits, truth))
    assert gradient == pytest.approx(cross_entropy.gradient(logits, truth)[1])
    p = softmax(logits)
    assert wrong == pytest.approx(cross_entropy.value(p, truth))
    jacobian = np.diag(p) - np.outer(p, p)
    assert smaller == pytest.approx((jacobian @ cross_entropy.gradient(p, truth))[1])
