"""Figures of a data set: what is drawn is what was counted."""

import numpy as np
import pytest

from explorer.rendering.figures.data import count_bars, size_points


def test_a_bar_for_each_class_with_a_piece_for_each_part() -> None:
    counts = np.array([[6, 2, 2], [9, 0, 3]])
    figure = count_bars(["ants", "<b>bees</b>"], counts, ["training", "validation", "test"])
    assert [bar.name for bar in figure.data] == ["training", "validation", "test"]
    assert [list(bar.x) for bar in figure.data] == counts.T.tolist()
    assert figure.layout.barmode == "stack"
    assert list(figure.layout.yaxis.ticktext) == ["ants", "&lt;b&gt;bees&lt;/b&gt;"]
    assert list(figure.data[1].text) == ["2", ""]


def test_many_classes_and_long_names_stay_readable() -> None:
    names = [f"{'long ' * 20}{number}" for number in range(100)]
    figure = count_bars(names, np.ones((100, 3), np.int64), ["a", "b", "c"])
    assert figure.layout.height < 1100
    assert figure.layout.yaxis.showticklabels is False
    assert len(figure.data[0].customdata[0]) <= 24


def test_counts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="1 classes and 3 parts"):
        count_bars(["ants"], np.ones((2, 3), np.int64), ["a", "b", "c"])


def test_a_point_for_each_size_larger_where_more_have_it() -> None:
    figure = size_points(np.array([[10, 20], [30, 5], [10, 20], [10, 20]]))
    (points,) = figure.data
    found = dict(zip(zip(points.x, points.y, strict=True), points.customdata, strict=True))
    assert found == {(10, 20): 3, (30, 5): 1}
    sizes = dict(zip(points.customdata, points.marker.size, strict=True))
    assert sizes[3] > sizes[1]
