"""Coloured regions, pixel by pixel where the mixture can be written down."""

import numpy as np
import pytest

from explorer.rendering import colour_regions
from explorer.rendering.overlay import decode_png


def test_every_pixel_has_the_colour_of_the_strongest_map_over_the_grey_photo() -> None:
    photo = np.full((64, 64, 3), (200, 100, 50), np.uint8)
    maps = np.zeros((2, 64, 64))
    maps[0, :, :32], maps[1, :, 32:], maps[1, :4, 60:] = 4.0, 1.0, 2.0
    picture = decode_png(colour_regions(photo, maps, ("#ff0000", "#0000ff")))
    grey = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    np.testing.assert_allclose(picture[60, 4], (0.25 * grey + 0.75 * 255, 0.25 * grey, 0.25 * grey), atol=1)
    weak = 0.75 / 2  # half of the second map's own maximum
    np.testing.assert_allclose(picture[60, 60], [(1 - weak) * grey] * 2 + [(1 - weak) * grey + weak * 255], atol=1)
    blank = decode_png(colour_regions(photo, np.zeros((2, 3, 3)), ("#ff0000", "#0000ff")))
    np.testing.assert_allclose(blank, round(grey), atol=1)
    with pytest.raises(ValueError, match="a colour each"):
        colour_regions(photo, maps, ("#ff0000",))
