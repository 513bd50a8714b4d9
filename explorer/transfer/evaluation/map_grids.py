"""Maps of a layer before and after a training, as grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from explorer.rendering import MapGrid, Scale, decode_png, encode_png
from explorer.rendering.figures.movement import compare_maps
from explorer.transfer.evaluation.inside import Maps, maps_of
from explorer.zoo import VisionModel

SHOWN = 24  # maps on a grid, so that three grids side by side can still be seen


@dataclass(frozen=True)
class ThreeGrids:
    """The most changed maps as three grids.

    Attributes:
        before, after, difference: with the same channels at the same places.
        channels: those channels.
        maps: all maps of the layer.
    """

    before: MapGrid
    after: MapGrid
    difference: MapGrid
    channels: tuple[int, ...]
    maps: Maps


def draw_grids(before: VisionModel, after: VisionModel, image: Image.Image, layer: str, scale: Scale) -> ThreeGrids:
    """The maps of one layer in both networks, for the same picture."""
    maps = maps_of(before, after, after.preprocessing.tensor(image), layer)
    channels = maps.order[:SHOWN]
    drawn = compare_maps(maps.before[channels], maps.after[channels], signed=maps.signed, scale=scale)
    return ThreeGrids(*drawn, tuple(channels.tolist()), maps)


def say_grids(grids: ThreeGrids) -> str:
    """Which maps are shown, and what their colours mean."""
    total = len(grids.maps.changed)
    some = f"The {len(grids.channels)} of {total} maps that changed most" if total > SHOWN else "All maps"
    channels = ", ".join(str(channel) for channel in grids.channels[:8])
    more = " …" if len(grids.channels) > 8 else "."
    return (
        f"{some}, the most changed first: channels {channels}{more} A map has one scale in all three grids: what "
        "looks faint in the difference is small beside the values. Blue went down, white stayed, red went up."
    )


def join_grids(grids: ThreeGrids) -> bytes:
    """The three grids as one PNG, gaps white."""
    pictures = [decode_png(grid.png) for grid in (grids.before, grids.after, grids.difference)]
    height = max(picture.shape[0] for picture in pictures)
    gap = np.full((height, 16, 3), 255, np.uint8)
    return encode_png(np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=1))
