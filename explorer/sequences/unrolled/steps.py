"""The steps of a recurrent network of one layer, h = tanh(W_x x + W_h h + b) (Elman 1990), written out in float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.losses import softmax
from explorer.sequences.next_letter import Numbers, Weights


@dataclass(frozen=True, eq=False)
class Run:
    """What a network does with T letters, a row each.

    Attributes:
        before: (T, H) the state that a step begins with; zeros at first.
        inward: (T, H) W_x x, the column of the letter.
        onward: (T, H) W_h h.
        sums: (T, H) both and the bias.
        states: (T, H) the hyperbolic tangent of the sums, h.
        probabilities: (T, V) of the next letter, softmax(W_y h + b_y).
    """

    before: Numbers
    inward: Numbers
    onward: Numbers
    sums: Numbers
    states: Numbers
    probabilities: Numbers


@dataclass(frozen=True, eq=False)
class Joined:
    """One step by a single matrix, beside the same step by two.

    Attributes:
        matrix: (H, V + H) W_x and W_h side by side.
        vector: (V + H,) the one-hot letter and the state below it.
        product: (H,) matrix times vector.
        rounding: the largest difference from W_x x + W_h h in float64, where sums are rounded in another order.
        exact: the same in fractions, which round nothing.
    """

    matrix: Numbers
    vector: Numbers
    product: Numbers
    rounding: float
    exact: Fraction


def unroll(weights: Weights, numbers: NDArray[np.int64]) -> Run:
    """Lead a network through letters.

    Args:
        weights: of an RNN with tanh.
        numbers: (T,) each letter's place in the alphabet.
    """
    state = np.zeros(weights.onward.shape[1])
    steps = []
    for number in numbers:
        inward, onward = weights.inward[:, number], weights.onward @ state
        sums = inward + onward + weights.bias
        steps.append((state, inward, onward, sums, np.tanh(sums)))
        state = steps[-1][-1]
    before, all_inward, all_onward, all_sums, states = (np.stack(each) for each in zip(*steps, strict=True))
    written = softmax(states @ weights.out.T + weights.out_bias)
    return Run(before, all_inward, all_onward, all_sums, states, written)


def hot(number: int, of: int) -> Numbers:
    """(of,) a one at the letter's place, zeros elsewhere."""
    return np.eye(of)[number]


def join(weights: Weights, number: int, state: Numbers) -> Joined:
    """One step by [W_x | W_h] times [x; h], biases aside.

    Args:
        weights: of the network.
        number: the letter's place in the alphabet.
        state: (H,) before the step.
    """
    matrix = np.hstack([weights.inward, weights.onward])
    vector = np.concatenate([hot(number, weights.inward.shape[1]), state])
    product = matrix @ vector
    two = weights.inward @ hot(number, weights.inward.shape[1]) + weights.onward @ state
    exact = max(
        abs(_add_exactly(row, vector) - (Fraction(float(own)) + _add_exactly(back, state)))
        for row, own, back in zip(matrix, weights.inward[:, number], weights.onward, strict=True)
    )
    return Joined(matrix, vector, product, float(np.abs(product - two).max()), exact)


def _add_exactly(row: Numbers, vector: Numbers) -> Fraction:
    return sum((Fraction(float(w)) * Fraction(float(x)) for w, x in zip(row, vector, strict=True)), Fraction(0))


def look_up(table: Numbers, number: int) -> tuple[Numbers, Numbers, bool]:
    """A row of a table by a product with a one-hot row, and by looking.

    Args:
        table: (V, H) a row for each letter: W_x on its side.
        number: the row.

    Returns:
        Both rows (H,), and whether they are equal bit for bit.
    """
    multiplied, found = hot(number, len(table)) @ table, table[number]
    return multiplied, found, multiplied.tobytes() == np.ascontiguousarray(found).tobytes()


def run_by_torch(weights: Weights, numbers: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """(T, H) states by `nn.RNN` with the same weights, and (T, H) `nn.Embedding`'s rows of W_x."""
    import torch
    from torch import nn

    inward = torch.from_numpy(weights.inward)
    network = nn.RNN(inward.shape[1], len(inward), dtype=torch.float64)
    values = (inward, torch.from_numpy(weights.onward), torch.from_numpy(weights.bias), torch.zeros(len(inward)))
    letters = torch.from_numpy(numbers)
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), values, strict=True):
            parameter.copy_(value)
        states, _ = network(nn.functional.one_hot(letters, inward.shape[1]).double())
        rows = nn.Embedding.from_pretrained(inward.T)(letters)
    return states.numpy(), rows.numpy()


def find_twice(text: str) -> tuple[int, int] | None:
    """Two steps, from 0, that read the same letter before different ones; None where no letter has two followers."""
    for second in range(1, len(text) - 1):
        for first in range(second):
            if text[first] == text[second] and text[first + 1] != text[second + 1]:
                return first, second
    return None
