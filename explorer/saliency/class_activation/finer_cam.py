"""Finer-CAM (Zhang et al. 2025), https://arxiv.org/abs/2501.11309."""

from __future__ import annotations

from dataclasses import replace

import torch

from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.grad_cam import grad_cam
from explorer.saliency.class_activation.gradients import weigh

GAMMA, SIMILAR = 0.6, 3  # how much of the similar classes is taken away, and how many they are: as in the paper


def finer_cam(wanted: Wanted) -> ClassActivationMap:
    """Grad-CAM of y_c - gamma y_d: w_k is the mean over its cells of the gradient of this difference.

    What speaks for the similar class d as well is taken away, and what tells the two apart stays. d is the class that
    the score is set against; where it is set against none, y_d is the mean over the classes whose logits are nearest
    to that of c: the mean of their weights, taken before what is below zero is cut.

    Raises:
        SaliencyImpossible: the score does not depend on the layer.
    """
    target_score = wanted.target_score
    if target_score.contrast is None:
        logits = wanted.model.logits(wanted.x)[0]
        target_score = target_score.settle(logits)
        distances = (logits - logits[target_score.target]).abs()
        distances[target_score.target] = torch.inf
        nearest = distances.argsort(stable=True)[: min(SIMILAR, len(logits) - 1)]
        target_score = replace(target_score, similar=tuple(nearest.tolist()))
    return weigh(replace(wanted, target_score=replace(target_score, share=GAMMA)), grad_cam)
