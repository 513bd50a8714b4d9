"""The strongest places against a search that looks at every cell in turn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explorer.anatomy import Axis, ReceptiveField, record, strongest_places

from .networks import make_input, open_any

MAPS = arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 7), st.integers(1, 7)),
    elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, math.nan]),
)
AXES = st.builds(Axis, st.integers(1, 20), st.integers(1, 4), st.integers(-6, 2))


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    union = sum(max(0.0, b[2] - b[0]) * max(0.0, b[3] - b[1]) for b in (one, other)) - shared
    return shared / union if union else 0.0


def search(values: np.ndarray, field: ReceptiveField, size: tuple[int, int], count: int, most: float) -> list:
    """From the strongest cell to the weakest, each if it sees something else than all that were taken before."""
    cells = [(r, c) for r in range(values.shape[0]) for c in range(values.shape[1]) if values[r, c] > 0]
    taken: list[tuple[int, int]] = []
    for cell in sorted(cells, key=lambda cell: (-values[cell], cell)):
        box = field.box(*cell, *size)
        if len(taken) < count and all(overlap(box, field.box(*other, *size)) <= most for other in taken):
            taken.append(cell)
    return [(float(values[cell]), *cell) for cell in taken]


@given(maps=MAPS, rows=AXES, columns=AXES, count=st.integers(1, 5), most=st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_places_are_those_of_a_plain_search(
    maps: np.ndarray, rows: Axis, columns: Axis, count: int, most: float
) -> None:
    field, size = ReceptiveField(rows, columns), (24, 16)
    values, cells = strongest_places(torch.from_numpy(maps), field, size, count, most)
    assert values.shape == (len(maps), count)
    assert cells.shape == (len(maps), count, 2)
    for channel in range(len(maps)):
        found = [
            (float(value), int(row), int(column))
            for value, (row, column) in zip(values[channel], cells[channel], strict=True)
            if not math.isnan(value)
        ]
        assert found == search(maps[channel], field, size, count, most)
        assert values[channel, len(found) :].isnan().all()


def test_neighbours_do_not_repeat_and_far_places_count() -> None:
    field = ReceptiveField(Axis(6, 2, -2), Axis(6, 2, -2))
    maps = torch.zeros(1, 16, 16)
    maps[0, 3, 3], maps[0, 3, 4], maps[0, 12, 10] = 5.0, 4.0, 3.0
    values, cells = strongest_places(maps, field, (32, 32), 4)
    assert values[0, :2].tolist() == [5.0, 3.0]
    assert cells[0, :2].tolist() == [[3, 3], [12, 10]]
    assert values[0, 2:].isnan().all()


@pytest.mark.parametrize("name", ["tiny-vgg", "photo-net"])
def test_the_first_place_is_the_maximum(name: str) -> None:
    for layer in list(record(open_any(name), make_input(name)))[::5]:
        size = tuple(make_input(name).shape[2:])
        values, _ = strongest_places(layer.maps, layer.receptive_field, size, 3)
        expected = layer.maps.flatten(1).amax(1)
        torch.testing.assert_close(values[:, 0].nan_to_num(0), expected.clamp(min=0))
        assert (values[:, 1:] <= values[:, :-1])[~values[:, 1:].isnan()].all()
