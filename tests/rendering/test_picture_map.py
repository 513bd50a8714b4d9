"""Pictures on a plane: none covers another in the chart, and each stands in its place in the large picture."""

import io

import numpy as np
import pytest
from PIL import Image

from explorer.rendering import SERIES, choose_apart, draw_picture_map, picture_map
from explorer.rendering.figures.picture_map import SHARE


def test_pictures_that_are_shown_do_not_cover_each_other() -> None:
    points = np.random.default_rng(0).standard_normal((200, 2))
    shown = choose_apart(points, first=(7,))
    room = SHARE * max(np.ptp(points[:, 1]), np.ptp(points[:, 0]) / 2)
    assert shown[0] == 7
    for place in range(200):
        apart = [np.abs(points[place] - points[other]).max() for other in shown if other != place]
        assert (min(apart) >= room) == (place in shown)
    assert choose_apart(np.zeros((4, 2))) == [0, 1, 2, 3]  # all in one place, of no extent


def test_every_point_says_which_picture_it_is() -> None:
    points, labels = np.arange(8.0).reshape(4, 2), np.array([1, 0, 1, 0])
    thumbnail = np.zeros((4, 6, 3), np.uint8)
    figure = picture_map(points, labels, ("<b>", "c"), list("abcd"), {2: thumbnail}, "Map", chosen=(3, 1))
    for trace in figure.data:
        for x, place in zip(trace.x, trace.customdata, strict=True):
            assert x == points[place, 0]
    names = ["&lt;b&gt;", "c", "thumbnails", "the picture", "its nearest"]
    assert [trace.name for trace in figure.data] == names
    assert figure.data[2].y == (5 + figure.layout.images[0].sizey / 2,)
    (image,) = figure.layout.images
    assert (image.x, image.y, image.yanchor) == (4, 5, "bottom")
    with pytest.raises(ValueError, match="names"):
        picture_map(points, labels, ("b", "c"), list("abc"), {}, "Map")


def test_the_large_picture_has_each_where_it_lies_in_the_colour_of_its_class() -> None:
    points = np.array([[0.0, 0.0], [2.0, 1.0]])
    thumbnails = [np.full((10, 10, 3), value, np.uint8) for value in (10, 200)]
    drawn = np.asarray(
        Image.open(io.BytesIO(draw_picture_map(points, np.array([0, 1]), thumbnails, width=216, side=10)))
    )
    assert drawn.shape == (116, 216, 4)
    for corner, colour, grey in (((115, 0), SERIES[0], 10), ((0, 215), SERIES[1], 200)):
        assert tuple(drawn[corner][:3]) == tuple(bytes.fromhex(colour[1:]))
        inside = (corner[0] - 8, 8) if corner[1] == 0 else (8, corner[1] - 8)
        assert drawn[inside].tolist() == [grey] * 3 + [255]
    assert drawn[0, 0, 3] == 0
