"""Statistics of maps against NumPy, and the orders they give."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.anatomy import ORDERS, describe_maps, most_active_cell

MAPS = arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 5), st.integers(1, 5)),
    elements=st.floats(-100, 100, width=32),
)


@given(maps=MAPS)
def test_statistics_are_numpys(maps: np.ndarray) -> None:
    found = describe_maps(torch.from_numpy(maps))
    flat = maps.reshape(len(maps), -1)
    np.testing.assert_allclose(found.mean, flat.mean(axis=1), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found.minimum, flat.min(axis=1))
    np.testing.assert_array_equal(found.maximum, flat.max(axis=1))
    np.testing.assert_allclose(found.strength, np.abs(flat).mean(axis=1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.active, (flat > 0).mean(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.dead, ~flat.any(axis=1))
    assert found.signed == bool((maps < 0).any())


@given(maps=MAPS, count=st.integers(1, 15))
def test_orders_hold_every_map_once_strongest_first(maps: np.ndarray, count: int) -> None:
    found = describe_maps(torch.from_numpy(maps))
    keys = {"mean": found.mean, "max": found.maximum, "active": found.active}
    for order in ORDERS:
        units = found.order(order)
        assert sorted(units.tolist()) == list(range(len(maps)))
        if order == "index":
            assert units.tolist() == sorted(units.tolist())
        else:
            assert (np.diff(keys[order][units]) <= 0).all()
    strongest = found.strongest(count)
    assert len(strongest) == min(count, len(maps))
    if len(maps) > count:
        rest = np.setdiff1d(np.arange(len(maps)), strongest)
        assert found.strength[strongest].min() >= found.strength[rest].max()
    else:
        assert strongest.tolist() == list(range(len(maps)))


def test_values_that_are_not_finite_come_last() -> None:
    maps = torch.tensor([[float("nan")], [1.0], [float("inf")], [2.0]]).view(4, 1, 1)
    found = describe_maps(maps)
    assert found.order("mean").tolist()[:2] == [3, 1]
    assert found.strongest(2).tolist() == [3, 1]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 3), (4, 1)])
def test_the_most_active_cell_is_found_despite_nan(row: int, column: int) -> None:
    values = np.full((5, 4), -3.0)
    values[row, column] = -1.0
    values[1, 1] = np.nan
    assert most_active_cell(values) == (row, column)
