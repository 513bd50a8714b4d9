"""Two columns that share one rate, against autograd's Hessian, `torch.optim.SGD` and the closed form of a bowl."""

from math import ceil, inf, log

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from explorer.learning.scale.two_columns import NEAR, Columns
from explorer.learning.scale.two_columns_snippet import two_columns_snippet
from tests.pages.opening import run_snippet

SPREADS = st.floats(0.01, 100)
COLUMNS = st.builds(Columns, SPREADS, SPREADS, st.floats(-0.95, 0.95))


def loss_of(columns: Columns, w: torch.Tensor) -> torch.Tensor:
    x = torch.from_numpy(columns.rows)
    return torch.nn.functional.mse_loss(x @ w, x.sum(1)) / 2


@given(COLUMNS)
def test_the_rows_are_what_the_columns_say(columns: Columns) -> None:
    rows = columns.rows
    np.testing.assert_allclose(rows.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(rows.std(0), [columns.first, columns.second], rtol=1e-12)
    assert np.corrcoef(rows.T)[0, 1] == pytest.approx(columns.correlation, abs=1e-12)
    np.testing.assert_allclose(columns.normalised().rows, (rows - rows.mean(0)) / rows.std(0), atol=1e-12)


@given(COLUMNS)
def test_curvatures_are_those_of_autograds_hessian(columns: Columns) -> None:
    hessian = torch.autograd.functional.hessian(lambda w: loss_of(columns, w), torch.zeros(2, dtype=torch.float64))
    larger, smaller = columns.curvatures
    np.testing.assert_allclose(columns.hessian, hessian.numpy(), rtol=1e-12, atol=1e-14 * larger)
    # The sum and the product of a matrix's eigenvalues are its trace and its determinant.
    assert larger + smaller == pytest.approx(torch.trace(hessian).item())
    assert larger * smaller == pytest.approx(torch.linalg.det(hessian).item(), rel=1e-4)


@given(COLUMNS, st.floats(0.05, 1.2))
def test_the_way_is_that_of_pytorch(columns: Columns, share: float) -> None:
    rate = share * columns.largest_stable_rate
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser, theirs = torch.optim.SGD([w], rate), []
    for _ in range(31):
        theirs.append(w.tolist())
        optimiser.zero_grad()
        loss_of(columns, w).backward()
        optimiser.step()
    ours = columns.descend(rate, 30)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    losses = [loss_of(columns, torch.tensor(each, dtype=torch.float64)).item() for each in theirs]
    np.testing.assert_allclose(columns.loss(ours), losses, rtol=1e-6, atol=1e-12 * losses[0])


@given(COLUMNS)
def test_two_over_the_curvature_is_where_it_begins_to_diverge(columns: Columns) -> None:
    """Along the direction of the larger curvature, whose share of the first distance may be small."""
    larger = np.linalg.eigh(columns.hessian)[1][:, -1]
    below, above = (
        np.abs((columns.descend(times * columns.largest_stable_rate, 600)[[0, -1]] - 1) @ larger)
        for times in (0.99, 1.01)
    )
    assume(above[0] > 1e-6)
    assert below[1] < 1e-4 * below[0]
    assert above[1] > 1e4 * above[0]


def test_the_large_column_overshoots_and_normalised_columns_need_one_step() -> None:
    columns = Columns(100, 0.01)
    assert columns.curvatures == pytest.approx((1e4, 1e-4), rel=1e-12)
    assert columns.largest_stable_rate == pytest.approx(2e-4)
    first, second = columns.descend(0.99 * columns.largest_stable_rate, 1)[-1]
    assert first == pytest.approx(1.98)
    assert second == pytest.approx(1.98e-8)
    # A bowl with condition c loses (c - 1) / (c + 1) a step at the best rate.
    assert columns.count_steps(columns.best_rate) == pytest.approx(log(NEAR) / log((1e8 - 1) / (1e8 + 1)), rel=1e-6)
    assert columns.normalised().count_steps(1.0) == 1


@given(st.floats(1, 30), st.floats(1, 30), st.floats(-0.9, 0.9), st.floats(0.05, 0.999))
def test_steps_until_learned_are_enough_and_not_one_too_many(
    first: float, second: float, correlation: float, share: float
) -> None:
    columns = Columns(first, second, correlation)
    rate = share * columns.largest_stable_rate
    steps = columns.count_steps(rate)
    step = np.eye(2) - rate * columns.hessian
    assert steps == ceil(steps)
    assert np.linalg.norm(np.linalg.matrix_power(step, int(steps)), 2) <= NEAR * (1 + 1e-6)
    if steps > 1:
        assert np.linalg.norm(np.linalg.matrix_power(step, int(steps) - 1), 2) > NEAR * (1 - 1e-6)


def test_nothing_is_learned_at_the_edge_and_beyond() -> None:
    columns = Columns(3, 1, 0.5)
    assert [columns.count_steps(times * columns.largest_stable_rate) for times in (1.0, 1.1)] == [inf, inf]


def test_the_snippet_gives_the_same_numbers() -> None:
    columns = Columns(10, 0.3, -0.5)
    _, printed = run_snippet(two_columns_snippet(columns, 0.9, 20))
    for each, line in zip((columns, columns.normalised()), printed.splitlines(), strict=True):
        numbers = [float(text) for text in line.replace("[", "").replace("]", "").replace(",", "").split()]
        expected = [*reversed(each.curvatures), each.largest_stable_rate]
        expected += each.descend(0.9 * each.largest_stable_rate, 20)[-1].tolist()
        assert numbers == pytest.approx(expected, rel=1e-9)
