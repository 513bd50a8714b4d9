"""XGrad-CAM (Fu et al. 2020), https://arxiv.org/abs/2008.02312."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.saliency.class_activation.gradients import sum_cells


def xgrad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """w_k is the mean of g_k with A_k as weights, sum A_k g_k / sum A_k; (C, 1, 1); equation 8."""
    total = sum_cells(maps)
    return torch.where(total != 0, sum_cells(maps * gradients) / total, 0.0)
