"""Figures of learning rates, and figures of lines as PNG files."""

import io

import numpy as np
import pytest
from PIL import Image
from plotly.graph_objects import Figure

from explorer.rendering import Mark, StepLine, curves, describe_figure, line_figure_png, rate_sweep_chart, step_lines

LINE = StepLine("measured", [0, 1, 2], [9.0, 1.0, 0.1], "#0072b2", band=([8.0, 0.9, 0.05], [10.0, 1.1, 0.2]))


def test_a_line_has_its_band_and_its_rates() -> None:
    figure = step_lines([LINE], {"measured": [0.5, 0.25]}, "Mean by step", "mean")
    band, line, rates = figure.data
    assert list(band.y) == [10.0, 1.1, 0.2, 0.05, 0.9, 8.0]
    assert list(line.y) == [9.0, 1.0, 0.1]
    assert (list(rates.y), rates.yaxis, rates.line.color) == ([0.5, 0.25], "y2", line.line.color)
    assert figure.layout.yaxis.type == "log"
    assert {"0.1", "1", "10"} <= {*figure.layout.yaxis.ticktext}
    assert "Mean by step" in describe_figure(figure)


def test_a_value_for_each_step() -> None:
    with pytest.raises(ValueError, match="short: 2 steps but 1 values"):
        step_lines([StepLine("short", [0, 1], [1.0], "#0072b2")], {}, "", "")


def test_marks_stand_where_they_belong() -> None:
    rates = [1e-5, 1e-2, 1.0]
    figure = rate_sweep_chart(
        rates, [2.4, 2.0, 0.1], ([2.3, 1.9, 0.05], [2.5, 2.1, 0.2]), [Mark("edge", 0.5, 2.0, "#009e73")], 0.01, "Loss"
    )
    found = {trace.name: trace for trace in figure.data}
    assert list(found["edge"].x) == [1.0, 1.0]
    assert list(found["looked at"].y) == [2.0]
    assert figure.layout.xaxis.ticktext[0] == "1e-5"


@pytest.mark.parametrize(
    "figure",
    [
        step_lines([LINE], {"measured": [0.5, 0.25]}, "Mean by step", "mean"),
        rate_sweep_chart([0.1, 1], [2, 1], ([2, 1], [3, 2]), [Mark("edge", 0.5, 2, "#009e73")], 1, "Loss"),
        curves([0, 1, 2], {"MLP": [0.9, 0.5, 0.1], "CNN": [0.9, 0.9, 0.8]}, "Right", x_title="cells"),
    ],
)
def test_a_figure_is_drawn_as_a_file(figure: Figure) -> None:
    pixels = np.asarray(Image.open(io.BytesIO(line_figure_png(figure))).convert("RGB")).reshape(-1, 3)
    assert (pixels == 255).all(axis=1).mean() > 0.5  # a white ground
    line = next(trace for trace in figure.data if trace.name and "lines" in trace.mode)
    colour = [int(line.line.color[place : place + 2], 16) for place in (1, 3, 5)]
    assert (np.abs(pixels - np.array(colour)).max(axis=1) < 3).sum() > 100


def test_many_powers_of_ten_get_a_few_ticks_and_a_line_may_stay_out_of_the_legend() -> None:
    values = [1e8, 1.0, 1e-26]
    unlisted = StepLine("yours", [0, 1, 2], values, "#0072b2", listed=False)
    figure = step_lines([LINE, unlisted], {}, "Gradients", "length", "letters back")
    assert figure.layout.xaxis.title.text == "letters back"
    assert [trace.showlegend for trace in figure.data if trace.name] == [True, False]
    places = figure.layout.yaxis.tickvals
    assert 4 <= len(places) <= 9
    assert [float(text) for text in figure.layout.yaxis.ticktext] == pytest.approx(list(places))
    assert not any("+" in text for text in figure.layout.yaxis.ticktext)
