import numpy as np
import pytest

from explorer.rendering import slope_curves


@pytest.mark.parametrize("at", [-0.5, 2.0, 40.0])
def test_the_tangent_touches_the_curve(at: float) -> None:
    figure = slope_curves(lambda x: x**2, lambda x: 2 * x, at, "square")
    curve, tangent, slope, point, same_point = figure.data
    assert min(curve.x) <= at <= max(curve.x)
    np.testing.assert_allclose(curve.y, np.square(curve.x))
    np.testing.assert_allclose(slope.y, 2 * np.array(slope.x))
    assert (point.x[0], point.y[0]) == (at, at**2)
    assert (same_point.x[0], same_point.y[0]) == (at, 2 * at)
    assert slope.yaxis == same_point.yaxis == "y2"
    assert (tangent.y[1] - tangent.y[0]) / (tangent.x[1] - tangent.x[0]) == pytest.approx(2 * at)
    assert np.interp(at, tangent.x, tangent.y) == pytest.approx(at**2)
