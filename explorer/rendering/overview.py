"""The sprite of the whole network in one view: every thumbnail of every column in one PNG.

Where the columns stand on the page, and what a click does, is the business of the component that shows it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.rendering.colours import DIVERGING, SEQUENTIAL, UNDEFINED, ColourTable
from explorer.rendering.palette import FIRST_ENTRY, UNDEFINED_ENTRY, encode_entries, thin_table, to_entries
from explorer.rendering.scaling import Scale, average_blocks, find_ranges, to_levels

LARGEST_THUMBNAIL: Final = 48  # pixels

# One palette for all three kinds of picture: 2 + 84 + 85 + 85 = 256 entries.
_GREY_LEVELS: Final = 84
_SEQUENTIAL_LEVELS: Final = 85
_DIVERGING_LEVELS: Final = 85
_FIRST_SEQUENTIAL: Final = FIRST_ENTRY + _GREY_LEVELS
_FIRST_DIVERGING: Final = _FIRST_SEQUENTIAL + _SEQUENTIAL_LEVELS


class Box(NamedTuple):
    """A rectangle of pixels in the sprite."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Thumbnails:
    """The maps of one column.

    Attributes:
        maps: (N, H, W), any real dtype.
        signed: Blue-white-red about zero instead of viridis. Without meaning for a photo.
        scale: "each" map on its own range, or one "shared" by the column: a map of one cell says nothing on its own.
        kind: "photo" for the channels of the input, drawn in grey; "maps" for what a layer made.
    """

    maps: NDArray[np.floating]
    signed: bool
    kind: Literal["photo", "maps"] = "maps"
    scale: Scale = "each"


@dataclass(frozen=True)
class Sprite:
    """One PNG with all thumbnails, and per column the box of each.

    Attributes:
        png: The encoded picture, gaps transparent.
        width: Of the PNG, in pixels.
        height: Of the PNG, in pixels.
        boxes: In the order of the columns and maps given.
    """

    png: bytes
    width: int
    height: int
    boxes: tuple[tuple[Box, ...], ...]


def overview_sprite(columns: Sequence[Thumbnails]) -> Sprite:
    """Draws the thumbnails of all columns into one palette PNG.

    Maps above 48 pixels are block-averaged by a whole number, keeping their aspect; smaller ones are left as they
    are, one pixel a value, for the browser to magnify.

    Args:
        columns: From the input to the last layer. A column may have no map.

    Raises:
        ValueError: If some `maps` is not (N, H, W) with H and W at least 1.
    """
    drawn = [_draw(column) for column in columns]
    boxes: list[tuple[Box, ...]] = []
    x = 0
    for entries in drawn:
        count, height, width = entries.shape
        boxes.append(tuple(Box(x, i * (height + 1), width, height) for i in range(count)))
        x += width + 1 if count else 0
    every = [box for column in boxes for box in column]
    grid_width = max((box.x + box.width for box in every), default=1)
    grid_height = max((box.y + box.height for box in every), default=1)
    grid = np.zeros((grid_height, grid_width), np.uint8)
    for entries, places in zip(drawn, boxes, strict=True):
        for picture, box in zip(entries, places, strict=True):
            grid[box.y : box.y + box.height, box.x : box.x + box.width] = picture
    return Sprite(encode_entries(grid, _overview_palette()), grid_width, grid_height, tuple(boxes))


def _draw(column: Thumbnails) -> NDArray[np.uint8]:
    """The palette entries (N, h, w) of one column's thumbnails."""
    maps = column.maps
    if maps.ndim != 3 or 0 in maps.shape[1:]:
        raise ValueError(f"maps must be (N, H, W) with H and W at least 1, not {maps.shape}")
    if not np.issubdtype(maps.dtype, np.floating) or maps.dtype == np.float16:
        maps = maps.astype(np.float32)
    maps = average_blocks(maps, math.ceil(max(maps.shape[1:]) / LARGEST_THUMBNAIL))
    signed = column.signed and column.kind == "maps"
    if column.kind == "photo":
        levels, first = _GREY_LEVELS, FIRST_ENTRY
    elif signed:
        levels, first = _DIVERGING_LEVELS, _FIRST_DIVERGING
    else:
        levels, first = _SEQUENTIAL_LEVELS, _FIRST_SEQUENTIAL
    return to_entries(
        to_levels(maps, find_ranges(maps, signed=signed, scale=column.scale), signed=signed, levels=levels), first
    )


def _overview_palette() -> ColourTable:
    palette = np.zeros((256, 3), np.uint8)
    palette[UNDEFINED_ENTRY] = UNDEFINED
    greys = np.rint(np.linspace(0, 255, _GREY_LEVELS)).astype(np.uint8)
    palette[FIRST_ENTRY:_FIRST_SEQUENTIAL] = greys[:, None]
    palette[_FIRST_SEQUENTIAL:_FIRST_DIVERGING] = thin_table(SEQUENTIAL, _SEQUENTIAL_LEVELS, signed=False)
    palette[_FIRST_DIVERGING:] = thin_table(DIVERGING, _DIVERGING_LEVELS, signed=True)
    return palette
