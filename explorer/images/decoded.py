"""A decoded picture, brought down to working size and to eight bits strip by strip, so that it is never held twice."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_SIDE = 2048  # of the working copy


Crop = Callable[[int, int], Image.Image]  # (top, bottom) -> a copy of these rows


@dataclass(frozen=True)
class Numbers:
    """How the samples of a picture in one channel of more than 8 bits are meant."""

    white: float = 65535.0  # the largest value where they have up to 16 bits
    inverted: bool = False  # whether the least is white
    unsigned: bool = False  # whether 32 bits are a number without a sign


@dataclass(frozen=True)
class Decoded:
    """A decoded picture that hands out its rows, so that a second whole copy of it is never made."""

    size: tuple[int, int]  # of the picture in the file
    stored: tuple[int, int]  # of the decoded pixels: fewer where a JPEG was decoded at reduced scale
    extent: tuple[float, float]  # `size` in decoded pixels, which `stored` rounds up
    mode: str
    crop: Crop
    profile: bytes | None
    orientation: int = 1  # EXIF, 1 to 8
    frames: int = 1
    numbers: Numbers = Numbers()

    def strips(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Image.Image]]:
        """Rows `start` to `end`, all by default, a few at a time: the first row of each strip, and the strip."""
        end = self.stored[1] if end is None else end
        rows = count_rows(self.stored[0])
        for top in range(start, end, rows):
            yield top, self.crop(top, min(top + rows, end))


def count_rows(width: int) -> int:
    """How many rows make about 1 MB, so that copies of them in any precision cost nothing."""
    return max(1, 2**18 // width)


def reduce(decoded: Decoded) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Average a picture down by a whole step to less than twice `MAX_SIDE`, as "L", "RGB" or "CMYK"; and its box."""
    width, height = decoded.stored
    step = max(1, max(width, height) // MAX_SIDE)
    across, down = min(step, width), min(step, height)
    levels = find_levels(decoded)
    mode = flatten(decoded.crop(0, 1), levels, decoded.numbers.unsigned).mode
    canvas = Image.new(mode, (-(-width // across), -(-height // down)))
    rows = max(1, count_rows(width) // down) * down
    for top in range(0, height, rows):
        strip = Image.new(mode, (width, min(rows, height - top)))
        for first, some in decoded.strips(top, top + strip.height):  # one, but for rows that are very long
            strip.paste(flatten(some, levels, decoded.numbers.unsigned), (0, first - top))
        canvas.paste(strip.reduce((across, down)), (0, top // down))
    return canvas, (0, 0, decoded.extent[0] / across, decoded.extent[1] / down)


def find_levels(decoded: Decoded) -> tuple[float, float]:
    """Find the values shown as black and as white. 16 bits run from 0 to 65,535, 12 bits to 4,095.

    32-bit numbers do not say their range: white is the first of 1 (real numbers only), 255 and 65,535 that no pixel
    exceeds. A picture that goes beyond, or below zero, is stretched from its least value to its greatest.
    """
    low, high = _find_range(decoded)
    return (high, low) if decoded.numbers.inverted else (low, high)


def _find_range(decoded: Decoded) -> tuple[float, float]:
    if decoded.mode not in ("I", "F"):
        return 0.0, decoded.numbers.white
    low, high = np.inf, -np.inf
    for _, strip in decoded.strips():
        values = _numbers(strip, decoded.numbers.unsigned)
        values = values[np.isfinite(values)]
        low, high = min(low, values.min(initial=np.inf)), max(high, values.max(initial=-np.inf))
    for white in (1.0, 255.0, 65535.0)[decoded.mode == "I" :]:
        if low >= 0 and high <= white:
            return 0.0, white
    return float(low), float(max(high, low + 1))


def _numbers(strip: Image.Image, unsigned: bool) -> NDArray[np.float64]:
    """The samples of a strip of one channel, (H, W)."""
    values = np.asarray(strip)
    return (values.view(np.uint32) if unsigned else values).astype(np.float64)


def flatten(strip: Image.Image, levels: tuple[float, float], unsigned: bool = False) -> Image.Image:
    """Bring a strip of any mode to "L", "RGB" or "CMYK", with transparency laid on white."""
    if strip.mode[0] in "IF":
        values = (_numbers(strip, unsigned) - levels[0]) * (255 / (levels[1] - levels[0]))
        return Image.fromarray(np.rint(np.clip(np.nan_to_num(values), 0, 255)).astype(np.uint8))
    if strip.has_transparency_data:
        paper = Image.new("RGBA", strip.size, "white")
        return Image.alpha_composite(paper, strip.convert("RGBA")).convert("RGB")
    if strip.mode in ("L", "RGB", "CMYK"):
        return strip
    return strip.convert("L" if strip.mode == "1" else "RGB")
