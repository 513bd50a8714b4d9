"""Samples of 16 bits, of which Pillow keeps the upper byte: both are read, put together and rounded once."""

import io
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from explorer.images.decoded import Crop

AFTER = 60 * 2**20  # bytes that reducing takes on top: both pictures stay until it is done
BIG = (";16B", ";16L")  # how Pillow's layouts call the upper and the lower byte of PNG's samples
NATIVE = (";16L", ";16B") if sys.byteorder == "little" else BIG  # and of those that libtiff hands out


def load(data: bytes, format: str, layout: str, mode: str) -> ImageFile:
    """Decode a PNG or TIFF with another layout of its samples than the one that Pillow chooses.

    Args:
        data: the file.
        format: "PNG" or "TIFF".
        layout: Pillow's name of how samples lie in the file ("raw mode").
        mode: of the picture that they become.
    """
    image = Image.open(io.BytesIO(data), formats=[format])
    [tile] = image.tile
    args = (layout, *tile.args[1:]) if isinstance(tile.args, tuple) else layout
    image.tile = [tile._replace(args=args)]
    image._mode = mode
    image.load()
    return image


def join(high: Image.Image, low: Image.Image, kind: str, key: tuple[int, ...] = ()) -> Crop:
    """Rows of a picture from one of the upper bytes of its samples and one of the lower.

    Args:
        high, low: pictures of the same size and mode.
        kind: "RGB", "RGBA", "RGBa" where colours are multiplied with their opacity, or "CMYK".
        key: samples of the colour that is transparent.
    """

    def crop(top: int, bottom: int) -> Image.Image:
        box = (0, top, high.width, bottom)
        values = np.asarray(high.crop(box)).astype(np.float32) * 256 + np.asarray(low.crop(box))
        if key:
            values[(values == key).all(axis=-1)] = 65535
        return _show(values, kind)

    return crop


def pair(image: Image.Image) -> Crop:
    """Rows of a picture of grey and opacity whose two samples of 16 bits were read as four of 8."""

    def crop(top: int, bottom: int) -> Image.Image:
        values = np.asarray(image.crop((0, top, image.width, bottom))).astype(np.float32)
        return _show(values[..., 0::2] * 256 + values[..., 1::2], "LA")

    return crop


def blank(crop: Crop, key: Sequence[int], depth: int) -> Crop:
    """Rows of an opaque picture with one transparent colour, which becomes white.

    Args:
        crop: of the picture; samples of fewer than 8 bits have been spread over 8.
        key: samples of the transparent colour.
        depth: bits of a sample.
    """
    white = 65535 if depth == 16 else 255
    colour = np.array(key) * (white // (2**depth - 1))

    def crop_blanked(top: int, bottom: int) -> Image.Image:
        strip = crop(top, bottom)
        pixels = np.array(strip.convert("L") if strip.mode == "1" else strip)
        pixels[(np.atleast_3d(pixels) == colour).all(axis=-1)] = white
        return Image.fromarray(pixels)

    return crop_blanked


def _show(values: NDArray[np.float32], kind: str) -> Image.Image:
    """Values (H, W, C) from 0 to 65,535 as eight bits, with opacity laid on white."""
    values /= 65535
    if kind in ("LA", "RGBA", "RGBa"):
        colours, opacity = values[..., :-1], values[..., -1:]
        values = np.minimum((colours if kind == "RGBa" else colours * opacity) + 1 - opacity, 1)
    pixels = np.rint(values * 255).astype(np.uint8)
    if kind == "CMYK":
        return Image.frombytes("CMYK", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    return Image.fromarray(pixels[..., 0] if kind == "LA" else pixels)
