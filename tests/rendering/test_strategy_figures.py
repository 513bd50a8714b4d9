"""Strategies drawn on a network, and growing curves."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.rendering.colours import FROZEN, TRAINABLE
from explorer.rendering.figures.strategy import STATES, DrawnStage, Line, growing_curves, strategy_columns

PARTS = st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 10**7)), min_size=1, max_size=6)


@given(PARTS, st.floats(0.1, 1.0))
def test_the_parts_of_a_column_fill_it(parts: list[tuple[str, int]], height: float) -> None:
    figure = strategy_columns(["one"], [[DrawnStage("stage", height, tuple(parts))]])
    pieces = sorted((bar.base[0], bar.base[0] + bar.y[0]) for bar in figure.data)
    assert len(pieces) == len({state for state, _ in parts})
    assert pieces[0][0] == pytest.approx(-height / 2)
    assert pieces[-1][1] == pytest.approx(height / 2)
    for (_, end), (begin, _) in pairwise(pieces):
        assert end == pytest.approx(begin)
    assert min(end - begin for begin, end in pieces) > 0.08 * height  # a few weights can be seen beside millions


def test_more_weights_take_more_of_a_column_and_say_so() -> None:
    figure = strategy_columns(["one"], [[DrawnStage("block", 1.0, (("frozen", 700), ("trained", 300)))]])
    frozen, trained = figure.data
    assert frozen.y[0] == pytest.approx(0.7)
    assert trained.y[0] == pytest.approx(0.3)
    assert frozen.marker.color == FROZEN
    assert trained.marker.color == TRAINABLE
    assert frozen.hovertext[0] == "block: 700 parameters, frozen"


def test_every_network_has_its_row_and_a_state_one_line_in_the_legend() -> None:
    stages = [DrawnStage("a", 1.0, (("frozen", 1),)), DrawnStage("b", 0.5, (("new", 1),))]
    figure = strategy_columns(["first", "second"], [stages, stages])
    assert [bar.yaxis for bar in figure.data] == ["y", "y", "y2", "y2"]
    assert [bar.showlegend for bar in figure.data] == [True, True, False, False]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert [each.text for each in figure.layout.annotations] == ["first", "second"]
    with pytest.raises(ValueError, match="1 titles but 2 networks"):
        strategy_columns(["first"], [stages, stages])


def test_what_is_not_finite_or_not_on_the_axis_is_left_out() -> None:
    line = Line("head", (0.0, 1.0, 2.0, 3.0), (0.0, math.nan, 0.5, 1.0), "#123456")
    (plain,) = growing_curves([line], "Accuracy", percent=True).data
    assert (plain.x, plain.y) == ((0.0, 2.0, 3.0), (0.0, 50.0, 100.0))
    (logarithmic,) = growing_curves([line], "Norm", logarithmic=True).data
    assert (logarithmic.x, logarithmic.y) == ((2.0, 3.0), (0.5, 1.0))


def test_faint_and_dotted_lines_stand_behind() -> None:
    lines = [
        Line("head", (0.0, 1.0), (1.0, 0.5), "#123456", faint=True, listed=False),
        Line("head, training", (0.0, 1.0), (1.0, 0.5), "#123456", dotted=True, listed=False),
        Line("head", (0.0, 1.0), (1.0, 0.5), "#123456"),
    ]
    faint, dotted, front = growing_curves(lines, "Loss").data
    assert [each.showlegend for each in (faint, dotted, front)] == [False, False, True]
    assert faint.line.width < dotted.line.width < front.line.width
    assert faint.opacity < 1.0
    assert dotted.line.dash == "dot"
    assert front.mode == "lines+markers"
