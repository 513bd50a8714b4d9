import math

import pytest

from explorer.rendering import SEQUENTIAL, surprise_bars


def test_every_word_has_its_bar_even_if_it_comes_twice() -> None:
    figure = surprise_bars(["a", "dog", "a", "zyx"], [0.5, 6.0, 30.0, math.nan], "Bits", ["i", "j", "k", "l"])
    (bars,) = figure.data
    assert list(bars.x) == [0.5, 6.0, 30.0, 0.0]
    assert list(bars.text) == ["0.5 bits", "6.0 bits", "30.0 bits", "not known"]
    assert list(figure.layout.yaxis.ticktext) == ["a", "dog", "a", "zyx"]
    assert len(set(bars.y)) == 4
    assert bars.marker.color[2] == "rgb({}, {}, {})".format(*SEQUENTIAL[255])
    assert bars.marker.color[3] == "rgb({}, {}, {})".format(*SEQUENTIAL[0])
    assert bars.customdata[1] == ["dog", "j"] or list(bars.customdata[1]) == ["dog", "j"]
    assert figure.layout.xaxis.range[1] > 30


def test_lengths_must_fit() -> None:
    with pytest.raises(ValueError, match="2 words but 1 values"):
        surprise_bars(["a", "b"], [1.0], "")
    with pytest.raises(ValueError, match="1 notes"):
        surprise_bars(["a", "b"], [1.0, 2.0], "", ["x"])
