"""A change of a photo, made large enough to be seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GREY = 128


def enlarge_change(change: NDArray[np.int16], bound: int) -> NDArray[np.uint8]:
    """A change (H, W, 3) from -bound to bound as a picture: grey where nothing changes, black to white in between."""
    picture: NDArray[np.uint8] = (_GREY + change * (127 / max(bound, 1))).round().astype(np.uint8)
    return picture
