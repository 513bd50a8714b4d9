"""The program that the part on a real network hands over: plain PyTorch, and the same races."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.real_network.loss_plane import cast_shadow, fit_plane
from explorer.learning.real_network.networks import Task, measure_losses
from explorer.learning.real_network.races import race
from explorer.learning.real_network.snippet import race_snippet
from explorer.neurons.points import point_set
from explorer.slices import finish
from tests.pages.opening import run_snippet


@pytest.mark.parametrize(
    ("task", "names", "steps", "tolerance"),
    [(Task(point_set("circles")), [*OPTIMISERS], 8, 1e-6), (Task(None), ["AdaGrad", "AdamW"], 3, 1e-3)],
    ids=["points", "digits"],
)
def test_it_gives_the_losses_of_the_page(task: Task, names: list[str], steps: int, tolerance: float) -> None:
    runs = [finish(race(task, name, 5, steps)) for name in names]
    code = race_snippet(task, runs, 5)
    assert "explorer" not in code
    made, printed = run_snippet(code)
    plane = fit_plane([run.path for run in runs])
    assert float(printed.split()[4]) == pytest.approx(sum(plane.explained), rel=tolerance)
    for run in runs:
        shadow = cast_shadow(plane, run.path, run.losses, lambda numbers: measure_losses(task, numbers))
        np.testing.assert_allclose(made["paths"][run.name], run.path, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(made["true"][run.name], shadow.true, rtol=tolerance)
        np.testing.assert_allclose(made["drawn"][run.name], shadow.drawn, rtol=tolerance)
