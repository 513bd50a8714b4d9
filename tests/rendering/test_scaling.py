"""Ranges and levels against their definitions, block averaging against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from explorer.rendering.scaling import NOT_A_NUMBER, average_blocks, find_ranges, to_levels

shapes = hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)
ordinary = st.floats(-1e6, 1e6, width=32)
maps_of_any_values = hnp.arrays(np.float32, shapes, elements=st.floats(width=32))


def test_non_negative_maps_start_at_zero() -> None:
    assert find_ranges(np.array([[[3.0, 5.0]]]), signed=False).tolist() == [[0.0, 5.0]]


def test_maps_with_negatives_start_at_their_minimum() -> None:
    ranges = find_ranges(np.array([[[-1.0, 5.0]], [[-4.0, -2.0]]]), signed=False)
    assert ranges.tolist() == [[-1.0, 5.0], [-4.0, -2.0]]


def test_signed_ranges_are_symmetric() -> None:
    ranges = find_ranges(np.array([[[-1.0, 5.0]], [[-4.0, -2.0]]]), signed=True)
    assert ranges.tolist() == [[-5.0, 5.0], [-4.0, 4.0]]


def test_shared_range_covers_all_maps() -> None:
    assert find_ranges(np.array([[[1.0]], [[7.0]]]), signed=False, scale="shared").tolist() == [[0.0, 7.0]] * 2


def test_odd_values_do_not_count() -> None:
    maps = np.array([[[np.nan, np.inf, 2.0, -np.inf]], [[np.nan, np.nan, np.inf, np.inf]]])
    assert find_ranges(maps, signed=False).tolist() == [[0.0, 2.0], [0.0, 0.0]]


def test_levels_of_odd_values() -> None:
    maps = np.array([[[np.nan, np.inf, 2.0, 1.0, 0.0, -np.inf]]])
    levels = to_levels(maps, find_ranges(maps, signed=False), signed=False, levels=101)
    assert levels.tolist() == [[[NOT_A_NUMBER, 100, 100, 50, 0, 0]]]


@pytest.mark.parametrize(("value", "signed", "level"), [(0.0, False, 0), (0.0, True, 50), (3.0, False, 100)])
def test_constant_maps(value: float, signed: bool, level: int) -> None:
    maps = np.full((2, 3, 3), value)
    assert (to_levels(maps, find_ranges(maps, signed=signed), signed=signed, levels=101) == level).all()


def test_levels_are_checked() -> None:
    maps = np.zeros((1, 1, 1))
    with pytest.raises(ValueError, match="odd"):
        to_levels(maps, np.zeros((1, 2)), signed=True, levels=254)
    with pytest.raises(ValueError, match="2 to 255"):
        to_levels(maps, np.zeros((1, 2)), signed=False, levels=256)


@given(maps_of_any_values, st.booleans(), st.sampled_from(["each", "shared"]))
def test_any_values_give_valid_levels(maps: NDArray[np.float32], signed: bool, scale: str) -> None:
    ranges = find_ranges(maps, signed=signed, scale=scale)  # type: ignore[arg-type]
    levels = to_levels(maps, ranges, signed=signed, levels=253)
    assert ((levels < 253) | (levels == NOT_A_NUMBER)).all()
    assert ((levels == NOT_A_NUMBER) == np.isnan(maps)).all()


@given(hnp.arrays(np.float64, shapes, elements=ordinary))
def test_levels_follow_the_order_of_values(maps: NDArray[np.float64]) -> None:
    levels = to_levels(maps, find_ranges(maps, signed=False), signed=False, levels=254)
    for values, steps in zip(maps.reshape(len(maps), -1), levels.reshape(len(maps), -1), strict=True):
        assert (np.diff(steps[np.argsort(values, kind="stable")].astype(int)) >= 0).all()


@given(hnp.arrays(np.float64, shapes, elements=ordinary))
def test_negating_a_signed_map_mirrors_its_levels(maps: NDArray[np.float64]) -> None:
    ranges = find_ranges(maps, signed=True)
    up = to_levels(maps, ranges, signed=True, levels=253).astype(int)
    down = to_levels(-maps, ranges, signed=True, levels=253).astype(int)
    assert (up + down == 252).all()


@given(hnp.arrays(np.float64, shapes, elements=ordinary), st.integers(1, 10))
def test_block_means_are_the_means_of_blocks(maps: NDArray[np.float64], factor: int) -> None:
    small = average_blocks(maps, factor)
    count, height, width = maps.shape
    assert small.shape == (count, -(-height // factor), -(-width // factor))
    for n, y, x in np.ndindex(small.shape):
        block = maps[n, y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
        np.testing.assert_allclose(small[n, y, x], block.mean(), rtol=1e-9, atol=1e-6)
