import base64
import io

import numpy as np
import pytest
from PIL import Image

from explorer.rendering import nearest_bars

MADE, KNOWN = (np.full((8, 8, 3), level, np.uint8) for level in (40, 200))


def test_each_bar_has_its_two_pictures_below_it() -> None:
    figure = nearest_bars([MADE] * 2, [KNOWN] * 2, [1.25, 0.5], ["D 0.1", "D 0.9"], {"median": 1.0}, "Apart")
    bars, line = figure.data
    assert list(bars.y) == [1.25, 0.5]
    assert set(line.y) == {1.0}
    assert list(figure.layout.xaxis.ticktext) == ["D 0.1", "D 0.9"]
    found = [(each.x, each.y, each.source) for each in figure.layout.images]
    assert [x for x, _, _ in found] == [0, 0, 1, 1]
    assert all(figure.layout.yaxis.range[0] < y < 0 for _, y, _ in found)
    for number, (_, _, source) in enumerate(found):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))
        assert picture.shape == (96, 96, 3)
        assert set(picture.ravel()) == {(40, 200)[number % 2]}
    assert found[0][1] > found[1][1]  # the made one stands above


def test_every_bar_wants_all_of_it() -> None:
    with pytest.raises(ValueError, match="2 distances, 1 and 2 pictures, 2 words"):
        nearest_bars([MADE], [KNOWN] * 2, [1, 2], ["", ""], {}, "")
