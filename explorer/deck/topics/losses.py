"""Exercises on softmax and losses: from logits to probabilities, what is minimised, and its gradient."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from explorer.deck.card import Draw, Drawn
from explorer.neurons.losses import LOSSES, log_softmax, one_hot, softmax


def _row(values: ArrayLike, form: str = "g") -> str:
    return f"$({', '.join(f'{value:{form}}' for value in np.asarray(values))})$"


def _draw_logits(numbers: random.Random, count: int = 3) -> list[float]:
    return [numbers.randint(-30, 30) / 10 for _ in range(count)]


def _draw_softmax(numbers: random.Random) -> Drawn:
    logits = _draw_logits(numbers)
    return Drawn(
        f"What is the softmax of {_row(logits)}?",
        f"{_row(softmax(logits), '.3f')}: each $e^z$ over the sum of all three.",
    )


def _draw_one_hot(numbers: random.Random) -> Drawn:
    names = numbers.sample(("cat", "dog", "fox", "owl", "bee"), 3)
    table = np.array([[numbers.randint(-9, 9) for _ in range(2)] for _ in names])
    chosen = numbers.randrange(3)
    hot = one_hot(chosen, 3)
    rows = ", ".join(_row(row) for row in table.tolist())
    return Drawn(
        f"The classes are {', '.join(names)}, in this order. What is the one-hot vector of {names[chosen]}, and what "
        f"is it times the matrix with the rows {rows}?",
        f"{_row(hot)}; times the matrix it is {_row(hot @ table)}, the row of {names[chosen]}.",
    )


def _draw_loss_and_accuracy(numbers: random.Random) -> Drawn:
    shares = [numbers.choice([place for place in range(5, 100, 5) if place != 50]) / 100 for _ in range(4)]
    both = np.array([[share, 1 - share] for share in shares])
    value = LOSSES["cross_entropy"].value(np.log(both), one_hot([0] * 4, 2)).mean()
    right = (both[:, 0] > both[:, 1]).mean()
    return Drawn(
        f"Two classes, four examples; what was true got the probabilities {_row(shares)}. What are the accuracy and "
        f"the mean cross-entropy?",
        f"Accuracy **{100 * right:.0f} %**, loss **{value:.3f}**.",
    )


def _draw_mean_squared_error(numbers: random.Random) -> Drawn:
    truth, predicted = ([numbers.randint(-30, 30) / 10 for _ in range(3)] for _ in range(2))
    errors = np.subtract(predicted, truth)
    return Drawn(
        f"True values {_row(truth)}, predictions {_row(predicted)}: what is the mean squared error?",
        f"**{np.mean(errors**2):.4f}**, the mean of the squares {_row(errors**2, '.2f')}.",
    )


def _draw_binary(numbers: random.Random) -> Drawn:
    logit, truth = numbers.choice((-1, 1)) * numbers.randint(1, 40) / 10, numbers.randint(0, 1)
    loss = LOSSES["binary_cross_entropy"]
    z, y = np.array([logit]), np.array([float(truth)])
    return Drawn(
        f"Two classes, one logit: ${logit:g}$, and the truth is {truth}. What is the loss, and its slope by the logit?",
        f"The loss is **{float(loss.value(z, y)):.3f}**; its slope is $\\sigma(z) - y = "
        f"{float(loss.gradient(z, y)[0]):.3f}$.",
    )


def _draw_cross_entropy(numbers: random.Random) -> Drawn:
    logits, true = _draw_logits(numbers), numbers.randrange(3)
    loss = LOSSES["cross_entropy"]
    z, y = np.array(logits), one_hot(true, 3)
    return Drawn(
        f"Logits {_row(logits)}, and the {('first', 'second', 'third')[true]} class is true. What are the "
        f"cross-entropy and its gradient by the logits?",
        f"The loss is **{float(loss.value(z, y)):.3f}**; the gradient is $p - y$: {_row(loss.gradient(z, y), '.3f')}.",
    )


def _draw_without_log(numbers: random.Random) -> Drawn:
    z, y = np.array([float(numbers.randint(3, 9)), numbers.choice((-1, 1)) * numbers.randint(1, 9) / 10]), one_hot(1, 2)
    with_log, without = (LOSSES[name].gradient(z, y)[0] for name in ("cross_entropy", "probability"))
    return Drawn(
        rf"Logits {_row(z)}, and the second class is true. What is the slope by the first logit, of $-\log p$ and of "
        "$-p$?",
        f"**{with_log:.5f}** with the logarithm, **{without:.5f}** without.",
    )


def _draw_log_softmax(numbers: random.Random) -> Drawn:
    top = numbers.randint(800, 2000)
    logits = [float(top), float(top - numbers.randint(1, 4)), float(top - numbers.randint(5, 900))]
    numbers.shuffle(logits)
    return Drawn(
        f"What is the log-softmax of {_row(logits)}? No calculator can raise $e$ to these.",
        f"{_row(log_softmax(logits), '.4f')}: take the largest off first, then $z - \\log \\sum e^z$.",
    )


DRAWS: Final[Mapping[int, Draw]] = {
    5: _draw_softmax,
    8: _draw_one_hot,
    10: _draw_loss_and_accuracy,
    11: _draw_mean_squared_error,
    12: _draw_binary,
    13: _draw_cross_entropy,
    14: _draw_without_log,
    15: _draw_log_softmax,
}
