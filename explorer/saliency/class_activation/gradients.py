"""Gradients of a score with respect to a layer's maps, and the map that weights made of both give."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.anatomy import pass_through
from explorer.saliency.class_activation.activation_map import ClassActivationMap, Wanted
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.scores import TargetScore


def weigh(wanted: Wanted, weights_of: Callable[[Tensor, Tensor], Tensor], cut: bool = True) -> ClassActivationMap:
    """The sum over all maps, each times its weights.

    Args:
        wanted: what is asked for.
        weights_of: from maps and gradients (C, h, w) to weights (C, 1, 1) or (C, h, w).
        cut: whether what is below zero is cut where the map is shown.

    Raises:
        SaliencyImpossible: the score does not depend on the layer.
    """
    maps, gradients, logits, target_score = differentiate(wanted)
    signed = (weights_of(maps, gradients) * maps).nansum(dim=0)
    return ClassActivationMap(signed, maps, gradients, logits, target_score, cut)


def differentiate(wanted: Wanted) -> tuple[Tensor, Tensor, Tensor, TargetScore]:
    """Maps and gradients (C, h, w), logits, and the score's class. No gradient goes further back than the layer.

    Raises:
        SaliencyImpossible: the score does not depend on the layer.
    """
    facts, target_score = wanted.facts, wanted.target_score
    seen: list[Tensor] = []

    def lead(output: Tensor) -> Tensor:
        maps = output.detach().movedim(facts.channel_axis, 1).requires_grad_()  # (1, C, h, w)
        seen.append(maps)
        # The next layer may overwrite what it gets (torchvision's ResNet adds in place): not these maps.
        return maps.movedim(1, facts.channel_axis).clone()

    with torch.enable_grad():
        logits = pass_through(wanted.model, wanted.x.detach(), facts.name, lead)[0]
        target_score = target_score.settle(logits)
        score = target_score.of_one(logits)
        (gradients,) = torch.autograd.grad(score, seen, allow_unused=True) if score.requires_grad else (None,)
    if gradients is None:
        raise SaliencyImpossible(f"The score of this class does not depend on {facts.name}.")
    return seen[0].detach()[0], gradients[0], logits.detach(), target_score


def sum_cells(maps: Tensor) -> Tensor:
    """From (C, h, w) to (C, 1, 1)."""
    return maps.sum(dim=(1, 2), keepdim=True)
