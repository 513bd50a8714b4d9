"""The steps of a recurrent network against PyTorch's, its two matrices as one, and its one-hot rows."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.rendering import step_boxes, vector_over_matrix
from explorer.sequences.next_letter import Numbers, Recipe, Weights
from explorer.sequences.unrolled.snippets import unrolled_snippet
from explorer.sequences.unrolled.steps import find_twice, join, look_up, run_by_torch, unroll
from tests.pages.opening import run_snippet


def draw_weights(letters: int, units: int, gates: int = 1, seed: int = 0) -> Weights:
    numbers = np.random.default_rng(seed)
    shapes = (gates * units, letters), (gates * units, units), (gates * units,), (letters, units), (letters,)
    return Weights(*(numbers.normal(size=shape) for shape in shapes))


@given(st.integers(1, 6), st.integers(3, 8), st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(0, 99))
def test_the_steps_are_pytorchs(letters: int, units: int, read: list[int], seed: int) -> None:
    weights = draw_weights(letters, units, seed=seed)
    numbers = np.array([number % letters for number in read])
    run = unroll(weights, numbers)
    cell = nn.RNNCell(letters, units, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.from_numpy(weights.inward))
        cell.weight_hh.copy_(torch.from_numpy(weights.onward))
        cell.bias_ih.copy_(torch.from_numpy(weights.bias))
        cell.bias_hh.zero_()
        h = torch.zeros(units, dtype=torch.float64)
        for step, number in enumerate(numbers):
            np.testing.assert_array_equal(run.before[step], run.states[step - 1] if step else 0)
            h = cell(torch.eye(letters, dtype=torch.float64)[number], h)
            np.testing.assert_allclose(run.states[step], h, atol=1e-12)
            written = torch.softmax(torch.from_numpy(weights.out) @ h + torch.from_numpy(weights.out_bias), 0)
            np.testing.assert_allclose(run.probabilities[step], written, atol=1e-12)
    np.testing.assert_array_equal(run.inward + run.onward + weights.bias, run.sums)
    states, rows = run_by_torch(weights, numbers)
    np.testing.assert_allclose(states, run.states, atol=1e-12)
    np.testing.assert_array_equal(rows, run.inward)


@given(st.integers(1, 6), st.integers(3, 8), st.integers(0, 999))
def test_one_matrix_is_two_and_a_product_is_a_look_up(letters: int, units: int, seed: int) -> None:
    weights = draw_weights(letters, units, seed=seed)
    state, number = np.tanh(draw_weights(1, units, seed=seed + 1).bias), seed % letters
    joined = join(weights, number, state)
    assert joined.matrix.shape == (units, letters + units)
    assert joined.exact == 0
    assert joined.rounding < 1e-14
    np.testing.assert_allclose(joined.product, weights.inward[:, number] + weights.onward @ state, atol=1e-14)
    multiplied, found, same = look_up(np.ascontiguousarray(weights.inward.T), number)
    assert same
    np.testing.assert_array_equal(multiplied, weights.inward[:, number])
    np.testing.assert_array_equal(found, weights.inward[:, number])


def test_a_zero_with_a_sign_is_not_the_same_bit_for_bit() -> None:
    assert not look_up(np.array([[-0.0], [1.0]]), 0)[2]


def test_without_w_h_the_same_letter_gives_the_same_state() -> None:
    run = unroll(draw_weights(4, 5).remember(0), np.array([0, 2, 1, 2]))
    np.testing.assert_array_equal(run.states[1], run.states[3])
    assert find_twice("hello") == (2, 3)
    assert find_twice("abc") is find_twice("aaaa") is find_twice("abab") is None


def test_the_program_to_take_along_gives_the_same_step() -> None:
    recipe = Recipe("abac", units=3, steps=3)
    names, printed = run_snippet(unrolled_snippet(recipe, 0.5, 3))
    weights = Weights(
        *(names[name].numpy() for name in ("w_x", "w_h")),
        (names["first"] + names["second"]).numpy(),
        *(each.detach().numpy() for each in names["head"].parameters()),
    )
    run = unroll(weights, recipe.numbers)
    np.testing.assert_allclose(names["h"], run.states[2], atol=1e-12)
    assert printed.splitlines()[-1] == "True"
    joined = join(weights, int(recipe.numbers[2]), run.before[2])
    np.testing.assert_allclose(names["joined"], joined.product, atol=1e-12)


def test_boxes_hold_the_states_of_their_steps() -> None:
    states: Numbers = np.arange(6, dtype=np.float64).reshape(3, 2) / 10
    figure = step_boxes(states, ["a", "<", "a"], ["b", "c", "d"], [4, 5, 6], 5, "Steps")
    (heat,) = figure.data
    assert [[row[2 * step] for row in heat.z] for step in range(3)] == states.tolist()
    assert [row[1] for row in heat.z] == [None, None]
    assert [shape.line.width for shape in figure.layout.shapes] == [1, 4, 1]
    told = [note.text for note in figure.layout.annotations]
    assert [text for text in told if text in ("b", "c", "d")] == ["b", "c", "d"]
    assert "<b>&lt;</b>" in told
    assert "0" not in told  # the first box is not the text's first step
    assert sum(note.showarrow for note in figure.layout.annotations) == 9


def test_the_vector_stands_over_the_matrix() -> None:
    matrix, vector = np.array([[1.0, -2.0, 0.5]]), np.array([1.0, 0.0, -0.25])
    figure = vector_over_matrix(matrix, vector, ["a", "b", "h1"], {"x": 2, "h": 1}, "Joined", 1)
    (heat,) = figure.data
    assert list(heat.text[0]) == ["1.00", "0.00", "−0.25"]
    assert list(heat.text[2]) == ["1.00", "−2.00", "0.50"]
    assert list(heat.z[2]) == [0.5, -1.0, 0.25]
    parted, framed = figure.layout.shapes
    assert (parted.x0, parted.x1) == (1.5, 1.5)
    assert (framed.x0, framed.x1) == (0.5, 1.5)
    assert [(note.text, note.x) for note in figure.layout.annotations] == [("x", 0.5), ("h", 2)]
