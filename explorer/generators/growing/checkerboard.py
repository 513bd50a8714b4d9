"""How much of a picture repeats every two pixels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers

WINDOW: Final = 8  # pixels of the squares in which it is measured
BY_CHANCE: Final = 3 / (WINDOW**2 - 1)
"""The share in noise, whose power is the same in all frequencies of a window but that of its mean."""


def measure_checkerboard(picture: NDArray[np.floating]) -> float:
    """The share of a picture's power that has a period of two pixels: along rows, along columns, or both.

    In squares of 8 x 8 pixels, so that a pattern counts whose sign changes from place to place; the mean of each square
    is no part of the power. An even picture has none, and 0.

    Args:
        picture: (C, H, W), H and W multiples of 8.
    """
    values: Numbers = picture.astype(np.float64)
    channels, height, width = values.shape
    squares = values.reshape(channels, height // WINDOW, WINDOW, width // WINDOW, WINDOW).swapaxes(2, 3)
    power = np.abs(np.fft.fft2(squares)) ** 2
    power[..., 0, 0] = 0.0
    whole, half = float(power.sum()), WINDOW // 2
    if whole < 1e-12 * values.size:
        return 0.0
    return float(power[..., 0, half].sum() + power[..., half, 0].sum() + power[..., half, half].sum()) / whole
