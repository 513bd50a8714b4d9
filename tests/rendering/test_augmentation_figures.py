"""Figures of the Augmentation page."""

import io

import numpy as np
import pytest
from PIL import Image

from explorer.rendering import (
    average_bars,
    channel_histograms_chart,
    draw_bars,
    draw_picture_grid,
    fit_picture,
    layer_numbers,
    sweep_curves,
    training_curves,
    two_histograms,
)


def picture(height: int, width: int, value: int = 90) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_a_grid_keeps_pictures_whole_and_says_where_they_lie() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    grid = draw_picture_grid([noise, picture(20, 40), picture(40, 10)], columns=2, side=40, gap=6)
    assert (grid.width, grid.height, grid.columns, grid.rows, grid.count) == (86, 86, 2, 2, 3)
    pixels = np.asarray(Image.open(io.BytesIO(grid.png)))
    assert pixels.shape == (86, 86, 4)
    left, top, right, bottom = grid.box(0)
    assert (pixels[top:bottom, left:right, :3] == noise).all()
    left, top, right, bottom = grid.box(1)
    shown = pixels[top:bottom, left:right, 3] == 255
    assert shown.sum() == 20 * 40
    assert shown[10:30].all()  # in the middle of its cell
    assert (pixels[46:, 46:, 3] == 0).all()  # no fourth picture
    with pytest.raises(ValueError, match="at least one"):
        draw_picture_grid([], columns=2, side=40)


def test_small_pictures_keep_hard_edges() -> None:
    small = np.array([[[0] * 3, [255] * 3]], np.uint8)
    large = np.asarray(fit_picture(small, 100))
    assert large.shape == (50, 100, 3)
    assert set(np.unique(large)) == {0, 255}
    assert fit_picture(picture(300, 150), 60).size == (30, 60)


def test_bars_of_draws_carry_their_pictures() -> None:
    figure = draw_bars([0.9, 0.2], 0.5, [picture(8, 8), picture(8, 8)], ["draw 2", "draw 1"], ["a", "b"], "cat")
    assert list(figure.data[0].y) == [90.0, 20.0]
    assert list(figure.data[1].y) == [50.0, 50.0]
    assert [image.x for image in figure.layout.images] == [0, 1]
    assert all(image.source.startswith("data:image/png;base64,") for image in figure.layout.images)
    assert min(figure.layout.yaxis.tickvals) == 0
    with pytest.raises(ValueError, match="2 probabilities, 1 pictures"):
        draw_bars([0.9, 0.2], 0.5, [picture(8, 8)], ["a", "b"], ["a", "b"], "cat")


def test_a_sweep_marks_cursor_start_and_flips() -> None:
    figure = sweep_curves([0, 1, 2], {"cat": [1, 0.5, 0]}, title="Turn", x_title="°", cursor=2, neutral=0, flips=[1.5])
    assert list(figure.data[0].y) == [100, 50, 0]
    assert sorted(line.x0 for line in figure.layout.shapes) == [0, 1.5, 2]
    with pytest.raises(ValueError, match="3 places but 2"):
        sweep_curves([0, 1, 2], {"cat": [1, 0]}, title="", x_title="", cursor=0, neutral=0)


def test_layers_in_their_order_with_gaps() -> None:
    names = [f"stage{number}.block.conv" for number in range(40)]
    figure = layer_numbers(names, {"still": [0.5] * 40, "follows": [None] * 39 + [0.9]}, "Layers")
    assert list(figure.data[0].x) == names
    assert figure.data[1].y[0] is None
    assert len(figure.layout.xaxis.tickvals) <= 16
    assert set(figure.layout.xaxis.ticktext) == {"block.conv"}
    with pytest.raises(ValueError, match="40 layers but 1"):
        layer_numbers(names, {"still": [0.5]}, "Layers")


def test_histograms_in_percent() -> None:
    shares = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])
    figure = channel_histograms_chart([0, 1, 2], shares, "Before", x_title="pixel")
    assert list(figure.data[0].y) == [25.0, 75.0]
    assert list(figure.data[0].x) == [0.5, 1.5]
    with pytest.raises(ValueError, match="do not fit"):
        channel_histograms_chart([0, 1], shares, "Before", x_title="pixel")
    both = two_histograms([0, 1, 2], [0.1, 0.9], [0.5, 0.5], ("dim", "bright"), "Pixels")
    assert [trace.name for trace in both.data] == ["dim", "bright"]
    with pytest.raises(ValueError, match="do not fit"):
        two_histograms([0, 1, 2], [0.1], [0.5, 0.5], ("dim", "bright"), "Pixels")


def test_whiskers_end_at_nothing_and_certainty() -> None:
    figure = average_bars(["cat", "dog"], [0.9, 0.05], [0.2, 0.1], [0.8, 0.1])
    np.testing.assert_allclose(figure.data[0].error_x.array, [10, 10])
    np.testing.assert_allclose(figure.data[0].error_x.arrayminus, [20, 5])
    assert list(figure.data[1].x) == [80.0, 10.0]
    with pytest.raises(ValueError, match="2 names, 1 means"):
        average_bars(["cat", "dog"], [0.9], [0.2, 0.1], [0.8, 0.1])


def test_training_curves_of_two_runs() -> None:
    runs = {"without": {"training": ([0, 5], [0.1, 0.9])}, "with": {"validation": ([0, 5], [0.1, 0.5])}}
    figure = training_curves(runs, "Right answers", percent=True)
    assert [trace.name for trace in figure.data] == ["without, training", "with, validation"]
    assert list(figure.data[1].y) == [10.0, 50.0]
    assert figure.data[0].line.dash == "dot"
    assert figure.data[1].line.dash == "solid"
    assert list(training_curves(runs, "Loss", percent=False).data[0].y) == [0.1, 0.9]
