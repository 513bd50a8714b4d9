"""Filters drawn as solids, and decoded again by Pillow: weights stand where a person looks for them."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import MOST_APART, SOLID_WIDTH, MapGrid, draw_solid, product_tiles
from explorer.rendering.colours import DIVERGING, SEQUENTIAL


def decode(png: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) RGBA."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


# The solid.


def places_of(png: bytes, colour: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(N, 2) rows and columns of the pixels of a colour, give or take what averaging does at the edges of a cell."""
    pixels = decode(png)
    near = (np.abs(pixels[..., :3].astype(int) - colour) <= 2).all(axis=2) & (pixels[..., 3] == 255)
    return np.argwhere(near)


def only(shape: tuple[int, int, int], place: tuple[int, int, int]) -> NDArray[np.float64]:
    """A filter whose one weight is 1."""
    kernel = np.zeros(shape)
    kernel[place] = 1.0
    return kernel


def test_the_first_slice_is_the_face_on_the_left() -> None:
    tops, lefts = [], []
    for row in range(5):
        found = places_of(draw_solid(only((25, 5, 5), (0, row, 0)), ()), DIVERGING[255])
        assert len(found) > 100
        tops.append(found[:, 0].mean())
        lefts.append(found[:, 1].mean())
    assert all(np.diff(tops) > 20)  # rows go down, column 0 stays where it is: farthest to the left
    assert np.ptp(lefts) < 5  # that of row 0 is part of the top too
    pixels = decode(draw_solid(noise(25, 5, 5), ()))
    solid = (pixels[..., 3] == 255) & (np.abs(pixels[..., :3].astype(int) - (113, 123, 137)).sum(axis=2) > 20)
    assert abs(np.argwhere(solid)[:, 1].min() - lefts[0]) < 20


def test_the_last_column_is_the_long_side_and_depth_runs_to_the_right() -> None:
    middles = []
    for part in range(0, 25, 4):
        found = places_of(draw_solid(only((25, 5, 5), (part, 2, 4)), ()), DIVERGING[255])
        assert len(found) > 100
        middles.append(np.median(found[:, 1]))
    assert all(np.diff(middles) > 50)


def test_what_lies_inside_is_seen_only_when_pulled_apart() -> None:
    inside = only((25, 5, 5), (12, 2, 2))
    whole = draw_solid(inside, ())
    assert len(places_of(whole, DIVERGING[255])) == 0
    apart = draw_solid(inside, range(25))
    found = places_of(apart, DIVERGING[255])
    assert len(found) > 50
    assert found[:, 0].min() > decode(whole).shape[0] * 0.8  # below the block
    for part in (3, 20):
        other = places_of(draw_solid(only((25, 5, 5), (part, 2, 2)), range(25)), DIVERGING[255])
        assert np.sign(other[:, 1].mean() - found[:, 1].mean()) == np.sign(part - 12)


def test_slices_pulled_apart_stand_in_the_order_given() -> None:
    kernel = np.zeros((3, 3, 3))
    kernel[0], kernel[2] = 1.0, -1.0
    for shown, red_first in (((0, 2), True), ((2, 0), False)):
        height = decode(draw_solid(kernel, ())).shape[0]
        red, blue = (places_of(draw_solid(kernel, shown), DIVERGING[row]) for row in (255, 1))
        red, blue = (found[found[:, 0] > height][:, 1].mean() for found in (red, blue))
        assert (red < blue) == red_first


@given(depth=st.integers(1, 70), height=st.integers(1, 11), width=st.integers(1, 11))
@settings(max_examples=12, deadline=None)
def test_every_filter_fits_into_its_picture(depth: int, height: int, width: int) -> None:
    pixels = decode(draw_solid(noise(depth, height, width), range(min(depth, MOST_APART))))
    assert pixels.shape[1] == 2 * SOLID_WIDTH
    drawn = np.argwhere(pixels[..., 3] > 0)
    assert drawn[:, 1].max() < pixels.shape[1] - 1
    assert drawn[:, 0].max() < pixels.shape[0] - 1
    assert (pixels[0, 0, 3], pixels[-1, -1, 3]) == (0, 0)


def test_values_that_are_not_finite_are_drawn_too() -> None:
    kernel = noise(4, 3, 3)
    kernel[0, 0, 0], kernel[1, 1, 1] = np.nan, np.inf
    assert len(places_of(draw_solid(kernel, range(4)), np.array((136, 136, 136)))) > 100
    draw_solid(np.zeros((2, 1, 1)), (0, 1))


@pytest.mark.parametrize("shape", [(3, 3), (0, 3, 3), (1, 2, 3, 3)])
def test_other_shapes_are_no_filter(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(D, kh, kw\)"):
        draw_solid(np.zeros(shape), ())


@pytest.mark.parametrize("shown", [(3,), (-1,), range(MOST_APART + 1)])
def test_slices_that_are_not_there_are_refused(shown: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pull apart"):
        draw_solid(np.zeros((3, 3, 3)), shown)


# The products.

SIDE = 20


def pictures(grid: MapGrid, tile: int) -> list[NDArray[np.uint8]]:
    """The three pictures of a tile, without the line around them."""
    left, top, right, _ = grid.box(tile)
    cell = decode(grid.png)[top : top + SIDE, left:right]
    starts = (0, (cell.shape[1] - SIDE) // 2, cell.shape[1] - SIDE)
    return [cell[1:-1, start + 1 : start + SIDE - 1] for start in starts]


def test_slice_times_map_is_product() -> None:
    slices, maps, products = np.zeros((3, 2, 2)), np.zeros((3, 2, 2)), np.zeros((3, 2, 2))
    slices[1, 0, 0], slices[2, 1, 1] = -1.0, 0.5
    maps[1, 0, 1] = 2.0
    products[1, 1, 0], products[2, 1, 1] = 4.0, -4.0
    grid = product_tiles(slices, maps, products, ["a", "b", "c"], side=SIDE, columns=2)
    assert (grid.count, grid.columns, grid.rows) == (3, 2, 2)
    left, middle, right = pictures(grid, 1)
    assert left[0, 0, :3].tolist() == DIVERGING[1].tolist()
    assert left[-1, -1, :3].tolist() == [255, 255, 255]
    assert middle[0, -1, :3].tolist() == SEQUENTIAL[255].tolist()  # no map is below zero
    assert middle[0, 0, :3].tolist() == SEQUENTIAL[0].tolist()
    assert right[-1, 0, :3].tolist() == DIVERGING[255].tolist()
    left, middle, right = pictures(grid, 2)
    halfway = DIVERGING[128 + 63].astype(int)
    assert (np.abs(left[-1, -1, :3].astype(int) - halfway) <= 3).all()  # one scale for all slices
    assert (middle[..., :3] == SEQUENTIAL[0]).all()
    assert right[-1, -1, :3].tolist() == DIVERGING[1].tolist()


def test_maps_below_zero_have_a_white_middle() -> None:
    maps = np.array([[[-1.0, 0.0], [1.0, 0.5]]])
    grid = product_tiles(noise(1, 3, 3), maps, noise(1, 2, 2), ["a"], side=SIDE, columns=4)
    middle = pictures(grid, 0)[1]
    assert middle[0, 0, :3].tolist() == DIVERGING[1].tolist()
    assert middle[0, -1, :3].tolist() == [255, 255, 255]


def test_all_others_have_a_product_only() -> None:
    grid = product_tiles(noise(2, 3, 3), noise(2, 8, 8), noise(3, 8, 8), ["a", "b", "others"], side=SIDE, columns=4)
    left, middle, right = pictures(grid, 2)
    assert left[..., 3].max() == middle[..., 3].max() == 0
    assert right[..., 3].min() == 255


def test_large_and_oblong_maps_fit() -> None:
    grid = product_tiles(noise(1, 1, 7), noise(1, 300, 150), noise(1, 300, 150), ["a"], side=SIDE, columns=4)
    left, middle, _ = pictures(grid, 0)
    assert 0 < (left[..., 3] == 255).mean() < 0.3  # a seventh as high as wide
    assert 0.3 < (middle[..., 3] == 255).mean() < 0.8


@pytest.mark.parametrize(
    ("slices", "maps", "products", "names"), [(2, 1, 2, 2), (2, 2, 4, 4), (2, 2, 2, 1), (0, 0, 0, 0)]
)
def test_numbers_must_agree(slices: int, maps: int, products: int, names: int) -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        product_tiles(
            noise(slices, 3, 3), noise(maps, 4, 4), noise(products, 4, 4), ["a"] * names, side=SIDE, columns=2
        )
