"""From values to levels: which step of a colour table a value gets. The colours themselves live in `colours`.

Also block averaging, which makes a map smaller without inventing values.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["each", "shared"]

NOT_A_NUMBER: Final = 255
"""The level of a NaN; real levels stop at 254."""


def find_ranges(maps: NDArray[np.floating], *, signed: bool, scale: Scale = "each") -> NDArray[np.float64]:
    """Finds the values at the two ends of the colour table.

    Signed maps get a range symmetric about zero, -m to m with m the largest magnitude. Other maps get 0 to their
    maximum, so that "dark" means "zero" on every map, or minimum to maximum where something is below zero.

    Args:
        maps: (N, H, W), any real dtype. NaN and infinities do not count.
        signed: Whether the sign carries meaning.
        scale: "each" gives every map its own range, "shared" one range to all.

    Returns:
        (N, 2) lows and highs. Equal where a map is zero everywhere, constant below zero, or has no finite value.
    """
    count = len(maps)
    if maps.size == 0:
        return np.zeros((count, 2))
    flat = maps.reshape(count, -1)
    lows, highs = flat.min(axis=1).astype(np.float64), flat.max(axis=1).astype(np.float64)
    odd = ~(np.isfinite(lows) & np.isfinite(highs))
    if odd.any():  # rare, so only these maps pay for the masks
        finite = np.isfinite(flat[odd])
        lows[odd] = np.where(finite, flat[odd], np.inf).min(axis=1)
        highs[odd] = np.where(finite, flat[odd], -np.inf).max(axis=1)
        nothing_finite = lows > highs
        lows[nothing_finite], highs[nothing_finite] = 0.0, 0.0
    if scale == "shared":
        lows, highs = np.full(count, lows.min()), np.full(count, highs.max())
    if signed:
        magnitudes = np.maximum(np.abs(lows), np.abs(highs))
        return np.stack([-magnitudes, magnitudes], axis=1)
    return np.stack([np.minimum(lows, np.where(highs > 0, 0.0, lows)), highs], axis=1)


def to_levels(
    maps: NDArray[np.floating], ranges: NDArray[np.float64], *, signed: bool, levels: int
) -> NDArray[np.uint8]:
    """Turns values into evenly spaced levels of a colour table.

    Args:
        maps: (N, H, W). Infinities take the ends of the range, as do values beyond it.
        ranges: (N, 2) from `find_ranges`.
        signed: Centre zero on the middle level.
        levels: How many there are, 2 to 255; odd where `signed`, so that there is a middle.

    Returns:
        (N, H, W) levels 0 to `levels` - 1, `NOT_A_NUMBER` for NaN. A map with an empty range is level 0,
        or the middle level where `signed`.

    Raises:
        ValueError: If `levels` is out of its bounds, or even for signed values.
    """
    if not 2 <= levels <= 255:
        raise ValueError(f"levels must be 2 to 255, not {levels}")
    if signed and levels % 2 == 0:
        raise ValueError(f"signed values need an odd number of levels, not {levels}")
    lows, highs = ranges[:, 0, None, None], ranges[:, 1, None, None]
    spans = highs - lows
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if signed:
            middle = levels // 2
            steps = np.where(highs > 0, maps / np.where(highs > 0, highs, 1.0), 0.0)
            steps = np.clip(steps, -1.0, 1.0) * middle + middle
        else:
            steps = np.where(spans > 0, (maps - lows) / np.where(spans > 0, spans, 1.0), 0.0)
            steps = np.clip(steps, 0.0, 1.0) * (levels - 1)
        undefined = np.isnan(maps)
        result: NDArray[np.uint8] = np.rint(np.where(undefined, 0.0, steps)).astype(np.uint8)
    result[undefined] = NOT_A_NUMBER
    return result


def average_blocks(maps: NDArray[np.floating], factor: int) -> NDArray[np.floating]:
    """Replaces every `factor` x `factor` block by its mean; blocks at the right and lower edge may be smaller.

    Args:
        maps: (N, H, W).
        factor: Block side in cells, at least 1.

    Returns:
        (N, ceil(H / factor), ceil(W / factor)); `maps` itself for factor 1. A block with a NaN is NaN.
    """
    if factor == 1 or maps.size == 0:
        return maps
    _, height, width = maps.shape
    rows, columns = np.arange(0, height, factor), np.arange(0, width, factor)
    wide = maps if maps.dtype == np.float64 else maps.astype(np.float32, copy=False)
    if height % factor == 0 and width % factor == 0:
        blocks = wide.reshape(len(maps), len(rows), factor, len(columns), factor)
        return np.asarray(blocks.mean(axis=4).mean(axis=2))
    sums = np.add.reduceat(np.add.reduceat(wide, rows, axis=1), columns, axis=2)
    sides = np.diff(np.append(rows, height))[:, None] * np.diff(np.append(columns, width))[None, :]
    return np.asarray(sums / sides.astype(wide.dtype))


def scale_of(shape: Sequence[int], wanted: Scale) -> Scale:
    """The wanted scale, but one for all where a map is a single cell, which would always be its own largest."""
    return "shared" if tuple(shape[1:]) == (1, 1) else wanted
