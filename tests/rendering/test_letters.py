"""Attention between two texts as a picture."""

import numpy as np
import pytest

from explorer.rendering import AMBER, decode_png, draw_letters


def test_every_cell_has_the_colour_of_its_weight() -> None:
    weights = np.array([[0.0, 1.0, 0.4], [0.2, 0.5, 0.3]])
    picture = decode_png(draw_letters(weights, "a b", "19"))
    rows, columns = weights.shape
    side = picture.shape[0] // (rows + 1)
    assert picture.shape == (3 * side, 4 * side, 3)
    for row in range(rows):
        for column in range(columns):
            cell = picture[(row + 1) * side : (row + 2) * side, (column + 1) * side : (column + 2) * side]
            np.testing.assert_array_equal(cell, np.broadcast_to(AMBER[round(255 * weights[row, column])], cell.shape))
    inked = [(picture[:side, place * side : (place + 1) * side] < 128).any() for place in range(4)]
    assert inked == [False, True, False, True]  # nothing in the corner, and a space is blank
    with pytest.raises(ValueError, match=r"2 and 2 characters"):
        draw_letters(weights, "ab", "19")
