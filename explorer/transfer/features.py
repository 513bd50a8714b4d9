"""What a network makes of pictures just before its last layer reads classes off it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.heads import body_before, find_head
from explorer.zoo import VisionModel

_AT_ONCE = 32  # pictures of a forward pass


def features_of(
    model: VisionModel,
    pictures: PictureSet,
    places: Sequence[int] | NDArray[np.int64],
    tell: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """What the last layer reads of each picture; maps are averaged over their cells.

    Args:
        model: from the zoo, or trained here.
        pictures: where the pictures are.
        places: which of them.
        tell: called with (done, of) after every batch.

    Returns:
        (N, D) float32.

    Raises:
        TransferRejected: the network has no last layer.
    """
    body = body_before(model.network, find_head(model.network, len(model.classes)))
    made = []
    for first in range(0, len(places), _AT_ONCE):
        chosen = [int(place) for place in places[first : first + _AT_ONCE]]
        x = torch.cat([model.preprocessing.tensor(pictures.image(place)) for place in chosen])
        with torch.inference_mode():
            features = body(x.to(model.device))  # (B, D) or (B, C, h, w)
        made.append((features if features.ndim == 2 else features.flatten(2).mean(dim=2)).float().cpu().numpy())
        if tell is not None:
            tell(first + len(chosen), len(places))
    return np.concatenate(made)
