"""Directions in z, and two ways from one z to another: straight, and along the sphere."""

from __future__ import annotations

from typing import Literal

import numpy as np
from torch import nn

from explorer.generators.latent.by_hand import fold
from explorer.neurons.activations import Numbers

Way = Literal["straight", "sphere"]


def find_directions(generator: nn.Sequential) -> Numbers:
    """(LATENT, LATENT): orthonormal rows, that which the first layer answers most to first (Shen and Zhou 2021).

    The first layer is linear in z, so its singular value decomposition says by how much each direction moves its maps.
    """
    weight = fold(generator)[0].weight
    _, _, rows = np.linalg.svd(weight.reshape(len(weight), -1).T, full_matrices=False)
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    return np.asarray(rows * np.sign(largest))  # a decomposition knows no sign


def walk(begin: Numbers, end: Numbers, shares: Numbers, way: Way) -> Numbers:
    """(N, LATENT): the places on the way from one z to another.

    Args:
        begin, end: (LATENT,).
        shares: (N,) of the way, 0 to 1.
        way: "straight", or "sphere": turned by equal angles (Shoemake 1985), the length going evenly from one's to the
            other's. Straight where there is no angle.
    """
    t = shares[:, None]
    straight = (1 - t) * begin + t * end
    lengths = np.linalg.norm(begin), np.linalg.norm(end)
    if way == "straight" or min(lengths) == 0:
        return np.asarray(straight)
    first, last = begin / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(first @ last, -1.0, 1.0))
    if np.sin(angle) < 1e-9:
        return np.asarray(straight)
    turned = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * last) / np.sin(angle)
    return np.asarray(turned * ((1 - t) * lengths[0] + t * lengths[1]))
