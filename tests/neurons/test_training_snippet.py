"""The program that the page hands over: plain PyTorch, and the same numbers."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from explorer.neurons.points import point_set
from explorer.neurons.snippets import training_snippet
from explorer.neurons.training import Edit, Recipe, train
from tests.neurons.test_perceptron import gradient_of

PLAIN = Recipe((3,), "tanh", "cross_entropy", 0.3, 2)


@pytest.mark.parametrize(
    "recipe",
    [
        PLAIN,
        replace(PLAIN, hidden=(), loss="probability"),
        replace(PLAIN, hidden=(8, 2), activation="leaky_relu", loss="binary_cross_entropy", clears=False, rate=0.01),
        replace(PLAIN, activation="linear", loss="squared_error", edits=(Edit(0, 1, 0.5), Edit(6, 3, -2.0))),
        replace(PLAIN, activation="sigmoid"),
        replace(PLAIN, activation="relu"),
    ],
)
def test_it_gives_the_numbers_of_the_page(recipe: Recipe) -> None:
    points = point_set("blobs", 3)
    code = training_snippet(points, recipe, 12)
    assert "explorer" not in code
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "snippet", "exec"), names)
    state = train(points, recipe, 12)
    np.testing.assert_allclose(names["losses"], state.losses, rtol=1e-9)
    numbers = nn.utils.parameters_to_vector(names["network"].parameters()).detach().numpy()
    np.testing.assert_allclose(numbers, state.net.numbers, rtol=1e-9, atol=1e-12)
    assert float(printed.getvalue().split()[0]) == pytest.approx(state.losses[-1], rel=1e-9)
    if recipe.clears:
        gradient = np.concatenate([each.grad.numpy().ravel() for each in names["network"].parameters()])
        expected = gradient_of(state.net, points.places, np.array(points.classes), recipe.loss)
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-13)
