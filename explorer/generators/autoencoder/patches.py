"""A photo as patches of 8 x 8 pixels in colour, 192 numbers each, and the photo of such patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.neurons.activations import Numbers

SIDE: Final = 8  # pixels of a patch
DEPTH: Final = 3 * SIDE**2  # numbers of a patch
LONGEST: Final = 256  # pixels of the photo's longer side
LEAST: Final = 64  # patches


class PatchesRejected(ValueError):
    """A photo has nothing to learn a code from; the message says why, and what would do."""


@dataclass(frozen=True, eq=False)
class Patches:
    """A photo cut up.

    Attributes:
        values: (rows * columns, 192) from 0 to 1, row by row; of each patch its pixels row by row, red, green and blue
            of a pixel side by side.
        rows, columns: of patches.
    """

    values: Numbers
    rows: int
    columns: int

    def join(self, values: Numbers) -> NDArray[np.uint8]:
        """The photo (H, W, 3) uint8 of other values of its patches; what is beyond black or white is cut off."""
        cells = values.reshape(self.rows, self.columns, SIDE, SIDE, 3).swapaxes(1, 2)
        photo = cells.reshape(self.rows * SIDE, self.columns * SIDE, 3)
        return np.asarray((photo * 255).round().clip(0, 255).astype(np.uint8))


def cut(image: Image.Image) -> Patches:
    """A photo, its longer side at most 256 pixels, what is left over at its sides cut off.

    Args:
        image: RGB.

    Raises:
        PatchesRejected: If there are fewer than 64 patches, or all are one colour.
    """
    scale = min(1.0, LONGEST / max(image.size))
    columns, rows = (round(side * scale) // SIDE for side in image.size)
    if rows * columns < LEAST:
        raise PatchesRejected(
            f"{image.width} × {image.height} pixels give {rows * columns} patches of {SIDE} × {SIDE}. A code is "
            f"learned from {LEAST} or more: {round(LEAST**0.5) * SIDE} × {round(LEAST**0.5) * SIDE} pixels would do."
        )
    size = (max(SIDE, round(image.width * scale)), max(SIDE, round(image.height * scale)))
    pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float64)[: rows * SIDE, : columns * SIDE] / 255
    values = pixels.reshape(rows, SIDE, columns, SIDE, 3).swapaxes(1, 2).reshape(-1, DEPTH)
    if not np.ptp(values, axis=0).any():
        raise PatchesRejected(
            "All patches are alike, as in a photo of one colour: no number is needed to tell them apart, so there is "
            "nothing to encode. Any picture with an edge would do."
        )
    return Patches(np.ascontiguousarray(values), rows, columns)


def measure_error(made: Numbers, wanted: Numbers) -> float:
    """The mean squared difference of two sets of numbers."""
    return float(((made - wanted) ** 2).mean())
