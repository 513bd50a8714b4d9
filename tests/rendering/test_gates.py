"""Rows of gates: every bar's width, height and words."""

import json

import numpy as np
import pytest

from explorer.rendering import gate_rows

GATES = [np.array([0.2, 0.9, 0.9, 0.0], np.float32), np.array([0.5], np.float32)]


@pytest.mark.parametrize("by_value", [False, True])
def test_every_channel_is_a_bar_with_its_words(by_value: bool) -> None:
    figure = gate_rows(["one", "two"], GATES, "Gates", by_value=by_value)
    first, second = figure.data
    order = [1, 2, 0, 3] if by_value else [0, 1, 2, 3]
    assert list(first.x) == [-0.5, 0, 1, 2, 3, 3.5]  # the outline of bars one wide
    np.testing.assert_allclose(first.y[1:-1], GATES[0][order])
    assert list(first.hovertext[1:-1]) == [f"channel {channel}: {GATES[0][channel]:.3g}" for channel in order]
    assert (first.y[0], first.y[-1]) == (first.y[1], first.y[-2])
    assert list(second.hovertext) == ["channel 0: 0.5"] * 3
    assert [note.text for note in figure.layout.annotations] == ["one", "two"]


def test_rows_lie_under_each_other_and_share_one_scale() -> None:
    figure = gate_rows(["one", "two"], GATES, "Gates")
    (low, high), (lower, higher) = (axis.domain for axis in (figure.layout.yaxis, figure.layout.yaxis2))
    assert 1 >= high > low > higher > lower >= 0
    assert high - low == pytest.approx(higher - lower)
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range == (0, 1)
    assert figure.layout.height < gate_rows(["one"] * 9, [GATES[0]] * 9, "Gates").layout.height
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    json.loads(figure.to_json())


def test_titles_and_rows_must_match() -> None:
    with pytest.raises(ValueError, match="1 titles but 2 rows"):
        gate_rows(["one"], GATES, "Gates")
