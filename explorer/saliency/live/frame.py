"""One frame of a camera, seen in one pass forward and one back to the layer that is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.rendering.scaling import average_blocks
from explorer.saliency.class_activation import Wanted, map_class
from explorer.saliency.layers import find_layer
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel

MOST_CELLS = 2**15  # of all maps of a frame together: each is a byte on the way to the browser


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """What a network makes of a frame.

    Attributes:
        probabilities: (num_classes,) float32.
        target: index of the class that the heatmap is about.
        heatmap: (h, w) float32, Grad-CAM in its own unit, nothing below zero.
        maps: (C, h', w') float32 of the layer, each block of cells averaged where they would be more than `MOST_CELLS`.
    """

    probabilities: NDArray[np.float32]
    target: int
    heatmap: NDArray[np.float32]
    maps: NDArray[np.floating]


def see_frame(model: VisionModel, x: Tensor, layer: str | None = None, target: int | None = None) -> SeenFrame:
    """The classes of a frame, Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) and a layer's maps.

    `explain` gives the same heatmap enlarged and diagnosed; here everything comes of the same two passes.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised, as `model.preprocessing.tensor` gives it.
        layer: whose maps are weighted and shown; `default_layer` if None.
        target: index of the class; the most probable one of this frame if None.

    Raises:
        SaliencyImpossible: the layer has no maps, or the class's score does not depend on them.
    """
    x = x.detach().to(model.device)
    seen = map_class("grad-cam", Wanted(model, x, find_layer(model, x, layer), TargetScore(target)))
    assert seen.target_score.target is not None
    return SeenFrame(
        _to_numpy(seen.logits.float().softmax(dim=0)),
        seen.target_score.target,
        _to_numpy(seen.signed.clamp(min=0)),
        shrink_maps(_to_numpy(seen.maps)),
    )


def shrink_maps(maps: NDArray[np.floating], most: int = MOST_CELLS) -> NDArray[np.floating]:
    """Maps (C, h, w) of at most `most` cells together, by the means of the smallest square blocks that will do.

    More channels than `most` keep a cell each.
    """
    count, height, width = maps.shape
    longest = max(height, width, 1)
    fitting = (side for side in range(1, longest) if count * ceil(height / side) * ceil(width / side) <= most)
    return average_blocks(maps, next(fitting, longest))


def _to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()
