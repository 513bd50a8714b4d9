"""Weights drawn and decoded again by Pillow: zero is grey or white, signs have their sides, cells their places."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import (
    SEQUENTIAL,
    UNDEFINED,
    MapGrid,
    colour_kernels,
    connection_picture,
    dot_side,
    draw_grid,
    kernel_numbers,
    kernel_slices,
    weight_matrix,
)
from explorer.rendering.colours import DIVERGING


def decode(png: bytes) -> NDArray[np.uint8]:
    """(H, W, 4) RGBA."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def cell(grid: MapGrid, i: int) -> NDArray[np.uint8]:
    left, top, right, bottom = grid.box(i)
    return decode(grid.png)[top:bottom, left:right]


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


# Kernels in colour.


@given(
    count=st.integers(1, 12),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    magnify=st.integers(1, 4),
    gap=st.none() | st.integers(0, 5),
)
def test_colours_are_the_weights(count: int, height: int, width: int, magnify: int, gap: int | None) -> None:
    kernels = noise(count, 3, height, width)
    grid = colour_kernels(kernels, magnify=magnify, gap=gap)
    pixels = decode(grid.png)
    assert pixels.shape[:2] == (grid.height, grid.width)
    for i, kernel in enumerate(kernels):
        expected = np.rint(128 + 127 * kernel.astype(np.float64) / np.abs(kernel).max()).transpose(1, 2, 0)
        drawn = cell(grid, i)
        np.testing.assert_array_equal(drawn[::magnify, ::magnify, :3], expected)
        np.testing.assert_array_equal(drawn, drawn[::magnify, ::magnify].repeat(magnify, 0).repeat(magnify, 1))
    assert (pixels[..., 3] == 255).sum() == count * grid.cell_width * grid.cell_height
    # The places are those of a grid of maps.
    places = draw_grid(kernels[:, 0], signed=True, magnify=magnify, gap=gap)
    assert [places.box(i) for i in range(count)] == [grid.box(i) for i in range(count)]


def test_zero_is_grey_and_the_largest_reaches_the_end() -> None:
    kernels = np.zeros((2, 3, 1, 2))
    kernels[0, 0, 0, 0], kernels[0, 2, 0, 1] = 2.0, -1.0
    grid = colour_kernels(kernels, magnify=1)
    assert cell(grid, 0)[0, :, :3].tolist() == [[255, 128, 128], [128, 128, 64]]
    assert (cell(grid, 1) == [128, 128, 128, 255]).all()


def test_own_scale_and_one_scale() -> None:
    kernels = np.stack([np.full((3, 2, 2), 1.0), np.full((3, 2, 2), 4.0)])
    each, shared = (colour_kernels(kernels, scale=scale, magnify=1) for scale in ("each", "shared"))
    assert (cell(each, 0) == cell(each, 1)).all()
    assert (cell(shared, 0)[..., :3] == round(128 + 127 / 4)).all()
    assert (cell(shared, 1)[..., :3] == 255).all()


def test_weights_that_are_not_finite_are_drawn_as_nothing() -> None:
    kernels = noise(1, 3, 2, 2)
    kernels[0, :, 0, 0] = np.nan, np.inf, -np.inf
    assert (cell(colour_kernels(kernels, magnify=1), 0)[0, 0] == [128, 128, 128, 255]).all()


@pytest.mark.parametrize("shape", [(2, 3, 3), (2, 4, 3, 3), (2, 3, 0, 3)])
def test_other_shapes_have_no_colours(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 3, kh, kw\)"):
        colour_kernels(np.zeros(shape))


def test_no_kernel_at_all() -> None:
    grid = colour_kernels(np.zeros((0, 3, 3, 3)))
    assert (grid.count, decode(grid.png).tolist()) == (0, [[[0, 0, 0, 0]]])


def test_kernels_can_be_told_apart() -> None:
    grid = draw_grid(noise(4, 3, 3), signed=True, magnify=10, gap=6, columns=2)
    assert (grid.gap, grid.width, grid.height) == (6, 66, 66)
    assert (decode(grid.png)[30:36] == 0).all()


# Matrices of weights.


@given(rows=st.integers(1, 40), columns=st.integers(1, 40))
def test_a_matrix_has_a_cell_for_each_row(rows: int, columns: int) -> None:
    weights = noise(rows, columns)
    grid = weight_matrix(weights)
    assert (grid.columns, grid.rows, grid.count) == (1, rows, rows)
    assert grid.width <= 540
    assert grid.height <= 512
    down, across = grid.cell_height, grid.cell_width // columns
    reference = decode(draw_grid(weights[None], signed=True, scale="shared", magnify=1).png)
    np.testing.assert_array_equal(decode(grid.png), reference.repeat(down, axis=0).repeat(across, axis=1))
    assert weight_matrix(weights, row_height=7).height == 7 * rows
    for i in range(rows):
        assert grid.box(i) == (0, i * grid.cell_height, grid.width, (i + 1) * grid.cell_height)


def test_rows_on_their_own_scale() -> None:
    grid = weight_matrix(np.array([[0.0, 1.0, -1.0], [0.0, 100.0, -100.0]]), scale="each")
    assert (cell(grid, 0) == cell(grid, 1)).all()
    middle = grid.cell_height // 2
    colours = cell(grid, 0)[middle, middle :: grid.cell_height, :3]
    np.testing.assert_array_equal(colours, [(255, 255, 255), DIVERGING[255], DIVERGING[1]])


def test_large_matrices_stay_drawable() -> None:
    grid = weight_matrix(noise(256, 2048))
    assert grid.count == 256
    assert grid.width == 2048
    assert len(grid.png) < 600_000
    assert weight_matrix(noise(2, 4096)).width == 2048
    with pytest.raises(ValueError, match=r"\(N, M\)"):
        weight_matrix(np.zeros((0, 3)))


# Connections.


def test_connections_are_dots() -> None:
    matrix = np.kron(np.eye(2, dtype=bool), np.ones((2, 3), dtype=bool))
    pixels = decode(connection_picture(matrix, size=6))[..., :3]
    assert pixels.shape == (4, 6, 3)
    np.testing.assert_array_equal(pixels, np.where(matrix[..., None], SEQUENTIAL[255], SEQUENTIAL[0]))
    large = decode(connection_picture(matrix, size=60))[..., :3]
    np.testing.assert_array_equal(large[::10, ::10], pixels)


def test_no_connection_is_lost_in_a_small_picture() -> None:
    matrix = np.eye(960, dtype=bool)
    assert dot_side(matrix.shape) == 4
    pixels = decode(connection_picture(matrix))[..., :3]
    assert pixels.shape == (240, 240, 3)
    np.testing.assert_array_equal((pixels == SEQUENTIAL[255]).all(axis=2), np.eye(240, dtype=bool))
    assert dot_side((256, 3)) == 1
    with pytest.raises(ValueError, match=r"\(N, M\)"):
        connection_picture(np.zeros((0, 3), dtype=bool))


# A kernel in numbers.


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (7, 7), (11, 11), (1, 7)])
def test_every_number_is_written(shape: tuple[int, int]) -> None:
    kernel = noise(*shape)
    heat, words = kernel_numbers(kernel).data
    np.testing.assert_array_equal(np.asarray(heat.z, dtype=np.float32), kernel)
    assert heat.zmax == -heat.zmin == np.abs(kernel).max()
    exact = np.array([[float(text) for text in row] for row in heat.customdata], dtype=np.float32)
    np.testing.assert_array_equal(exact, kernel)  # nine digits give a float32 back exactly
    assert list(words.text) == [f"{value:.3g}" for value in kernel.ravel().tolist()]
    assert list(zip(words.y, words.x, strict=True)) == list(np.ndindex(*shape))


def test_words_stand_out_from_their_cells() -> None:
    _, words = kernel_numbers(np.array([[-1.0, 0.0, 0.5, 1.0]])).data
    assert list(words.textfont.color) == ["#ffffff", "#000000", "#000000", "#ffffff"]


@pytest.mark.parametrize("kernel", [np.zeros((2, 2)), np.array([[np.nan, 1.0]]), np.full((1, 1), np.inf)])
def test_odd_kernels_have_a_scale(kernel: Any) -> None:
    heat, _ = kernel_numbers(kernel).data
    assert heat.zmax > 0
    assert np.isfinite(heat.zmax)


def test_a_stack_is_no_slice() -> None:
    with pytest.raises(ValueError, match=r"\(kh, kw\)"):
        kernel_numbers(np.zeros((2, 3, 3)))


def test_nan_in_a_matrix_is_grey() -> None:
    assert (cell(weight_matrix(np.array([[np.nan, 1.0]])), 0)[0, 0, :3] == UNDEFINED).all()


def test_slices_about_zero_have_an_edge() -> None:
    """A slice without weight is as white as a page, and still is told from its neighbours and from the page."""
    kernel = np.zeros((3, 3, 3), np.float32)
    kernel[1, 1, 2] = 2.0
    with Image.open(io.BytesIO(kernel_slices(kernel))) as picture:
        pixels = np.asarray(picture.convert("RGBA")).astype(int)
    row = pixels[pixels.shape[0] // 2]
    shown = row[row[:, 3] > 0][:, :3]
    edges = (np.abs(shown - [113, 123, 137]).max(axis=1) == 0).sum()
    assert edges == 2 * len(kernel)
    white = (shown.min(axis=1) > 240).sum()
    red = (np.abs(shown - DIVERGING[-1]).max(axis=1) <= 3).sum()
    assert white == 8 * red
    assert len(shown) == edges + white + red
    assert (pixels[0][pixels[0][:, 3] > 0][:, :3] == [113, 123, 137]).all()
