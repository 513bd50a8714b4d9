"""Coloured regions over a photo: which of several maps is the strongest at every place, and how strong it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from explorer.rendering.overlay import encode_png, spread_map

_STRONGEST: Final = 0.75  # opacity of a colour where its map has its largest value
_GREY: Final = (0.299, 0.587, 0.114)  # lightness of red, green and blue (ITU-R BT.601)


def colour_regions(photo: NDArray[np.uint8], maps: NDArray[np.floating], colours: Sequence[str]) -> bytes:
    """Colours each pixel of a photo, made grey, by the map that is the strongest there; each by its own maximum.

    Where a map is the strongest of all and strongest itself stands its number, from 1, since colours may look alike.

    Args:
        photo: (H, W, 3) uint8.
        maps: (K, h, w), 0 and above; they share a unit.
        colours: K, as "#rrggbb".

    Returns:
        A PNG of (H, W).

    Raises:
        ValueError: the maps are not (K, h, w) with a colour for each.
    """
    if maps.ndim != 3 or maps.size == 0 or len(maps) != len(colours):
        raise ValueError(f"maps must be (K, rows, columns) with a colour each, not {maps.shape} and {len(colours)}")
    height, width = photo.shape[:2]
    spread = np.stack([spread_map(each, height, width) for each in maps])  # (K, H, W)
    peaks = np.maximum(spread.max((1, 2)), np.finfo(float).tiny)[:, None, None]
    strongest = spread.argmax(0)
    opacity = _STRONGEST * np.take_along_axis(spread / peaks, strongest[None], 0)[0][..., None]
    grey = (photo @ np.array(_GREY))[..., None]
    table = np.array([ImageColor.getrgb(colour)[:3] for colour in colours])
    picture = Image.fromarray(np.rint((1 - opacity) * grey + opacity * table[strongest]).astype(np.uint8))
    pencil, size = ImageDraw.Draw(picture), min(height, width) / 24
    for number, each in enumerate(spread):
        own = np.where(strongest == number, each, 0.0)
        if own.any():
            row, column = divmod(int(own.argmax()), width)
            column, row = (float(np.clip(at, size, side - size)) for at, side in ((column, width), (row, height)))
            pencil.ellipse((column - size, row - size, column + size, row + size), "white", "black")
            pencil.text((column, row), str(number + 1), "black", ImageFont.load_default(1.4 * size), "mm")
    return encode_png(np.asarray(picture))
