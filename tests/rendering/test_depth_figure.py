"""Bars layer by layer on an axis of powers of ten."""

import math

import pytest

from explorer.rendering import LayerBars, describe_figure, layer_bars


def test_every_value_has_its_bar_whatever_it_is() -> None:
    values, theory = [1.0, 1e-30, 0.0, math.inf, math.nan], [1.0, 1e-29, 0.0, 1e10, 1.0]
    figure = layer_bars([LayerBars("spread", values, theory), LayerBars("length", [1.0] * 5)], "fifty layers")
    low, high = figure.layout.yaxis.range
    assert low < -30
    assert high > 10
    ends = {trace.name: (trace.x, trace.y) for trace in figure.data if trace.yaxis == "y" and trace.type == "bar"}
    assert ends == {
        "measured": ((0, 1), (0.0, pytest.approx(-30))),
        "0: too small for float32": ((2,), (low,)),
        "∞: too large for float32": ((3,), (high,)),
        "not a number": ((4,), (high,)),
    }
    (line,) = (trace for trace in figure.data if trace.name == "theory")
    assert line.y == (0.0, pytest.approx(-29), None, pytest.approx(10), 0.0)
    said = describe_figure(figure)
    for word in ("fifty layers", "spread", "length", "layer (0: the pixels)", "measured", *ends):
        assert word in said


def test_charts_are_about_the_same_layers() -> None:
    with pytest.raises(ValueError, match="3 places but 2 values of 'b'"):
        layer_bars([LayerBars("a", [1, 1, 1]), LayerBars("b", [1, 1])], "t")
