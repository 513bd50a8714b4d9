"""Layer-CAM (Jiang et al. 2021), https://doi.org/10.1109/TIP.2021.3089943."""

from __future__ import annotations

from torch import Tensor


def layer_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Each cell has a weight of its own, relu(g); (C, h, w); equation 6."""
    return gradients.clamp(min=0)
