"""The figures of the part on a real network: which pieces are dotted, ticks on every scale, losses that are nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.rendering import LossRow, PlanePath, loss_rows, plane_map, two_losses


def test_a_piece_is_dotted_where_the_losses_have_parted_at_one_of_its_ends() -> None:
    places = np.array([[0.0, 0], [1, 0], [2, 1], [3, 1]])
    path = PlanePath("Adam", 5, "#56b4e9", places, np.array([False, False, True, False]), ["note"] * 4)
    axis = np.linspace(-1, 4, 6)
    figure = plane_map(axis, axis, np.full((6, 6), 0.5), [path], "Loss")
    solid, dotted, marks = (trace for trace in figure.data if trace.legendgroup == "Adam")
    assert (solid.line.dash, dotted.line.dash) == (None, "dot")
    assert [None if np.isnan(x) else x for x in solid.x] == [0, 1, None]
    assert [None if np.isnan(x) else x for x in dotted.x] == [1, 2, None, 2, 3, None]
    assert list(marks.x) == [0, 1, 2, 3]


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=6))
def test_every_scale_has_ticks_among_its_losses(losses: list[float]) -> None:
    values = np.array(losses)
    figure = two_losses(range(len(losses)), values, values[::-1], "Losses")
    low, high = figure.layout.yaxis.range
    shown = np.log10(np.maximum(losses, 1e-16))
    assert low < shown.min() <= shown.max() < high
    ticks = np.log10(figure.layout.yaxis.tickvals)
    assert (low <= ticks).all()
    assert (ticks <= high).all()
    assert len(ticks) <= 8
    assert len(ticks) >= 2


def test_rows_have_rings_and_an_interval_where_there_is_one() -> None:
    rows = [LossRow("Adam", "#000000", [0.1, 0.2], (0.15, 0.1, 0.3)), LossRow("SGD", "#000000", [], None)]
    figure = loss_rows(rows, "Losses")
    rings, mean, nothing = figure.data
    assert list(rings.x) == [0.1, 0.2]
    assert (mean.x[0], mean.error_x.array[0], mean.error_x.arrayminus[0]) == pytest.approx((0.15, 0.15, 0.05))
    assert len(nothing.x) == 0
