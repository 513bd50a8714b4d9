"""Patches of a photo as the 64 inputs of a neuron, and weights that make it look for something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from PIL import Image

from explorer.neurons.activations import Numbers

SIDE: Final = 8  # cells of a patch
_MOST: Final = 12  # patches along the photo's longer side


def cut_patches(image: Image.Image) -> Numbers:
    """The whole photo in grey as patches of 8 x 8 cells.

    Args:
        image: RGB, of any size.

    Returns:
        (rows, columns, 8, 8) from 0, black, to 1, white; the longer side has 12 patches, and each at least one.
    """
    longer = max(image.size)
    columns, rows = (max(1, round(_MOST * side / longer)) for side in image.size)
    small = image.convert("L").resize((SIDE * columns, SIDE * rows), Image.Resampling.LANCZOS)
    cells = np.asarray(small, np.float64) / 255
    return np.ascontiguousarray(cells.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2))


def _edge() -> Numbers:
    return np.where(np.arange(SIDE) < SIDE // 2, -0.25, 0.25) * np.ones((SIDE, SIDE))


def _spot() -> Numbers:
    inside = np.abs(np.arange(SIDE) - (SIDE - 1) / 2) < SIDE / 4
    middle = np.outer(inside, inside)
    return np.where(middle, 0.5, -0.5 * middle.sum() / (~middle).sum())


DETECTORS: Final[Mapping[str, tuple[str, Numbers]]] = {
    "left_right": ("light on the right", _edge()),
    "top_bottom": ("light below", _edge().T),
    "spot": ("a light spot", _spot()),
    "mean": ("light at all", np.full((SIDE, SIDE), 1 / 16)),
    "random": ("nothing: random", np.random.default_rng(0).normal(scale=0.25, size=(SIDE, SIDE))),
}
"""What a neuron looks for, in words, and its weights (8, 8), by name."""
