"""One LSTM cell by hand against PyTorch's, and gates that are held."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.sequences.memory.lstm_cell import (
    CellRun,
    Gate,
    Hold,
    cell_snippet,
    hold_each_step,
    run_by_torch,
    run_cell,
)
from explorer.sequences.next_letter import Recipe, train_in_slices
from explorer.slices import finish
from tests.pages.opening import run_snippet
from tests.sequences.test_unrolled import draw_weights

NUMBERS = np.array([0, 2, 1, 1, 2, 0])
WEIGHTS = draw_weights(3, 4, gates=4)


@given(st.integers(1, 5), st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 99))
def test_the_cell_is_pytorchs(letters: int, read: list[int], seed: int) -> None:
    weights = draw_weights(letters, 4, gates=4, seed=seed)
    numbers = np.array([number % letters for number in read])
    run = run_cell(weights, numbers)
    cell = nn.LSTMCell(letters, 4, dtype=torch.float64)
    with torch.no_grad():
        for parameter, values in zip(
            cell.parameters(), (weights.inward, weights.onward, weights.bias, 0 * weights.bias), strict=True
        ):
            parameter.copy_(torch.from_numpy(values))
        state = torch.zeros(2, 4, dtype=torch.float64)
        for step, number in enumerate(numbers):
            np.testing.assert_allclose(run.before[step], state[1], atol=1e-12)
            state = torch.stack(cell(torch.eye(letters, dtype=torch.float64)[number], tuple(state)))
            np.testing.assert_allclose(run.hidden[step], state[0], atol=1e-12)
            np.testing.assert_allclose(run.cell[step], state[1], atol=1e-12)
    shown, end = run_by_torch(weights, numbers)
    np.testing.assert_allclose(shown, run.hidden, atol=1e-12)
    np.testing.assert_allclose(end, run.cell[-1], atol=1e-12)


def test_forget_open_and_input_shut_keep_the_memory_bit_for_bit() -> None:
    run = run_cell(WEIGHTS, NUMBERS, [Hold("forget", 1.0, 1, 5), Hold("input", 0.0, 1, 5)])
    assert all(np.array_equal(cell, run.cell[0]) for cell in run.cell)
    np.testing.assert_array_equal(run.cell[0], run_cell(WEIGHTS, NUMBERS).cell[0])


@pytest.mark.parametrize("gate", ["input", "forget", "output"])
def test_a_gate_is_held_where_it_is_said_and_nowhere_else(gate: Gate) -> None:
    free, held = run_cell(WEIGHTS, NUMBERS), run_cell(WEIGHTS, NUMBERS, [Hold(gate, 0.0, 2, 3, unit=1)])
    values = getattr(held, gate)
    assert (values[2:4, 1] == 0).all()
    assert (np.delete(values, 1, axis=1) > 0).all()
    assert (values[[0, 1, 4, 5], 1] > 0).all()
    for name in CellRun.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(free, name)[:2], getattr(held, name)[:2])
    assert not np.array_equal(free.hidden[2:], held.hidden[2:])
    if gate == "output":
        assert held.hidden[2, 1] == 0
        np.testing.assert_array_equal(free.cell[2], held.cell[2])
    elif gate == "forget":
        assert held.cell[2, 1] == held.input[2, 1] * held.candidate[2, 1]
    else:
        assert held.cell[2, 1] == held.forget[2, 1] * held.before[2, 1]


def test_every_step_in_turn() -> None:
    """A forget gate shut at one step: the rest is an LSTM that begins there, the state shown before it kept."""
    ends = hold_each_step(WEIGHTS, NUMBERS, "forget", 0.0)
    free = run_cell(WEIGHTS, NUMBERS[:-1])
    layer = nn.LSTM(3, 4, dtype=torch.float64)
    give = partial(torch.tensor, dtype=torch.float64)
    with torch.no_grad():
        for parameter, values in zip(
            layer.parameters(), (WEIGHTS.inward, WEIGHTS.onward, WEIGHTS.bias, 0 * WEIGHTS.bias), strict=True
        ):
            parameter.copy_(give(values))
        for step, end in enumerate(ends):
            before = free.hidden[step - 1] if step else np.zeros(4)
            x = torch.eye(3, dtype=torch.float64)[NUMBERS[step:-1]]
            shown, _ = layer(x, (give(before)[None], torch.zeros(1, 4, dtype=torch.float64)))
            logits = give(WEIGHTS.out) @ shown[-1] + give(WEIGHTS.out_bias)
            assert end == pytest.approx(logits.softmax(0)[NUMBERS[-1]].item(), abs=1e-12)


@pytest.mark.parametrize("holds", [(), (Hold("forget", 0.0, 1, 2), Hold("input", 1.0, 2, 3, unit=0))])
def test_the_program_to_take_along_ends_alike(holds: tuple[Hold, ...]) -> None:
    recipe = Recipe("abacb", "lstm", 4, steps=3)
    (trained,) = finish(train_in_slices([recipe]))
    names, printed = run_snippet(cell_snippet(recipe, holds))
    run = run_cell(trained.weights, recipe.numbers[:-1], holds)
    np.testing.assert_allclose(names["c"], run.cell[-1], atol=1e-12)
    assert names["last"] == pytest.approx(run.probabilities[-1, recipe.numbers[-1]], abs=1e-12)
    assert (float(printed.splitlines()[-1]) < 1e-12) is not bool(holds)
