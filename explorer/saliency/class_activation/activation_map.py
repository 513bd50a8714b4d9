"""What a class activation map is asked and what comes out: maps A (C, h, w) of a layer, weighted, added up."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from explorer.anatomy import LayerFacts
from explorer.saliency.heatmap import Progress
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a class activation map is made of.

    Attributes:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        facts: of the layer.
        target_score: the score.
        progress: called after each batch by methods of many passes.
        fast: whether an approximation will do, where the method has one.
    """

    model: VisionModel
    x: Tensor
    facts: LayerFacts
    target_score: TargetScore
    progress: Progress | None = None
    fast: bool = False


@dataclass(frozen=True, eq=False)
class ClassActivationMap:
    """A class activation map and what it was made of.

    Attributes:
        signed: (h, w) the weighted sum, before what is below zero was cut.
        maps: (C, h, w) of the layer.
        gradients: (C, h, w) of the score with respect to them; None for methods without.
        logits: (num_classes,).
        target_score: the score, with its class.
        cut: whether the method cuts what is below zero.
    """

    signed: Tensor
    maps: Tensor
    gradients: Tensor | None
    logits: Tensor
    target_score: TargetScore
    cut: bool = True
