"""Spotlights against the formula cell by cell, strips against where their frames lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from explorer.rendering import film_strip, spotlight
from explorer.rendering.film_strip import DARKEST


def photo_of(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.integers(1, 5))
def test_every_cell_is_as_bright_as_its_share_of_the_largest(h: int, w: int, tall: int, wide: int) -> None:
    values = np.random.default_rng(h * 10 + w).random((h, w)) + 0.01
    photo = photo_of(h * tall, w * wide)
    got = spotlight(photo, values)
    for row in range(h):
        for column in range(w):
            cell = np.s_[row * tall : (row + 1) * tall, column * wide : (column + 1) * wide]
            light = DARKEST + (1 - DARKEST) * values[row, column] / values.max()
            np.testing.assert_array_equal(got[cell], np.rint(photo[cell] * light))


def test_the_brightest_cell_is_the_photo_itself() -> None:
    photo, values = photo_of(8, 8), np.array([[0.0, 0.1], [0.7, 0.2]])
    got = spotlight(photo, values)
    np.testing.assert_array_equal(got[4:, :4], photo[4:, :4])
    np.testing.assert_array_equal(got[:4, :4], np.rint(photo[:4, :4] * DARKEST))


@pytest.mark.parametrize("values", [np.zeros((2, 2)), np.full((2, 2), np.nan), np.full((2, 2), -1.0)])
def test_without_attention_all_is_dark(values: NDArray[np.float64]) -> None:
    photo = photo_of(6, 4)
    np.testing.assert_array_equal(spotlight(photo, values), np.rint(photo * DARKEST))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 12), st.integers(1, 12))
def test_more_cells_than_pixels_and_the_other_way(height: int, width: int, h: int, w: int) -> None:
    photo = photo_of(height, width)
    before = photo.copy()
    assert spotlight(photo, np.ones((h, w))).tolist() == photo.tolist()
    np.testing.assert_array_equal(photo, before)


def test_spotlight_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="photo"):
        spotlight(photo_of(4, 4)[..., 0], np.ones((2, 2)))
    with pytest.raises(ValueError, match="attention"):
        spotlight(photo_of(4, 4), np.ones(4))


def frames_in(strip: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The pictures of a strip of red photos, in reading order."""
    red = (strip[..., 0] > strip[..., 1].astype(int) + 20) & (strip[..., 2] == strip[..., 1])
    rows = np.flatnonzero(np.diff(red.any(axis=1).astype(int), prepend=0, append=0)).reshape(-1, 2)
    found = []
    for top, bottom in rows:
        columns = np.flatnonzero(np.diff(red[top:bottom].any(axis=0).astype(int), prepend=0, append=0)).reshape(-1, 2)
        found += [strip[top:bottom, left:right] for left, right in columns]
    return found


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (1, 1), (2, 900), (900, 2)])
@pytest.mark.parametrize("count", [1, 6, 13])
def test_every_word_has_its_frame_with_its_own_light(size: tuple[int, int], count: int) -> None:
    photo = np.zeros((*size, 3), np.uint8)
    photo[..., 0] = 250
    attention = np.full((count, 2, 5), 0.01)
    for t in range(count):
        attention[t, t % 2, t % 5] = 0.9
    strip = film_strip(photo, attention, ["word"] * count)
    frames = frames_in(strip)
    assert len(frames) == count
    for t, frame in enumerate(frames):
        assert max(frame.shape[:2]) == 200
        assert min(frame.shape[:2]) >= 20
        height, width = frame.shape[0] // 2, frame.shape[1] // 5
        lit = [
            (int(frame[height * r + height // 2, width * c + width // 2, 0]), (r, c))
            for r in range(2)
            for c in range(5)
        ]
        assert max(lit) == (250, (t % 2, t % 5))


def test_a_word_stands_under_its_frame_and_a_long_one_is_cut() -> None:
    photo = np.full((100, 100, 3), (250, 0, 0), np.uint8)
    attention = np.ones((3, 2, 2))
    long = "supercalifragilisticexpialidociousandmore"
    strip = film_strip(photo, attention, ["", long, "dog"])
    ink = strip.astype(int).sum(axis=2) < 300
    ink &= ~(strip == (250, 0, 0)).all(axis=2)
    pitch = (strip.shape[1] - 10) // 3
    written = [ink[:, 10 + number * pitch : number * pitch + pitch].any() for number in range(3)]
    assert written == [False, True, True]
    for number in range(4):  # between the columns is nothing: the long word stays in its own
        assert not ink[:, number * pitch : number * pitch + 10].any()
    assert not np.array_equal(strip, film_strip(photo, attention, ["", long, "cat"]))


def test_a_strip_needs_a_map_for_each_word() -> None:
    with pytest.raises(ValueError, match="each of its words"):
        film_strip(photo_of(4, 4), np.ones((2, 3, 3)), ["one"])
    with pytest.raises(ValueError, match="each of its words"):
        film_strip(photo_of(4, 4), np.ones((0, 3, 3)), [])
