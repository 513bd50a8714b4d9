"""Grad-CAM++ (Chattopadhay et al. 2018), https://arxiv.org/abs/1710.11063."""

from __future__ import annotations

from torch import Tensor

from explorer.saliency.class_activation.gradients import sum_cells


def grad_cam_pp(maps: Tensor, gradients: Tensor) -> Tensor:
    """w_k sums alpha relu(g_k) over its cells, alpha = g^2 / (2 g^2 + g^3 sum A_k); (C, 1, 1).

    Equation 19, for the score exp(S), whose factor exp(S) is left out. Where g is positive, alpha g is
    g / (2 + g sum A_k).
    """
    positive = gradients.clamp(min=0)
    return (positive / (2 + positive * sum_cells(maps))).sum(dim=(1, 2), keepdim=True)
