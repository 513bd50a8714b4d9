"""Is a picture an edge? One number for it, from the directions in which the picture changes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDEST_EDGE: Final = 0.5
"""The straightness of an edge that fades in every direction alike, x exp(-(x² + y²) / 2): the least that is one."""


def measure_straightness(pictures: ArrayLike) -> NDArray[np.float64]:
    """How far the changes of a picture share one direction, 0 to 1.

    Between all neighbouring cells the change along the rows and along the columns is taken, (gx, gy); the number is the
    coherence of their structure tensor (Bigun and Granlund 1987): with the sums xx of gx², yy of gy² and xy of gx gy,

        sqrt((xx - yy)² + 4 xy²) / (xx + yy)

    1 for a straight edge or stripes in any direction, 0 for a round blob, near 0 for noise on many cells. An even
    picture has no direction: 0.

    Args:
        pictures: (..., rows, columns), 2 x 2 cells at least.
    """
    values = np.asarray(pictures, np.float64)
    # Both at the middle of four cells, so that they belong together.
    down, right = np.diff(values, axis=-2), np.diff(values, axis=-1)
    gy, gx = (down[..., 1:] + down[..., :-1]) / 2, (right[..., 1:, :] + right[..., :-1, :]) / 2
    xx, yy, xy = ((one * other).sum(axis=(-2, -1)) for one, other in ((gx, gx), (gy, gy), (gx, gy)))
    whole = xx + yy
    return np.asarray(np.hypot(xx - yy, 2 * xy) / np.where(whole > 0, whole, 1.0))
