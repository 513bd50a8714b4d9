"""A caption as a film strip: for every word the photo, dark except where the network looked before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.rendering.enlarging import enlarge

DARKEST: Final = 0.4
"""Share of its brightness that the photo keeps where nothing was looked at: what is there can still be made out."""

SLIMMEST: Final = 10.0
"""A photo is drawn at most this many times as long as it is high, or the other way: a line shows no cells."""

COLUMNS: Final = 6
_FRAME: Final = 200  # pixels of a frame's longer side
_GAP: Final = 10
_CAPTION: Final = 30  # pixels under a frame for its word
_FONTS: Final = (18, 15, 12)  # pixels; a long word takes a smaller one
_INK: Final = (35, 41, 43)


def spotlight(pixels: NDArray[np.uint8], values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Darkens a photo cell by cell: photo * (DARKEST + (1 - DARKEST) * value / maximum).

    Args:
        pixels: (H, W, 3) uint8.
        values: (h, w) attention over all of it, on its true grid. Below zero and NaN count as zero.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: If a shape is wrong.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise ValueError(f"a photo is (H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"attention must be (h, w), not {values.shape}")
    clean = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0).clip(min=0.0)
    peak = clean.max()
    light = DARKEST + (1.0 - DARKEST) * (clean / peak if peak > 0 else clean)
    height, width = pixels.shape[:2]
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    return np.rint(pixels * light[rows][:, columns, None]).astype(np.uint8)


def film_strip(
    pixels: NDArray[np.uint8], attention: NDArray[np.floating], words: Sequence[str], columns: int = COLUMNS
) -> NDArray[np.uint8]:
    """Lays out one darkened photo for every word, in reading order on white, the word under each.

    Args:
        pixels: (H, W, 3) uint8.
        attention: (T, h, w), a map for each word.
        words: T of them, at least one.
        columns: frames in a full row.

    Returns:
        The strip, (H', W', 3) uint8.

    Raises:
        ValueError: If there is no word, or not one map for each.
    """
    if not words or len(words) != len(attention):
        raise ValueError(f"a strip needs a map for each of its words, not {len(attention)} for {len(words)}")
    small = _fit(pixels)
    height, width = small.shape[:2]
    columns = min(columns, len(words))
    rows = -(-len(words) // columns)
    # A frame of a tall photo is slim; its word still needs room.
    pitch, fall = max(width, _FRAME * 2 // 3) + _GAP, height + _CAPTION + _GAP
    grid = Image.new("RGB", (columns * pitch + _GAP, rows * fall + _GAP), "white")
    draw = ImageDraw.Draw(grid)
    for place, (word, values) in enumerate(zip(words, attention, strict=True)):
        top, left = _GAP + place // columns * fall, _GAP + place % columns * pitch
        room = pitch - _GAP
        grid.paste(Image.fromarray(spotlight(small, values)), (left + (room - width) // 2, top))
        text, font = _fit_word(word, room)
        draw.text((left + room / 2, top + height + _CAPTION / 2), text, fill=_INK, font=font, anchor="mm")
    return np.asarray(grid)


def _fit(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The photo at the size of a frame; a tiny one is enlarged without blending, as it is."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    size = [max(round(_FRAME * side / longest), round(_FRAME / SLIMMEST)) for side in (height, width)]
    if longest < _FRAME:
        return enlarge(pixels, size[0], size[1])
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BOX))


def _fit_word(word: str, room: int) -> tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    """A word and the largest font in which it fits, cut where it fits in none."""
    for size in _FONTS:
        font = ImageFont.load_default(size)
        if font.getlength(word) <= room:
            return word, font
    while len(word) > 1 and font.getlength(word + "…") > room:
        word = word[:-1]
    return word + "…", font
