"""The colour tables against matplotlib's own colour maps and against what a reader needs of them."""

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray

from explorer.rendering import colours


def luminance(table: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Relative luminance by the WCAG 2.1 formula."""
    channels = table / 255.0
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def test_magnitudes_are_matplotlibs_viridis() -> None:
    for i in range(256):
        red, green, blue, _ = matplotlib.colormaps["viridis"](i, bytes=True)
        assert tuple(colours.SEQUENTIAL[i]) == (red, green, blue)


def test_zero_is_exactly_white_and_only_zero() -> None:
    white = np.flatnonzero((colours.DIVERGING == 255).all(axis=1))
    assert white.tolist() == [128]


def test_signed_ends_are_blue_and_red() -> None:
    low, high = colours.DIVERGING[1].astype(int), colours.DIVERGING[255].astype(int)
    assert low[2] > low[0] + 50
    assert high[0] > high[2] + 50


def test_signed_values_get_darker_away_from_zero() -> None:
    light = luminance(colours.DIVERGING[1:])
    assert (np.diff(light[:128]) > 0).all()
    assert (np.diff(light[127:]) < 0).all()


@pytest.mark.parametrize("table", [colours.SEQUENTIAL, colours.AMBER], ids=["viridis", "amber"])
def test_lightness_alone_orders_a_magnitude(table: NDArray[np.uint8]) -> None:
    """What makes a table readable without colour vision."""
    assert (np.diff(luminance(table)) > -2e-3).all()
    assert luminance(table)[-1] - luminance(table)[0] > 0.6


def test_no_glow_is_black() -> None:
    assert tuple(colours.AMBER[0]) == (0, 0, 0)


@pytest.mark.parametrize("table", [colours.SEQUENTIAL, colours.DIVERGING, colours.AMBER])
def test_nan_has_a_colour_of_its_own(table: NDArray[np.uint8]) -> None:
    assert np.abs(table.astype(int) - colours.UNDEFINED).sum(axis=1).min() > 20


def test_tables_cannot_be_changed_by_a_page() -> None:
    with pytest.raises(ValueError, match="read-only"):
        colours.SEQUENTIAL[0] = 0
