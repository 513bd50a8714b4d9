"""Palette ("P" mode) PNGs: one byte a pixel, exact colours, entry 0 transparent and entry 1 for NaN.

The pages' maps go through here; full-colour pictures go through `overlay.encode_png`.
"""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering.colours import DIVERGING, SEQUENTIAL, UNDEFINED, ColourTable
from explorer.rendering.scaling import NOT_A_NUMBER

TRANSPARENT_ENTRY: Final = 0
UNDEFINED_ENTRY: Final = 1
FIRST_ENTRY: Final = 2  # the colour tables start here

SEQUENTIAL_LEVELS: Final = 254  # what 256 entries leave
DIVERGING_LEVELS: Final = 253  # odd, so that zero has a level of its own


def thin_table(table: ColourTable, levels: int, *, signed: bool) -> ColourTable:
    """Picks `levels` evenly spaced rows of a (256, 3) table; signed tables keep their white in the middle.

    Returns:
        (levels, 3) uint8.
    """
    rows = 128 + np.linspace(-127, 127, levels) if signed else np.linspace(0, 255, levels)
    return np.asarray(table[np.rint(rows).astype(int)])


def map_palette(*, signed: bool) -> ColourTable:
    """The palette of a picture that holds only maps: (256, 3), entries as the module docstring says."""
    levels = DIVERGING_LEVELS if signed else SEQUENTIAL_LEVELS
    palette = np.zeros((256, 3), np.uint8)
    palette[UNDEFINED_ENTRY] = UNDEFINED
    palette[FIRST_ENTRY : FIRST_ENTRY + levels] = thin_table(DIVERGING if signed else SEQUENTIAL, levels, signed=signed)
    return palette


def to_entries(levels: NDArray[np.uint8], first: int = FIRST_ENTRY) -> NDArray[np.uint8]:
    """Turns levels (NaN included) into palette entries, level 0 at entry `first`."""
    return np.where(levels == NOT_A_NUMBER, np.uint8(UNDEFINED_ENTRY), levels + np.uint8(first))


def encode_entries(entries: NDArray[np.uint8], palette: ColourTable, *, compress_level: int = 1) -> bytes:
    """Encodes palette entries (H, W) as a PNG, entry 0 fully transparent.

    Level 1 because these bytes go once over one connection: higher levels take several times as long for a tenth.
    """
    image = Image.frombytes("P", (entries.shape[1], entries.shape[0]), np.ascontiguousarray(entries).tobytes())
    image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=compress_level, transparency=TRANSPARENT_ENTRY)
    return buffer.getvalue()
