"""The sprite decoded again: every box holds its own map in its own table, and all of it is small."""

import io

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import DIVERGING, Sprite, Thumbnails, overview_sprite


def pixels(sprite: Sprite, column: int, i: int) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(sprite.png))
    assert image.mode == "P"
    assert image.size == (sprite.width, sprite.height)
    box = sprite.boxes[column][i]
    return np.asarray(image.convert("RGBA"))[box.y : box.y + box.height, box.x : box.x + box.width]


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_each_kind_has_its_own_colours() -> None:
    ramp = np.linspace(0.0, 1.0, 40)[None, None, :]
    sprite = overview_sprite(
        [
            Thumbnails(ramp, signed=False, kind="photo"),
            Thumbnails(ramp, signed=False),
            Thumbnails(ramp * 2 - 1, signed=True),
        ]
    )
    photo, magnitudes, signed = (pixels(sprite, column, 0)[0] for column in range(3))
    assert (photo[:, 0] == photo[:, 1]).all()
    assert (photo[:, 1] == photo[:, 2]).all()
    assert (photo[0, 0], photo[-1, 0]) == (0, 255)
    steps = np.rint(np.rint(ramp[0, 0] * 84) * 255 / 84).astype(int)
    np.testing.assert_array_equal(magnitudes, matplotlib.colormaps["viridis"](steps, bytes=True))
    np.testing.assert_array_equal(signed[[0, -1], :3], DIVERGING[[1, 255]])


def test_every_map_has_its_own_scale() -> None:
    map_ = noise(1, 20, 20)
    sprite = overview_sprite([Thumbnails(np.concatenate([map_, map_ * 100]), signed=False)])
    np.testing.assert_array_equal(pixels(sprite, 0, 0), pixels(sprite, 0, 1))


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(1, 130), st.integers(1, 130), st.booleans(), st.booleans()), max_size=6
    )
)
def test_boxes_are_apart_small_and_filled(columns: list[tuple[int, int, int, bool, bool]]) -> None:
    sprite = overview_sprite(
        [
            Thumbnails(noise(n, h, w), signed=signed, kind="photo" if photo else "maps")
            for n, h, w, signed, photo in columns
        ]
    )
    covered = np.zeros((sprite.height, sprite.width), bool)
    for (n, h, w, _, _), boxes in zip(columns, sprite.boxes, strict=True):
        assert len(boxes) == n
        for x, y, width, height in boxes:
            assert max(width, height) <= 48
            assert max(h, w) > 48 or (width, height) == (w, h)
            assert not covered[y : y + height, x : x + width].any()
            covered[y : y + height, x : x + width] = True
    alpha = np.asarray(Image.open(io.BytesIO(sprite.png)).convert("RGBA"))[..., 3]
    np.testing.assert_array_equal(alpha == 255, covered)


def test_aspect_is_kept() -> None:
    box = overview_sprite([Thumbnails(noise(1, 96, 192), signed=False)]).boxes[0][0]
    assert (box.width, box.height) == (48, 24)


def test_twenty_columns_of_noise_stay_under_the_byte_limit() -> None:
    columns = [Thumbnails(noise(10, 224, 224), signed=False, kind="photo")]
    columns += [Thumbnails(noise(10, 48, 48) - 0.5 * (i % 2), signed=bool(i % 2)) for i in range(19)]
    assert len(overview_sprite(columns).png) <= 600_000


def test_nothing_to_draw() -> None:
    sprite = overview_sprite([])
    assert (sprite.width, sprite.height, sprite.boxes) == (1, 1, ())


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        overview_sprite([Thumbnails(np.zeros((3, 4)), signed=False)])
