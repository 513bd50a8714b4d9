import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.rendering import decode_png, line_figure_png
from explorer.rendering.figures.learning.dropout import marked_histogram, mask_grid
from explorer.rendering.figures.transfer import AccuracyRow, Spread, accuracy_rows


def test_a_histogram_with_marked_values() -> None:
    values = np.random.default_rng(0).normal(size=200)
    figure = marked_histogram(values, {"mean": 0.1, "evaluation": 5.0}, "Logit", unit=" %")
    bars, *lines = figure.data
    assert sum(bars.y) == 200
    assert [(line.name, *line.x) for line in lines] == [("mean", 0.1, 0.1), ("evaluation", 5.0, 5.0)]
    assert len({line.line.dash for line in lines}) == 2  # told apart without colours
    low, high = figure.layout.xaxis.range
    assert low < values.min() < 5 < high
    for (start, end), count in zip(bars.customdata, bars.y, strict=True):
        assert count == ((values >= start) & (values < end)).sum()
    same = marked_histogram(np.full(200, 3.0), {"mean": 3.0}, "Logit")
    assert sum(same.data[0].y) == 200


def test_dropped_cells_have_no_value() -> None:
    masks = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    hidden = np.array([2.0, 0.5, 0.0])
    (grid,) = mask_grid(2 * hidden * masks, masks, hidden).data
    assert [list(row) for row in grid.z] == [[2, 0.5, 0], [4, None, 0], [None, 1, 0]]
    assert [list(row) for row in grid.text] == [["2", "0.5", "0"], ["4", "dropped", "0"], ["dropped", "1", "0"]]
    assert list(grid.y) == ["evaluation", "1", "2"]
    assert grid.zmax == pytest.approx(4)


def test_intervals_and_names_are_in_the_picture_to_take_along() -> None:
    def ink(name: str, reach: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        row = AccuracyRow(name, Spread(0.5, 0.5 - reach, 0.5 + reach), "#d55e00")
        pixels = decode_png(line_figure_png(accuracy_rows([row], "Accuracies", (0.0, 1.0)))).astype(int)
        return np.abs(pixels - [0xD5, 0x5E, 0x00]).sum(axis=2) < 30, pixels.sum(axis=2) < 150

    (narrow, bare), (wide, named) = ink(" ", 0.01), ink("a long name", 0.3)
    assert np.ptp(np.nonzero(wide)[1]) > 3 * np.ptp(np.nonzero(narrow)[1])  # from end to end
    assert named.sum() > bare.sum() + 100
