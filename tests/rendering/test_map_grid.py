"""The grid decoded again by Pillow: colours against matplotlib, boxes against pixels, bytes against the promise."""

import io
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import MapGrid, draw_grid
from explorer.rendering.colours import DIVERGING, UNDEFINED


def decode(png: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) RGBA of a PNG that must be a palette picture."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.mode == "P"
    return np.asarray(image.convert("RGBA"))


def cell(grid: MapGrid, i: int) -> NDArray[np.uint8]:
    left, top, right, bottom = grid.box(i)
    return decode(grid.png)[top:bottom, left:right]


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_colours_are_matplotlibs() -> None:
    maps = noise(5, 30, 40)
    grid = draw_grid(maps, signed=False)
    for i in range(5):
        # Of viridis' 256 colours 254 are used, evenly spaced: two entries are for gaps and for NaN.
        steps = np.rint(maps[i].astype(np.float64) / maps[i].max() * 253)
        expected = matplotlib.colormaps["viridis"](np.rint(steps * 255 / 253).astype(int), bytes=True)
        np.testing.assert_array_equal(cell(grid, i), expected)


def test_signed_colours() -> None:
    grid = draw_grid(np.array([[[-2.0, 0.0, 2.0, 1.0]]]), signed=True, magnify=1)
    pixels = cell(grid, 0)[0, :, :3]
    np.testing.assert_array_equal(pixels[0], DIVERGING[1])
    np.testing.assert_array_equal(pixels[1], [255, 255, 255])
    np.testing.assert_array_equal(pixels[2], DIVERGING[255])
    np.testing.assert_array_equal(pixels[3], DIVERGING[128 + round(63 * 127 / 126)])


def test_nan_is_grey_and_opaque() -> None:
    maps = np.full((1, 24, 24), np.nan)
    assert (cell(draw_grid(maps, signed=False), 0) == (*UNDEFINED, 255)).all()


def test_shared_scale_compares_maps() -> None:
    maps = np.stack([np.full((24, 24), 1.0), np.full((24, 24), 4.0)])
    each, shared = draw_grid(maps, signed=False, scale="each"), draw_grid(maps, signed=False, scale="shared")
    assert (cell(each, 0) == cell(each, 1)).all()
    quarter = matplotlib.colormaps["viridis"](round(round(253 / 4) * 255 / 253), bytes=True)
    assert (cell(shared, 0) == quarter).all()


@given(
    count=st.integers(1, 40),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    columns=st.none() | st.integers(1, 50),
    signed=st.booleans(),
)
def test_boxes_hold_the_maps_and_gaps_nothing(
    count: int, height: int, width: int, columns: int | None, signed: bool
) -> None:
    grid = draw_grid(noise(count, height, width), signed=signed, columns=columns)
    pixels = decode(grid.png)
    assert pixels.shape[:2] == (grid.height, grid.width)
    covered = np.zeros((grid.height, grid.width), bool)
    for i in range(count):
        left, top, right, bottom = grid.box(i)
        assert (right - left, bottom - top) == (grid.cell_width, grid.cell_height)
        assert not covered[top:bottom, left:right].any()
        covered[top:bottom, left:right] = True
    np.testing.assert_array_equal(pixels[..., 3] == 255, covered)
    assert grid.columns == min(columns, count) if columns else grid.columns <= count
    assert (grid.rows - 1) * grid.columns < count <= grid.rows * grid.columns


@pytest.mark.parametrize(("side", "drawn"), [(1, 24), (7, 28), (14, 28), (24, 24), (56, 56)])
def test_tiny_maps_are_magnified_by_whole_numbers(side: int, drawn: int) -> None:
    maps = noise(10, side, side)
    grid = draw_grid(maps, signed=False)
    assert (grid.cell_width, grid.cell_height) == (drawn, drawn)
    times = drawn // side
    plain = draw_grid(maps, signed=False, magnify=1)
    np.testing.assert_array_equal(cell(grid, 3), cell(plain, 3).repeat(times, 0).repeat(times, 1))


def test_big_maps_are_averaged() -> None:
    maps = np.zeros((64, 224, 224))
    maps[:, ::2, ::2] = 1.0  # every 2x2 block has the mean 1/4
    grid = draw_grid(maps, signed=False)
    assert grid.cell_width == 112
    quarter = matplotlib.colormaps["viridis"](round(round(253 / 4) * 255 / 253), bytes=True)
    assert (cell(grid, 63) == quarter).all()


@pytest.mark.parametrize("shape", [(512, 28, 28), (512, 112, 112), (512, 1, 1), (2048, 7, 7), (64, 224, 224)])
@pytest.mark.parametrize("signed", [False, True])
def test_noise_stays_under_the_byte_limit(shape: tuple[int, int, int], signed: bool) -> None:
    maps = noise(*shape) - (0.5 if signed else 0.0)
    grid = draw_grid(maps, signed=signed)
    assert len(grid.png) <= 500_000
    assert grid.width <= 1400
    assert grid.count == shape[0]


def test_the_measured_example_keeps_every_value() -> None:
    """64 maps of 56x56, the size of ResNet-18's first stage, need no averaging."""
    grid = draw_grid(noise(64, 56, 56), signed=False)
    assert (grid.cell_width, grid.cell_height) == (56, 56)
    assert len(grid.png) < 250_000
    assert 1.2 < grid.width / grid.height < 2.1


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (8, 4), (64, 10)])
def test_few_maps_fill_their_rows(count: int, columns: int) -> None:
    assert draw_grid(noise(count, 28, 28), signed=False).columns == columns


def test_no_map_at_all() -> None:
    grid = draw_grid(np.zeros((0, 7, 7)), signed=False)
    assert (grid.count, grid.columns, grid.rows) == (0, 0, 0)
    assert decode(grid.png).tolist() == [[[0, 0, 0, 0]]]
    with pytest.raises(IndexError):
        grid.box(0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8, np.int64])
def test_any_number_type(dtype: Any) -> None:
    maps = (noise(3, 24, 24) * 100).astype(dtype)
    reference = draw_grid(maps.astype(np.float64), signed=False)
    assert draw_grid(maps, signed=False).png == reference.png


@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 3, 4), (2, 0, 5)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        draw_grid(np.zeros(shape), signed=False)


def test_maps_are_left_as_they_were() -> None:
    maps = noise(4, 30, 30)
    before = maps.copy()
    draw_grid(maps, signed=True)
    np.testing.assert_array_equal(maps, before)
