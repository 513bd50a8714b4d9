"""The picture of what a network says of every place of the plane, with its points on it."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from explorer.neurons.losses import softmax
from explorer.neurons.perceptron import Perceptron, forward
from explorer.neurons.points import Points
from explorer.rendering import encode_png
from explorer.rendering.colours import SERIES

_SIDE = 480  # pixels
_MARGIN = 0.12  # of the points' range, around them
_DOT = 4  # pixels from its middle to its rim


def draw_decisions(net: Perceptron, points: Points) -> bytes:
    """A PNG: every class's colour by its share, paler where the network is less sure, and a dot for each point."""
    colours = np.array([ImageColor.getrgb(colour) for colour in SERIES[: points.count]], float)
    low, high = points.places.min(axis=0), points.places.max(axis=0)
    margin = _MARGIN * (high - low)
    low, high = low - margin, high + margin
    across = low[0] + (np.arange(_SIDE) + 0.5) / _SIDE * (high[0] - low[0])
    down = high[1] - (np.arange(_SIDE) + 0.5) / _SIDE * (high[1] - low[1])
    grid = np.stack(np.meshgrid(across, down), axis=-1)  # (SIDE, SIDE, 2)
    shares = softmax(forward(net, grid.reshape(-1, 2)).sums[-1])
    pixels = (0.45 * 255 + 0.55 * shares @ colours).reshape(_SIDE, _SIDE, 3)
    y, x = np.mgrid[:_SIDE, :_SIDE]
    for (first, second), kind in zip(points.rows, points.classes, strict=True):
        column, row = (first - low[0]) / (high[0] - low[0]) * _SIDE, (high[1] - second) / (high[1] - low[1]) * _SIDE
        distance = np.hypot(x + 0.5 - column, y + 0.5 - row)
        pixels[distance <= _DOT + 1] = 255
        pixels[distance <= _DOT] = colours[kind]
    return encode_png(pixels.round().astype(np.uint8))
