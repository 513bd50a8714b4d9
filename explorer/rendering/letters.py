"""Attention between two texts as a picture: read characters across, written ones down, a cell for each weight."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.rendering.colours import AMBER
from explorer.rendering.enlarging import enlarge_cells
from explorer.rendering.overlay import encode_png

_SIDE: Final = 36  # pixels of a cell
_LETTER: Final = 24


def draw_letters(weights: NDArray[np.floating], read: str, written: str) -> bytes:
    """A PNG of the weights, black for 0 and pale amber for 1, with the characters at its edges.

    Args:
        weights: (S, T), 0 to 1.
        read: T characters.
        written: S characters.

    Raises:
        ValueError: there is not a row or a column for each character.
    """
    if weights.shape != (len(written), len(read)):
        raise ValueError(f"{len(written)} and {len(read)} characters, but weights of shape {weights.shape}")
    cells = AMBER[np.rint(weights * 255).astype(np.uint8)]
    picture = Image.new("RGB", ((len(read) + 1) * _SIDE, (len(written) + 1) * _SIDE), "white")
    picture.paste(Image.fromarray(enlarge_cells(cells, len(written) * _SIDE)), (_SIDE, _SIDE))
    pencil, font = ImageDraw.Draw(picture), ImageFont.load_default(_LETTER)
    for place, sign in enumerate(read, start=1):
        pencil.text(((place + 0.5) * _SIDE, _SIDE / 2), sign, "black", font, "mm")
    for place, sign in enumerate(written, start=1):
        pencil.text((_SIDE / 2, (place + 0.5) * _SIDE), sign, "black", font, "mm")
    return encode_png(np.asarray(picture))
