"""What the figures hold: counts against NumPy, order and percent, nothing that breaks a dark theme."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from explorer.rendering import agreement_matrix, channel_means, format_percent, histogram, probability_bars

FIGURES = [
    histogram(np.linspace(-1, 1, 50), "map 3"),
    probability_bars(["cat", "dog"], [0.2, 0.8]),
    channel_means([0.4, 0.5, 0.6], [-0.1, 0.0, 0.2]),
    agreement_matrix(["a", "b"], np.array([[1.0, -0.5], [-0.5, 1.0]])),
]


def test_histogram_counts_what_numpy_counts() -> None:
    values = np.random.default_rng(0).normal(size=(20, 30))
    figure = histogram(values, "map 3", bins=25)
    counts, edges = np.histogram(values, bins=25)
    np.testing.assert_array_equal(figure.data[0].y, counts)
    np.testing.assert_allclose(figure.data[0].customdata[:, 0], edges[:-1])


@pytest.mark.parametrize("values", [[0.0] * 9, [5e8] * 9, [-3.0]])
def test_histogram_of_a_constant(values: list[float]) -> None:
    bars = histogram(values, "flat").data[0]
    assert sum(bars.y) == len(values)
    assert all(width > 0 for width in bars.width)


def test_histogram_says_what_it_left_out() -> None:
    figure = histogram([1.0, 2.0, np.nan, np.inf], "odd")
    assert "2 not finite" in figure.layout.title.text
    assert sum(figure.data[0].y) == 2


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_histogram_of_nothing(values: list[float]) -> None:
    figure = histogram(values, "empty")
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text == "no values"


def test_most_probable_class_on_top() -> None:
    figure = probability_bars(["cat", "dog", "owl"], [0.2, 0.7, 0.1], compare=[0.5, 0.3, 0.2])
    now, before = figure.data
    assert list(now.y) == list(before.y) == ["dog", "cat", "owl"]
    assert figure.layout.yaxis.autorange == "reversed"
    np.testing.assert_allclose(now.x, [70, 20, 10])
    np.testing.assert_allclose(before.x, [30, 50, 20])
    assert list(now.text) == ["70 %", "20 %", "10 %"]


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="names"):
        probability_bars(["cat"], [0.2], compare=[0.1, 0.9])
    with pytest.raises(ValueError, match="names"):
        channel_means([0.1], [0.2], names=["red", "green"])


def test_channel_means_stand_side_by_side() -> None:
    before, after = channel_means([0.4, 0.5, 0.6], [-0.1, 0.0, 0.2]).data
    assert list(before.y) == [0.4, 0.5, 0.6]
    assert list(after.y) == [-0.1, 0.0, 0.2]
    assert before.xaxis != after.xaxis


@pytest.mark.parametrize("figure", FIGURES, ids=["histogram", "probabilities", "channels", "agreement"])
def test_figures_suit_any_theme(figure: Any) -> None:
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.font.color is None
    assert figure.layout.title.text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.8734, "87.3 %"), (0.9999, "99.99 %"), (0.00001, "0.001 %"), (1e-9, "<0.001 %")],
)
def test_percent_has_three_digits(share: float, text: str) -> None:
    assert format_percent(share) == text


def test_importing_the_package_loads_no_plotly_torch_or_streamlit() -> None:
    code = "import sys, explorer.rendering; print([m for m in ('plotly', 'torch', 'streamlit') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_agreement_writes_every_number_and_leaves_what_is_none() -> None:
    values = np.array([[1.0, -0.25, np.nan], [-0.25, 1.0, np.nan], [np.nan, np.nan, np.nan]])
    cells = agreement_matrix(["a", "b", "c"], values).data[0]
    assert [list(row) for row in cells.text] == [["1.00", "-0.25", ""], ["-0.25", "1.00", ""], ["", "", ""]]
    assert cells.z[2][2] is None
    assert (cells.zmin, cells.zmax) == (-1, 1)  # white is no agreement, whatever the values
    colours = dict(cells.colorscale)
    assert colours[0.5] == "rgb(255, 255, 255)"
    with pytest.raises(ValueError, match="3 names"):
        agreement_matrix(["a", "b", "c"], values[:2])


def test_whoever_can_draw_has_pandas_whole() -> None:
    """Plotly asks `sys.modules` for pandas while it draws; loaded later by another thread, it may be half there."""
    code = "import sys, explorer.rendering; print(hasattr(sys.modules.get('pandas'), 'Series'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
