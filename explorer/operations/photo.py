"""A picture as numbers from 0 to 1, without any network's preprocessing."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def to_tensor(image: Image.Image, longest: int, grey: bool = False) -> Tensor:
    """A picture made small enough for its cells to be pointed at.

    Args:
        image: RGB.
        longest: pixels of its longer side afterwards; a smaller picture stays as it is.
        grey: one channel (ITU-R 601 luma) instead of red, green and blue.

    Returns:
        (3, H, W) or (1, H, W) float32 in [0, 1].
    """
    scale = min(1.0, longest / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.convert("L" if grey else "RGB").resize(size, Image.Resampling.LANCZOS)
    pixels = np.asarray(small, dtype=np.float32) / 255
    return torch.from_numpy(pixels.reshape(size[1], size[0], -1).transpose(2, 0, 1).copy())
