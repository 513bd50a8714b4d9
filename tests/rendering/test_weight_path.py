"""The way of two weights: contours of a bowl, one unit on both axes, and no number that upsets the drawing."""

import numpy as np
import pytest

from explorer.rendering import WeightPath, decode_png, describe_figure, weight_path, weight_path_picture

AXIS = np.linspace(-1, 3, 5)
BOWL = (AXIS[None, :] - 1) ** 2 + 4 * (AXIS[:, None] - 1) ** 2


def test_contours_are_even_in_a_bowl_and_axes_have_one_unit() -> None:
    path = np.array([[0.0, 0.0], [1.5, 0.5], [1.0, 1.0]])
    figure = weight_path(WeightPath(AXIS, BOWL, path, (1.0, 1.0), "A bowl"))
    contours, way, best = figure.data
    np.testing.assert_allclose(contours.z[2], np.abs(AXIS - 1))
    np.testing.assert_allclose(contours.z[:, 2], 2 * np.abs(AXIS - 1))
    np.testing.assert_array_equal(np.stack([way.x, way.y], axis=1), path)
    assert (best.x, best.y) == ((1.0,), (1.0,))
    assert figure.layout.yaxis.scaleanchor == "x"
    assert describe_figure(figure).startswith("A bowl, weight of the first column, of the second")


@pytest.mark.parametrize("beyond", [1e300, np.inf, np.nan])
def test_a_way_that_diverges_ends_beyond_the_frame(beyond: float) -> None:
    path = np.array([[0.0, 0.0], [5.0, 1.0], [-6.0, 1.0], [beyond, 1.0], [0.5, 1.0]])
    way = weight_path(WeightPath(AXIS, BOWL, path, (1.0, 1.0), "A bowl")).data[1]
    np.testing.assert_array_equal(way.x, [0.0, 5.0, -6.0])


def test_the_picture_shows_ways_in_the_colours_of_the_chart() -> None:
    way = WeightPath(AXIS, BOWL, np.array([[0.0, 0.0], [2.0, 2.0]]), (1.0, 1.0), "A bowl")
    still = way._replace(path=way.path[:1])
    pictures = [decode_png(weight_path_picture(ways)) for ways in ([still], [way], [way, way])]
    assert pictures[2].shape[1] == 2 * pictures[1].shape[1]
    standing, gone, twice = (int((each[..., :3] == (0xD5, 0x5E, 0x00)).all(axis=-1).sum()) for each in pictures)
    assert 0 < standing < gone / 2 < twice / 3
