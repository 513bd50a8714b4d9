"""CAM (Zhou et al. 2016), https://arxiv.org/abs/1512.04150."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.anatomy import pass_through
from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.layers import linear_head


def cam(wanted: Wanted) -> ClassActivationMap:
    """w_k is the dense layer's weight from map k to the class; the map's mean is the logit but for its bias.

    Equation 2.

    Raises:
        SaliencyImpossible: the network has no such head, or the layer is not the one that it reads.
    """
    model, facts = wanted.model, wanted.facts
    head = linear_head(model, wanted.x)
    if head is None:
        raise SaliencyImpossible(
            f"CAM needs a single dense layer directly after global average pooling, which {model.name} does not have; "
            "Grad-CAM has no such condition."
        )
    if facts.name != head.layer:
        raise SaliencyImpossible(f"CAM reads the weights of {head.weights}, which see {head.layer} and no other layer.")
    seen: list[Tensor] = []

    def watch(output: Tensor) -> Tensor:
        seen.append(output.movedim(facts.channel_axis, 1).clone())  # (1, C, h, w)
        return output

    with torch.no_grad():
        logits = pass_through(model, wanted.x, facts.name, watch)[0]
        target_score = wanted.target_score.settle(logits)
        rows = model.network.get_submodule(head.weights).get_parameter("weight").flatten(1)  # (num_classes, C)
        weights = target_score.of_one(rows)[:, None, None]
        signed = (weights * seen[0][0]).nansum(dim=0)
    return ClassActivationMap(signed, seen[0][0], None, logits, target_score, cut=False)
