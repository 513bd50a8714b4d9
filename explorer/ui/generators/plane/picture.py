"""The picture of a game to take along: what the discriminator says, what the best one would, and the points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from explorer.generators.plane.mixtures import FAINT, REACH
from explorer.generators.plane.points import Reals
from explorer.generators.plane.yardstick import Yardstick
from explorer.neurons.activations import Numbers, sigmoid
from explorer.rendering import encode_png
from explorer.rendering.colours import DIVERGING, SERIES

_SIDE = 512  # pixels of a map
_GAP = 16
_REAL, _FAKE = "#1f2933", SERIES[5]


def draw_game(reals: Reals, yardstick: Yardstick) -> bytes:
    """A PNG: D on the left, D* on the right, blue below 1/2 and red above; real points as discs, fakes as triangles."""
    picture = Image.new("RGB", (2 * _SIDE + _GAP, _SIDE), "white")
    lies = np.minimum(1.0, (yardstick.real + yardstick.fake) / FAINT)
    for number, leans in enumerate((2 * sigmoid(yardstick.says) - 1, (2 * yardstick.best - 1) * lies)):
        panel = Image.fromarray(_colour(leans)).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
        pen = ImageDraw.Draw(panel)
        for x, y in _to_pixels(reals.places):
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=ImageColor.getrgb(_REAL), outline="white")
        for x, y in _to_pixels(yardstick.fakes):
            pen.polygon(((x, y - 5), (x + 4, y + 3), (x - 4, y + 3)), fill=ImageColor.getrgb(_FAKE), outline="white")
        picture.paste(panel, (number * (_SIDE + _GAP), 0))
    return encode_png(np.asarray(picture))


def _colour(leans: Numbers) -> NDArray[np.uint8]:
    """From -1, blue, to 1, red; rows from below become rows from the top."""
    levels = np.clip(128 + np.rint(127 * leans[::-1]), 1, 255).astype(int)
    return np.asarray(0.6 * DIVERGING[levels] + 0.4 * 255, np.uint8)


def _to_pixels(places: Numbers) -> list[tuple[float, float]]:
    flat = (places * (1, -1) + REACH) * (_SIDE / (2 * REACH))
    return [(float(x), float(y)) for x, y in flat]
