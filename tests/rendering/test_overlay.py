"""Overlays against the formula they promise, interpolation against PyTorch, boxes against pixels."""

import io

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import AMBER, draw_box, encode_png, magnify_map, overlay_map


def decode(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def photo_of(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(40, 60, 3), (40, 60)])
def test_pictures_come_back_unchanged(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_png(array)))), array)


def test_only_pictures_are_encoded() -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode_png(np.zeros((4, 4)))  # type: ignore[arg-type]


@given(st.integers(1, 8), st.integers(1, 8), st.integers(8, 40), st.integers(8, 40))
def test_glow_is_interpolated_as_pytorch_does(h: int, w: int, height: int, width: int) -> None:
    values = np.random.default_rng(h * 100 + w).random((h, w))
    black = np.zeros((height, width, 3), np.uint8)
    stretched = torch.nn.functional.interpolate(
        torch.from_numpy(values / values.max())[None, None], size=(height, width), mode="bilinear", align_corners=False
    )[0, 0].numpy()
    got = decode(overlay_map(black, values, opacity=1.0)).astype(int)
    expected = AMBER[np.rint(stretched * 255).astype(int)].astype(int)
    assert np.abs(got - expected).max() <= 4  # one row of the table, where the two round differently


def test_no_value_only_dims() -> None:
    photo = photo_of(20, 30)
    got = decode(overlay_map(photo, np.zeros((3, 3)), opacity=0.6))
    np.testing.assert_array_equal(got, np.rint(photo * 0.4).astype(np.uint8))


def test_glow_stays_in_its_box() -> None:
    photo = photo_of(20, 30)
    got = decode(overlay_map(photo, np.ones((2, 2)), box=(10.0, 5.0, 20.0, 15.0), opacity=0.5))
    inside = np.zeros((20, 30), bool)
    inside[5:15, 10:20] = True
    expected = photo * 0.5 + np.where(inside[..., None], AMBER[255], 0) * 0.5
    np.testing.assert_array_equal(got, np.rint(expected).astype(np.uint8))


def test_a_box_may_reach_beyond_the_photo() -> None:
    black = np.zeros((10, 10, 3), np.uint8)
    got = decode(overlay_map(black, np.array([[0.0, 1.0]]), box=(-10.0, 0.0, 10.0, 10.0), opacity=1.0))
    np.testing.assert_array_equal(got[:, -1], np.broadcast_to(AMBER[255], (10, 3)))


def test_peak_makes_maps_comparable() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    got = decode(overlay_map(black, np.full((2, 2), 1.0), opacity=1.0, peak=2.0))
    np.testing.assert_array_equal(got[4, 4], AMBER[128])


def test_negative_and_undefined_values_do_not_glow() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    assert decode(overlay_map(black, np.array([[-1.0, np.nan]]), opacity=1.0)).max() == 0


def test_overlay_refuses_nonsense() -> None:
    photo = photo_of(8, 8)
    with pytest.raises(ValueError, match="opacity"):
        overlay_map(photo, np.ones((2, 2)), opacity=1.5)
    with pytest.raises(ValueError, match="empty"):
        overlay_map(photo, np.ones((2, 2)), box=(4, 4, 4, 8))
    with pytest.raises(ValueError, match="photo"):
        overlay_map(photo[..., 0], np.ones((2, 2)))
    with pytest.raises(ValueError, match="values"):
        overlay_map(photo, np.ones(2))


@pytest.mark.parametrize("shade", [0, 255])
def test_box_shows_on_black_and_on_white(shade: int) -> None:
    photo = np.full((200, 200, 3), shade, np.uint8)
    got = decode(draw_box(photo, (50, 60, 120, 140))).astype(int)
    changed = np.abs(got - photo).max(axis=2) > 100
    assert changed[60:140, 50:120].any()
    np.testing.assert_array_equal(got[65:135, 55:115], photo[65:135, 55:115])
    np.testing.assert_array_equal(got[:58], photo[:58])
    np.testing.assert_array_equal(got[:, 122:], photo[:, 122:])
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    # The outer black line, two pixels here, shows on white only.
    assert (rows[0], rows[-1]) == ((60, 139) if shade == 0 else (58, 141))
    assert (columns[0], columns[-1]) == ((50, 119) if shade == 0 else (48, 121))


@given(st.tuples(*[st.floats(-100, 200)] * 4), st.integers(1, 60), st.integers(1, 60))
@settings(deadline=None)
def test_any_box_fits_the_photo(box: tuple[float, float, float, float], height: int, width: int) -> None:
    photo = photo_of(height, width)
    before = photo.copy()
    assert decode(draw_box(photo, box)).shape == photo.shape
    np.testing.assert_array_equal(photo, before)


def test_a_field_larger_than_the_photo_frames_it() -> None:
    photo = np.full((100, 100, 3), 128, np.uint8)
    got = decode(draw_box(photo, (-50, -50, 150, 150)))
    for edge in (got[0], got[-1], got[:, 0], got[:, -1]):
        assert (edge != 128).any(axis=1).all()


def test_box_outside_draws_nothing() -> None:
    photo = photo_of(20, 20)
    np.testing.assert_array_equal(decode(draw_box(photo, (30, 30, 40, 40))), photo)


def test_one_map_large() -> None:
    values = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    got = decode(magnify_map(values, False, 100))
    assert got.shape == (66, 99, 3)
    steps = np.rint(np.rint(values / 5 * 253) * 255 / 253).astype(int)
    expected = matplotlib.colormaps["viridis"](steps, bytes=True)[..., :3].repeat(33, 0).repeat(33, 1)
    np.testing.assert_array_equal(got, expected)


def test_a_map_larger_than_asked_keeps_its_cells() -> None:
    assert decode(magnify_map(np.ones((50, 80)), True, 40)).shape == (50, 80, 3)


def test_a_contour_runs_around_what_is_above_its_share() -> None:
    photo = np.full((40, 40, 3), 100, np.uint8)
    values = np.zeros((40, 40), np.float32)
    values[10:20, 12:30] = 1.0
    values[0:5, 0:5] = 0.4
    without, drawn = (decode(overlay_map(photo, values, contour=share)) for share in (None, 0.5))
    changed = (without != drawn).any(axis=2)
    inside = values >= 0.5
    expected = np.zeros_like(inside)
    for row in range(40):
        for column in range(40):  # a pixel whose upright or level neighbour is on the other side
            around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            expected[row, column] = any(
                0 <= r < 40 and 0 <= c < 40 and inside[r, c] != inside[row, column] for r, c in around
            )
    assert (changed == expected).all()
    yellow = (drawn == (255, 214, 10)).all(axis=2)
    assert (yellow == (expected & inside)).all()


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_contour_must_be_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="contour"):
        overlay_map(np.zeros((4, 4, 3), np.uint8), np.ones((2, 2)), contour=share)
