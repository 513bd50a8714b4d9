"""SS-CAM (Wang et al. 2020), https://arxiv.org/abs/2006.14255."""

from __future__ import annotations

import operator
from functools import partial

import torch

from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.score_cam import weigh_by_scores

SAMPLES, DEVIATION = 10, 2.0  # noisy masks of each map, and the standard deviation of the noise, where masks reach 1


def ss_cam(wanted: Wanted) -> ClassActivationMap:
    """Softmax over k of (1 / N) sum over i of S((M_k + n_i) x) - S(x) is w_k, n_i normal noise; M_k as in Score-CAM.

    The paper's first variant, which smooths the maps, not the photo; as torch-cam documents it. All maps get the same N
    pictures of noise: what differs between their weights is then what the maps differ in. The noise is the same every
    time.

    Raises:
        Stopped: `progress` gave False.
    """
    generator = torch.Generator().manual_seed(0)  # the CPU's: every device draws other numbers
    noise = DEVIATION * torch.randn((SAMPLES, *wanted.x.shape[2:]), generator=generator).to(wanted.x)
    return weigh_by_scores(wanted, [partial(operator.add, each) for each in noise])
