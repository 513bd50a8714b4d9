"""Enlarged cells against Pillow's nearest neighbour, dots and grids by looking at single pixels."""

import numpy as np
import pytest

from explorer.rendering import SEQUENTIAL, colour_map, draw_grid, enlarge, join_pictures, mark_cells
from tests.rendering.test_map_grid import decode

NOISE = np.random.default_rng(0)
PICTURE = NOISE.integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("times", [1, 3, 8])
def test_whole_factors_repeat_cells(times: int) -> None:
    wanted = PICTURE.repeat(times, axis=0).repeat(times, axis=1)
    np.testing.assert_array_equal(enlarge(PICTURE, 5 * times, 7 * times), wanted)


def test_other_factors_keep_every_cell_and_invent_none() -> None:
    large = enlarge(PICTURE, 23, 30)
    assert large.shape == (23, 30, 3)
    assert {tuple(pixel) for pixel in large.reshape(-1, 3)} == {tuple(pixel) for pixel in PICTURE.reshape(-1, 3)}
    sides = np.diff(np.flatnonzero(np.append((large[1:] != large[:-1]).any(axis=(1, 2)), True)))
    assert sides.max() - sides.min() <= 1


def test_dots_lie_in_their_cells() -> None:
    grey = np.full((6, 8, 3), 200, np.uint8)
    cells = np.array([[0, 0], [3, 5]])
    marked = mark_cells(grey, cells, 80)
    assert marked.shape == (60, 80, 3)
    yellow = (marked == (255, 214, 10)).all(axis=2)
    black = (marked == 0).all(axis=2)
    for row, column in np.argwhere(yellow | black) // 10:
        assert [row, column] in cells.tolist()
    for row, column in cells:
        assert yellow[10 * row + 5, 10 * column + 5]
        assert black[10 * row : 10 * row + 10, 10 * column : 10 * column + 10].any()
    assert (grey == 200).all()  # the picture itself is left alone


def test_small_cells_take_four_pixels_at_least() -> None:
    assert mark_cells(np.zeros((100, 200, 3), np.uint8), np.empty((0, 2), int), 300).shape == (400, 800, 3)


def test_a_contact_grid_keeps_every_picture() -> None:
    pictures = [np.full((4, 6, 3), number, np.uint8) for number in range(5)]
    grid = join_pictures(pictures, 3)
    assert grid.shape == (2 * 4 + 8, 3 * 6 + 2 * 8, 3)
    assert (grid[12:16, 14:20] == 4).all()
    assert (grid[12:16, 28:] == 255).all()  # no sixth
    np.testing.assert_array_equal(join_pictures(pictures[:1], 4)[:, :6], pictures[0])


@pytest.mark.parametrize("signed", [False, True])
def test_colours_are_those_of_a_grid_of_maps(signed: bool) -> None:
    values = NOISE.normal(size=(30, 30)) if signed else NOISE.random((30, 30))
    high = float(np.abs(values).max())
    found = colour_map(values, -high if signed else 0.0, high, signed=signed)
    grid = draw_grid(values[None], signed=signed, magnify=1)
    np.testing.assert_array_equal(found, decode(grid.png)[..., :3])


def test_a_shared_range_makes_equal_values_equally_bright() -> None:
    low, high = (colour_map(np.array([[0.5, top]]), 0.0, 1.0, signed=False) for top in (0.5, 1.0))
    np.testing.assert_array_equal(low[0, 0], high[0, 0])
    np.testing.assert_array_equal(high[0, 1], SEQUENTIAL[255])
