"""Single pictures: a glow or a box over a photo, one map large. All come back as PNG bytes.

Coordinates are pixels of the photo with the origin at its upper left corner, so pixel (0, 0) covers 0 to 1.
"""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion

from explorer.rendering.colours import AMBER
from explorer.rendering.palette import DIVERGING_LEVELS, SEQUENTIAL_LEVELS, encode_entries, map_palette, to_entries
from explorer.rendering.scaling import find_ranges, to_levels

Region = tuple[float, float, float, float]  # left, top, right, bottom

_DARK, _LIGHT = (0, 0, 0), (255, 214, 10)  # black beside yellow: one of the two stands out on any photo


def encode_png(array: NDArray[np.uint8]) -> bytes:
    """Encodes a picture, (H, W, 3) colour or (H, W) grey uint8, without loss.

    Raises:
        ValueError: If the array is something else.
    """
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f"a picture is (H, W, 3) or (H, W) uint8, not {array.shape} {array.dtype}")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def decode_png(png: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG, (H, W, 3) uint8."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def overlay_map(
    photo: NDArray[np.uint8],
    values: NDArray[np.floating],
    *,
    box: Region | None = None,
    opacity: float = 0.6,
    peak: float | None = None,
    contour: float | None = None,
) -> bytes:
    """Lays a map over a photo as an amber glow: (1 - opacity) * photo + opacity * AMBER[value / peak].

    The table starts at black, so the photo is dimmed where the value is 0 and outside `box`. Between the centres of
    the map's cells values are interpolated bilinearly, as `torch.nn.functional.interpolate` does with
    `align_corners=False`. Values below zero and NaN do not glow.

    Args:
        photo: (H, W, 3) uint8.
        values: (h, w), any real dtype.
        box: The region of the photo that the map covers, which may reach beyond the photo; default all of it.
        opacity: 0 leaves the photo as it is, 1 hides it.
        peak: The value that glows fully, to compare several maps; default the map's own maximum.
        contour: The share of the peak at which to draw a line, black beside yellow; default none.

    Raises:
        ValueError: If a shape is wrong, the box is empty, or `opacity` or `contour` is outside 0 to 1.
    """
    _check_photo(photo)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"values must be (h, w), not {values.shape}")
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity must be 0 to 1, not {opacity}")
    if contour is not None and not 0.0 < contour <= 1.0:
        raise ValueError(f"contour must be above 0 and at most 1, not {contour}")
    height, width = photo.shape[:2]
    left, top, right, bottom = box or (0.0, 0.0, float(width), float(height))
    if right <= left or bottom <= top:
        raise ValueError(f"the box is empty: {box}")
    clean = np.nan_to_num(values.astype(np.float64), nan=0.0).clip(min=0.0)
    ceiling = peak if peak is not None else float(clean.max())
    strength = np.clip(clean / ceiling, 0.0, 1.0) if ceiling > 0 else np.zeros_like(clean)
    rows, row_inside = _interpolation(values.shape[0], height, top, bottom)
    columns, column_inside = _interpolation(values.shape[1], width, left, right)
    glow = rows @ strength @ columns.T * np.outer(row_inside, column_inside)  # (H, W)
    colours = AMBER[np.rint(glow * 255).astype(np.uint8)]  # (H, W, 3)
    mixed = photo * np.float32(1.0 - opacity)  # single precision: a large photo has ten million values
    mixed += colours * np.float32(opacity)
    picture = np.rint(mixed, out=mixed).astype(np.uint8)
    if contour is not None:
        _draw_contour(picture, glow >= contour)
    return encode_png(picture)


def spread_map(values: NDArray[np.floating], height: int, width: int) -> NDArray[np.float64]:
    """A map (h, w) over a picture of (height, width) pixels, bilinear between the centres of its cells."""
    rows, _ = _interpolation(values.shape[0], height, 0.0, float(height))
    columns, _ = _interpolation(values.shape[1], width, 0.0, float(width))
    return np.asarray(rows @ values.astype(np.float64) @ columns.T)


def _draw_contour(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> None:
    """Draws the border of a region into a picture, a yellow line within a black one; the picture's edge is no border.

    A region of a pixel or two, too small for a line within it, is marked as a whole.
    """
    width = max(1, round(min(inside.shape) / 200))
    grown = binary_dilation(inside, iterations=width)
    shrunk = binary_erosion(inside, iterations=width, border_value=1)
    picture[grown & ~inside] = _DARK
    picture[inside & ~shrunk] = _LIGHT


def draw_box(photo: NDArray[np.uint8], box: Region, *, thickness: int | None = None) -> bytes:
    """Outlines a region of a photo, such as a receptive field, in yellow between two black lines.

    Args:
        photo: (H, W, 3) uint8.
        box: The region; what lies beyond the photo is cut, and a region wholly outside draws nothing.
        thickness: Of each of the three lines in pixels; default 1 for every 100 pixels of the photo's shorter side.

    Raises:
        ValueError: If `photo` has the wrong shape.
    """
    _check_photo(photo)
    height, width = photo.shape[:2]
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    if right <= left or bottom <= top:
        return encode_png(photo)
    line = thickness or max(1, round(min(height, width) / 100))
    result = photo.copy()
    # From the outside in, each fill smaller than the last, then the photo itself again.
    for inset, colour in ((-line, _DARK), (0, _LIGHT), (line, _DARK)):
        result[max(0, top + inset) : bottom - inset, max(0, left + inset) : right - inset] = colour
    inset = 2 * line
    inside = np.s_[top + inset : max(top + inset, bottom - inset), left + inset : max(left + inset, right - inset)]
    result[inside] = photo[inside]
    return encode_png(result)


def magnify_map(values: NDArray[np.floating], signed: bool, size: int) -> bytes:
    """Draws one map large, every value a square of whole pixels.

    Args:
        values: (h, w), any real dtype.
        signed: Blue-white-red about zero instead of viridis.
        size: The most pixels the longer side may take. A map with more cells than that keeps a pixel for each.

    Raises:
        ValueError: If `values` is not (h, w) with both at least 1.
    """
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"values must be (h, w), not {values.shape}")
    maps = values.astype(np.float32)[None]
    levels = to_levels(
        maps, find_ranges(maps, signed=signed), signed=signed, levels=DIVERGING_LEVELS if signed else SEQUENTIAL_LEVELS
    )
    times = max(1, size // max(values.shape))
    return encode_entries(to_entries(levels)[0].repeat(times, axis=0).repeat(times, axis=1), map_palette(signed=signed))


def _check_photo(photo: NDArray[np.uint8]) -> None:
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or photo.size == 0:
        raise ValueError(f"a photo is (H, W, 3) uint8, not {photo.shape} {photo.dtype}")


def _interpolation(
    cells: int, pixels: int, start: float, stop: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Linear interpolation along one axis, from cell centres spread over start..stop to pixel centres.

    Returns:
        Weights (pixels, cells), rows summing to 1, and (pixels,) 1.0 where the pixel's centre lies in start..stop.
    """
    centres = np.arange(pixels) + 0.5
    places = np.clip((centres - start) / (stop - start) * cells - 0.5, 0, cells - 1)
    lower = np.minimum(places.astype(int), max(cells - 2, 0))
    share = places - lower
    weights = np.zeros((pixels, cells))
    weights[np.arange(pixels), lower] = 1.0 - share
    weights[np.arange(pixels), np.minimum(lower + 1, cells - 1)] += share
    return weights, ((centres >= start) & (centres <= stop)).astype(np.float64)
