"""Grad-CAM (Selvaraju et al. 2017), https://arxiv.org/abs/1610.02391."""

from __future__ import annotations

from torch import Tensor


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """w_k is the mean of g_k over its cells, (C, 1, 1); equation 1."""
    return gradients.mean(dim=(1, 2), keepdim=True)
