"""Maps of a layer before and after a training, as sheets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from explorer.rendering import Mosaic, Scale, decode_png, encode_png
from explorer.rendering.figures.movement import compare_maps
from explorer.transfer.evaluation.inside import Maps, maps_of
from explorer.zoo import VisionModel

SHOWN = 24  # maps on a sheet, so that three sheets side by side can still be seen


@dataclass(frozen=True)
class Sheets:
    """The most changed maps as three sheets.

    Attributes:
        before, after, difference: with the same channels at the same places.
        channels: those channels.
        maps: all maps of the layer.
    """

    before: Mosaic
    after: Mosaic
    difference: Mosaic
    channels: tuple[int, ...]
    maps: Maps


def draw_sheets(before: VisionModel, after: VisionModel, image: Image.Image, layer: str, scale: Scale) -> Sheets:
    """The maps of one layer in both networks, for the same picture."""
    maps = maps_of(before, after, after.preprocessing.tensor(image), layer)
    channels = maps.order[:SHOWN]
    drawn = compare_maps(maps.before[channels], maps.after[channels], signed=maps.signed, scale=scale)
    return Sheets(*drawn, tuple(channels.tolist()), maps)


def say_sheets(sheets: Sheets) -> str:
    """Which maps are shown, and what their colours mean."""
    total = len(sheets.maps.changed)
    some = f"The {len(sheets.channels)} of {total} maps that changed most" if total > SHOWN else "All maps"
    channels = ", ".join(str(channel) for channel in sheets.channels[:8])
    more = " …" if len(sheets.channels) > 8 else "."
    return (
        f"{some}, the most changed first: channels {channels}{more} A map has one scale in all three sheets: what "
        "looks faint in the difference is small beside the values. Blue went down, white stayed, red went up."
    )


def join_sheets(sheets: Sheets) -> bytes:
    """The three sheets as one PNG, gaps white."""
    pictures = [decode_png(sheet.png) for sheet in (sheets.before, sheets.after, sheets.difference)]
    height = max(picture.shape[0] for picture in pictures)
    gap = np.full((height, 16, 3), 255, np.uint8)
    return encode_png(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1))
