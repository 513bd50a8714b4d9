"""RefineCAM (Domeniconi et al. 2026, "How to Evaluate and Refine your CAM"), https://arxiv.org/abs/2605.14641."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.anatomy import LayerFacts, summarize_layers
from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.class_activation.grad_cam_pp import grad_cam_pp
from explorer.saliency.class_activation.gradients import weigh
from explorer.saliency.layers import layers_for

STAGES = 4  # layers at most, each of another resolution


def refine_cam(wanted: Wanted) -> ClassActivationMap:
    """The product, cell by cell, of the Grad-CAM++ maps of several layers, each stretched to [0, 1] and enlarged.

    M = product over l of U(s(M_l)), M_l of layer l with what is below zero cut, s(M) = (M - min M) / (max M - min M),
    U the bilinear enlargement to the finest of these layers: the deep ones say where, the shallow ones how exactly.
    The layers are the chosen one and, of each resolution before it, the last that it reads; the authors' code has the
    same product, but enlarges each map to the photo before it is stretched. A map that is the same everywhere says
    nothing of places and is left out; that of the chosen layer is given as it is.

    Raises:
        SaliencyImpossible: the score does not depend on the layer.
    """
    chosen = weigh(wanted, grad_cam_pp)
    if _stretch(chosen.signed) is None:
        return chosen
    settled = replace(wanted, target_score=chosen.target_score)
    earlier = [weigh(replace(settled, facts=facts), grad_cam_pp).signed for facts in find_stages(wanted)[1:]]
    maps = [each for each in map(_stretch, [chosen.signed, *earlier]) if each is not None]
    finest = (max(each.shape[0] for each in maps), max(each.shape[1] for each in maps))
    wide = [F.interpolate(each[None, None], finest, mode="bilinear", align_corners=False)[0, 0] for each in maps]
    return replace(chosen, signed=torch.stack(wide).prod(dim=0))


def find_stages(wanted: Wanted) -> list[LayerFacts]:
    """The chosen layer, and before it the last layer of each other resolution that it reads; the deepest first."""
    able = {facts.name for facts in layers_for(wanted.model, wanted.x)}
    read = {wanted.facts.name}
    stages: dict[tuple[int, int], LayerFacts] = {}
    for facts in reversed(summarize_layers(wanted.model, wanted.x)):
        if facts.name in read:
            read |= set(facts.inputs)
            if facts.name in able and "pad" not in facts.kind.lower():  # a padded map shows more than the photo
                stages.setdefault(facts.resolution, facts)
    return list(stages.values())[:STAGES]


def _stretch(signed: Tensor) -> Tensor | None:
    """A map (h, w) without what is below zero, stretched to [0, 1]; None where it is the same everywhere."""
    shown = signed.clamp(min=0)
    low, high = shown.min(), shown.max()
    return (shown - low) / (high - low) if bool(high > low) else None
