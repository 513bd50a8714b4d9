"""What a network saw of a picture that it classified wrongly, and where it looked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from explorer.rendering import encode_png, fit_picture, overlay_map
from explorer.saliency import SaliencyImpossible, explain
from explorer.zoo import VisionModel

SIDE = 320  # pixels of a picture of an error


@dataclass(frozen=True)
class ErrorPicture:
    """A picture that was classified wrongly, as PNG.

    Attributes:
        seen: what the network saw.
        glow: where it looked for what it predicted, over that; None where there is no such map.
        blank: whether that map glows nowhere.
        note: why there is none, or what is wrong with it; "" where all is well.
    """

    seen: bytes
    glow: bytes | None
    blank: bool
    note: str


def draw_error(model: VisionModel, image: Image.Image, predicted: int) -> ErrorPicture:
    """What a trained network saw of a picture, and where it looked for the class that it predicted."""
    seen = np.asarray(fit_picture(model.preprocessing.pixels(image), SIDE))
    try:
        heatmap = explain(model, model.preprocessing.tensor(image), "grad-cam", target=predicted)
    except SaliencyImpossible as problem:
        return ErrorPicture(encode_png(seen), None, False, str(problem))
    glow = np.maximum(heatmap.values, 0)
    return ErrorPicture(encode_png(seen), overlay_map(seen, glow), not glow.any(), heatmap.diagnosis)
