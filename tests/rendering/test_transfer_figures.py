"""Figures of a comparison of trainings."""

import numpy as np
import pytest

from explorer.rendering.figures.basic import plain
from explorer.rendering.figures.confusion import confusion_chart
from explorer.rendering.figures.report import figure_fragment, figure_fragments, plotly_script
from explorer.rendering.figures.transfer import (
    AccuracyRow,
    LearningCurve,
    MeasuredPoint,
    Spread,
    accuracy_rows,
    learning_curves,
    quadrant_chart,
)

SPREAD = Spread(0.8, 0.7, 0.88, (0.78, 0.82))
FIELDS = [
    ("little, similar", "head"),
    ("much, similar", "full"),
    ("little, different", "cut"),
    ("much, different", "x"),
]


def test_accuracies_with_whiskers_and_rings() -> None:
    figure = accuracy_rows(
        [AccuracyRow("a <b>", SPREAD, "#0072b2"), AccuracyRow("c", Spread(0.3, 0.2, 0.4), "#d55e00")]
    )
    rings, mean = figure.data[:2]
    assert list(rings.x) == pytest.approx([78, 82])
    assert list(mean.x) == pytest.approx([80])
    assert mean.error_x.array[0] == pytest.approx(8)
    assert mean.error_x.arrayminus[0] == pytest.approx(10)
    assert [(each.text, each.y) for each in figure.layout.annotations] == [("a &lt;b&gt;", 0), ("c", 1)]
    low, high = figure.layout.xaxis.range
    assert low < 20 < 88 < high
    first, last = figure.layout.yaxis.range
    assert first > last  # the first row is on top
    differences = accuracy_rows([AccuracyRow("a", Spread(-0.01, -0.03, 0.01), "#0072b2")], "moved", (-0.04, 0.02))
    assert list(differences.layout.xaxis.range) == [-4, 2]


def test_learning_curves_lie_in_their_bands() -> None:
    figure = learning_curves([LearningCurve("head", (10, 100), (SPREAD, Spread(0.9, 0.85, 0.95)), "#0072b2")])
    band, line = figure.data
    assert list(band.x) == [10, 100, 100, 10]
    assert list(band.y) == pytest.approx([88, 95, 85, 70])
    assert list(line.y) == pytest.approx([80, 90])
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.ticktext) == ["10", "100"]
    with pytest.raises(ValueError, match="2 counts but 1 spreads"):
        learning_curves([LearningCurve("head", (10, 100), (SPREAD,), "#0072b2")])


def test_four_fields_and_the_data_set_in_them() -> None:
    points = [
        MeasuredPoint(240, "100 %", "head won", "#d55e00"),
        MeasuredPoint(60, "25 %", "nobody", "#94a3b8"),
        MeasuredPoint(24, "10 %", "nobody", "#94a3b8"),
    ]
    figure = quadrant_chart(0.9, (1000, 0.8), FIELDS, points)
    assert [note.text for note in figure.layout.annotations] == [f"<b>{name}</b><br>{told}" for name, told in FIELDS]
    rectangles = figure.layout.shapes
    assert [(each.x1 == 1000, each.y0 == 0.8) for each in rectangles[:2]] == [(True, True), (False, True)]
    assert [each.y1 for each in rectangles[2:]] == [0.8, 0.8]
    won, nobody = figure.data
    assert (list(won.x), list(won.y), won.marker.color) == ([240], [0.9], "#d55e00")
    assert list(nobody.x) == [60, 24]
    assert list(nobody.textposition) == ["top center", "bottom center"]
    low, high = (10**end for end in figure.layout.xaxis.range)
    assert low < 24 < 1000 < high
    # Fields touch, and every point lies inside of one.
    assert rectangles[0].x1 == rectangles[1].x0 == 1000
    with pytest.raises(ValueError, match="four situations"):
        quadrant_chart(0.9, (1000, 0.8), FIELDS[:3], points)


def test_a_matrix_has_numbers_colours_and_cells_that_can_be_clicked() -> None:
    counts = np.array([[8, 2], [0, 0]])
    figure = confusion_chart(counts, ["<i>", "b"], (0, 1))
    cells, points = figure.data
    assert [list(row) for row in cells.z] == [[80.0, 20.0], [0.0, 0.0]]  # a class without pictures divides nothing
    assert [list(row) for row in cells.text] == [["8", "2"], ["0", "0"]]
    assert [list(each) for each in points.customdata] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert list(zip(points.y, points.x, strict=True)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert points.hovertext[1] == "&lt;i&gt; predicted as b: 2 of 10, 20 %"
    assert list(figure.layout.yaxis.ticktext) == ["&lt;i&gt;", "b"]
    assert {(each.x0, each.y0) for each in figure.layout.shapes} == {(0.5, -0.5)}
    with pytest.raises(ValueError, match="3 names"):
        confusion_chart(counts, ["a", "b", "c"])


@pytest.mark.parametrize("classes", [2, 9, 25, 26, 100])
def test_matrices_of_many_classes_stay_on_the_screen(classes: int) -> None:
    figure = confusion_chart(np.eye(classes, dtype=np.int64), [f"a class with a long name {n}" for n in range(classes)])
    assert 250 <= figure.layout.height <= 1100
    assert (figure.data[0].texttemplate is None) == (classes > 25)
    assert all(len(name) <= 22 for name in figure.layout.xaxis.ticktext)


def test_names_are_shown_letter_by_letter() -> None:
    assert plain("a<b>&c") == "a&lt;b&gt;&amp;c"
    assert plain("abcdef", 4) == "abc…"
    assert plain("%{y}") == "%&#123;y}"
    assert plain("abcd", 4) == "abcd"


def test_fragments_need_one_script_and_hold_no_strangers_markup() -> None:
    figure = confusion_chart(np.eye(2, dtype=np.int64), ["</script><script>alert(1)</script>", "b"])
    (title, piece), (_, second) = figure_fragments([("Cells", figure), ("Again", figure)])
    assert title == "Cells"
    assert 'id="figure-0"' in piece
    assert 'id="figure-1"' in second
    assert piece.count("<script") == piece.count("</script>") == 1
    assert "alert(1)" in piece  # as JSON
    assert "src=" not in piece
    assert len(piece) < 100_000
    assert "</script" not in plotly_script()
    with pytest.raises(ValueError, match="no id"):
        figure_fragment(figure, 'x" onload="')
