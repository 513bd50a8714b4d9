"""A filter as the solid it is: whole, its slices pulled apart, and every slice beside the map it multiplies."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from explorer.rendering.enlarging import colour_map, enlarge
from explorer.rendering.map_grid import MapGrid, lay_out
from explorer.rendering.scaling import average_blocks, find_ranges

MOST_APART: Final = 40
"""Slices that are pulled apart in one picture; more would be too narrow to see."""

SOLID_WIDTH: Final = 640
"""Pixels that `draw_solid` is made to be shown at; its PNG has twice as many."""

_INK: Final = (113, 123, 137, 255)  # 4.3 : 1 on a white page and on a dark one
_CLEAR: Final = (113, 123, 137, 0)  # the same, so that edges blend into it without a fringe
_OVERSAMPLING: Final = 4  # pixels drawn for each of `SOLID_WIDTH`; half are averaged away, which smooths slanted edges
_FACE: Final = 120  # pixels of a slice's longer side
_LARGEST_CELL: Final = 40  # pixels
_MARGIN: Final = 84  # pixels on the left, for the count of rows
_TOP: Final = 4  # pixels above the block
_TEXT: Final = 19  # pixels
_LINE: Final = 26  # pixels from one line of text to the next
_SMALL_TEXT, _NUMBER_ROOM = 13, 17  # pixels: of a slice's number, and what it takes side by side with others
_GAP: Final = 8  # pixels between tiles
_SIGN: Final = 18  # pixels for a times or equals sign


def draw_solid(kernel: NDArray[np.floating], shown: Sequence[int]) -> bytes:
    """Draws a filter as a block seen from its first slice, labelled with its sides, and below it the slices apart.

    Weights are blue-white-red about zero, all on one scale. Every slice stands upright with its first column farthest
    away, and the depth runs to the right.

    Args:
        kernel: (D, kh, kw), any real dtype.
        shown: the slices to pull apart, at most `MOST_APART` of them, from left to right.

    Returns:
        A PNG on a transparent ground.

    Raises:
        ValueError: If `kernel` has another shape, or `shown` names a slice that is not there or too many.
    """
    if kernel.ndim != 3 or kernel.size == 0:
        raise ValueError(f"a filter is (D, kh, kw) with all at least 1, not {kernel.shape}")
    depth, height, width = kernel.shape
    if len(shown) > MOST_APART or not all(0 <= number < depth for number in shown):
        raise ValueError(f"slices to pull apart are at most {MOST_APART}, from 0 to {depth - 1}, not {list(shown)}")
    colours = np.stack(_colour_all(kernel, signed=True))
    cell = min(_LARGEST_CELL, _FACE / max(height, width))
    across, down = 0.42 * cell, 0.26 * cell  # what a column takes of a slice that is seen from the side
    high = height * cell
    step = min((SOLID_WIDTH - _MARGIN) / max(1, len(shown)), width * across + cell)
    narrower = min(1.0, 0.85 * step / (width * across))  # seen more from the side where many stand in a row
    top = _TOP + high + width * down + 2 * _LINE  # of the slices that are pulled apart
    bottom = top + high + width * down * narrower + _LINE if len(shown) > 1 else top - _LINE / 2
    canvas = _Canvas(SOLID_WIDTH, round(bottom))
    thick = min(0.6 * cell, (SOLID_WIDTH - _MARGIN - width * across - 2) / depth)
    _draw_block(canvas, colours, (_MARGIN, _TOP), cell, (across, down), thick)
    if len(shown) > 1:
        column = across * narrower, down * narrower
        canvas.text((_MARGIN - 8, top + (high - _LINE) / 2), "pulled", "rm")
        canvas.text((_MARGIN - 8, top + (high + _LINE) / 2), "apart", "rm")
        for place, number in enumerate(shown):
            left = _MARGIN + place * step
            canvas.grid((left, top), column, (0.0, cell), colours[number])
            if step >= _NUMBER_ROOM:
                middle = left + width * column[0] / 2
                canvas.text((middle, bottom - _LINE / 2), str(number), "mm", _SMALL_TEXT)
    return canvas.encode()


def _draw_block(
    canvas: _Canvas,
    colours: NDArray[np.uint8],
    corner: tuple[float, float],
    cell: float,
    column: tuple[float, float],
    thick: float,
) -> None:
    """The whole filter: its first slice, its top and the side of its last columns, and the length of each edge."""
    depth, height, width = colours.shape[:3]
    left, top = corner
    near, low = left + width * column[0], top + width * column[1]
    long = depth * thick
    canvas.grid(corner, (thick, 0.0), column, colours[:, 0].transpose(1, 0, 2))  # rows of columns, columns of slices
    canvas.grid((near, low), (thick, 0.0), (0.0, cell), colours[:, :, -1].transpose(1, 0, 2))
    canvas.grid(corner, column, (0.0, cell), colours[0])
    for start, stop in (  # the edges, stronger than the lines between weights
        ((left, top), (left, top + height * cell)),
        ((near, low), (near, low + height * cell)),
        ((left, top), (near, low)),
        ((left, top + height * cell), (near, low + height * cell)),
        ((left, top), (left + long, top)),
        ((near, low), (near + long, low)),
        ((near, low + height * cell), (near + long, low + height * cell)),
        ((left + long, top), (near + long, low)),
        ((near + long, low), (near + long, low + height * cell)),
    ):
        canvas.line(start, stop, 2.0)
    canvas.text((left - 8, top + height * cell / 2), _count(height, "row"), "rm")
    foot = top + height * cell
    canvas.text((left + width * column[0] / 2 - 10, foot + width * column[1] / 2 + 4), _count(width, "column"), "rt")
    canvas.text(
        (near + max(long / 2, 4.0), low + height * cell + 6), _count(depth, "slice"), "mt" if long > 90 else "lt"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


class _Canvas:
    """A transparent picture that is drawn larger than it is shown."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGBA", (width * _OVERSAMPLING, height * _OVERSAMPLING), _CLEAR)
        self.draw = ImageDraw.Draw(self.image)

    def grid(
        self,
        corner: tuple[float, float],
        column: tuple[float, float],
        row: tuple[float, float],
        colours: NDArray[np.uint8],
    ) -> None:
        """A face of coloured cells (rows, columns, 3), each a parallelogram spanned by `column` and `row`."""
        rows, columns = colours.shape[:2]
        fine = min(max(map(abs, column)), max(map(abs, row))) >= 4.0
        for i, j in np.ndindex(rows, columns):
            corners = [
                self._scaled(corner[0] + x * column[0] + y * row[0], corner[1] + x * column[1] + y * row[1])
                for x, y in ((j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1))
            ]
            fill = tuple(int(part) for part in colours[i, j])
            self.draw.polygon(corners, fill=fill, outline=_INK if fine else fill, width=_OVERSAMPLING // 2)
        around = [
            (corner[0] + x * column[0] + y * row[0], corner[1] + x * column[1] + y * row[1])
            for x, y in ((0, 0), (columns, 0), (columns, rows), (0, rows), (0, 0))
        ]
        for start, stop in itertools.pairwise(around):
            self.line(start, stop, 1.0)

    def line(self, start: tuple[float, float], stop: tuple[float, float], width: float) -> None:
        self.draw.line([self._scaled(*start), self._scaled(*stop)], fill=_INK, width=round(width * _OVERSAMPLING))

    def text(self, place: tuple[float, float], words: str, anchor: str, size: int = _TEXT) -> None:
        font = ImageFont.load_default(size * _OVERSAMPLING)
        self.draw.text(self._scaled(*place), words, fill=_INK, font=font, anchor=anchor)

    @staticmethod
    def _scaled(x: float, y: float) -> tuple[float, float]:
        return x * _OVERSAMPLING, y * _OVERSAMPLING

    def encode(self) -> bytes:
        """The PNG, at two pixels for each that it is shown at."""
        return _encode(self.image.reduce(_OVERSAMPLING // 2))


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def product_tiles(
    slices: NDArray[np.floating],
    maps: NDArray[np.floating],
    products: NDArray[np.floating],
    names: Sequence[str],
    *,
    side: int,
    columns: int,
) -> MapGrid:
    """Draws "slice x map = product" in a tile for each slice, its name below.

    Slices share one scale, so do maps and so do products: what is pale adds little.

    Args:
        slices: (N, kh, kw) of a filter.
        maps: (N, H, W) that they slide over.
        products: (N, h, w) what they make; one more, where it is given, is what all other slices add up to.
        names: one for each product.
        side: of each of the three pictures in pixels.
        columns: tiles in a full row.

    Raises:
        ValueError: If their numbers do not agree.
    """
    count = len(products)
    if not len(slices) == len(maps) in (count, count - 1) or len(names) != count or count == 0:
        raise ValueError(
            f"{len(slices)} slices, {len(maps)} maps, {count} products and {len(names)} names do not belong together"
        )
    groups = (slices, True), (_shrink(maps, side), bool((maps < 0).any())), (_shrink(products, side), True)
    drawn = [[_fit(picture, side) for picture in _colour_all(group, signed=signed)] for group, signed in groups]
    tiles = [
        _draw_tile([*(part[place] for part in drawn[:2] if place < len(part)), drawn[2][place]], names[place], side)
        for place in range(count)
    ]
    grid = lay_out(np.stack(tiles), columns, 1, _GAP)
    return grid.as_grid(_encode(Image.fromarray(grid.entries)), count)


def _draw_tile(pictures: Sequence[NDArray[np.uint8]], name: str, side: int) -> NDArray[np.uint8]:
    """(h, w, 4): three pictures with their signs, or a single one on the right."""
    wide = 3 * side + 2 * _SIGN
    tile = Image.new("RGBA", (wide, side + _SMALL_TEXT + 3), _CLEAR)
    draw = ImageDraw.Draw(tile)
    if len(pictures) > 1:
        times, equals, middle = side + _SIGN // 2, 2 * side + 3 * _SIGN // 2, side // 2
        for turned in (-1, 1):  # drawn, since Pillow's own font has no times sign
            draw.line((times - 4, middle - 4 * turned, times + 4, middle + 4 * turned), fill=_INK, width=2)
            draw.line((equals - 5, middle + 3 * turned, equals + 5, middle + 3 * turned), fill=_INK, width=2)
    for place, picture in zip(range(3 - len(pictures), 3), pictures, strict=True):
        left, top = place * (side + _SIGN) + (side - picture.shape[1]) // 2, (side - picture.shape[0]) // 2
        tile.paste(Image.fromarray(picture), (left, top))
        draw.rectangle((left, top, left + picture.shape[1] - 1, top + picture.shape[0] - 1), outline=_INK)
    place, anchor = (0, "la") if len(pictures) > 1 else (wide, "ra")
    draw.text((place, side + 2), name, fill=_INK, font=ImageFont.load_default(_SMALL_TEXT), anchor=anchor)
    return np.asarray(tile)


def _colour_all(maps: NDArray[np.floating], *, signed: bool) -> list[NDArray[np.uint8]]:
    """(N, h, w) as N times (h, w, 3), all on one scale."""
    ranges = find_ranges(maps, signed=signed, scale="shared")
    return [colour_map(values, low, high, signed=signed) for values, (low, high) in zip(maps, ranges, strict=True)]


def _shrink(maps: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Maps of more cells than pixels, averaged."""
    return average_blocks(maps, max(1, -(-max(maps.shape[1:]) // side)))


def _fit(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Enlarged so that the longer side takes all pixels there are."""
    longest = max(picture.shape[:2])
    return enlarge(picture, *(max(1, round(side * length / longest)) for length in picture.shape[:2]))
