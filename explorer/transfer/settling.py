"""Statistics of batch norm, measured over the training pictures before a network is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

MOST = 512  # pictures; Wu and Johnson find a few hundred to be enough
AT_ONCE = 64

BatchNorm = nn.modules.batchnorm._BatchNorm


@torch.no_grad()
def settle_norms(
    norms: Sequence[BatchNorm], places: NDArray[np.int64], forward: Callable[[NDArray[np.int64]], object]
) -> None:
    """Measure mean and variance of batch norm layers again, with the weights as they are.

    While a network learns, they are running averages that lag behind its weights, and after a few steps still hold what
    they began with. Here they are the plain average over the training pictures, in batches of about the same size
    ("precise batch norm", Wu and Johnson 2021, https://arxiv.org/abs/2105.07576).

    Args:
        norms: of a network in evaluation mode; they are left in it.
        places: of the training pictures; of more than `MOST` evenly spaced ones are taken.
        forward: computes the network for the pictures at some places.
    """
    if not norms or len(places) < 2:  # a single picture has no spread where maps have a single cell
        return
    chosen = places[np.linspace(0, len(places) - 1, min(len(places), MOST)).round().astype(np.int64)]
    pieces = np.array_split(chosen, -(-len(chosen) // AT_ONCE))
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the average of all batches, each counting alike
        norm.train()
    try:
        for piece in pieces:
            forward(piece)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
