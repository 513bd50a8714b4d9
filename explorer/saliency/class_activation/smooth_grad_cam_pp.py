"""Smooth Grad-CAM++ (Omeiza et al. 2019), https://arxiv.org/abs/1908.01224."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.gradients import differentiate, sum_cells, weigh

COPIES, NOISE = 4, 0.3  # noisy photos, and the noise's standard deviation in normalised units


def smooth_grad_cam_pp(wanted: Wanted) -> ClassActivationMap:
    """As Grad-CAM++, with g, g^2 and g^3 each a mean over noisy copies of the photo; section 3.

    The maps are those of the photo itself, and the noise is the same every time.
    """
    x = wanted.x
    settled = wanted.target_score.settle(wanted.model.logits(x)[0])
    generator = torch.Generator().manual_seed(0)  # the CPU's: every device draws other numbers
    copies = [x + NOISE * torch.randn(x.shape, generator=generator).to(x) for _ in range(COPIES)]
    noisy = [differentiate(replace(wanted, x=copy, target_score=settled))[1] for copy in copies]
    first, second, third = (torch.stack([g**power for g in noisy]).mean(dim=0) for power in (1, 2, 3))

    def weights_of(maps: Tensor, _: Tensor) -> Tensor:
        alpha = torch.where(second > 0, second / (2 * second + third * sum_cells(maps)), 0.0)
        return (alpha * first.clamp(min=0)).sum(dim=(1, 2), keepdim=True)  # (C, 1, 1)

    return weigh(wanted, weights_of)
