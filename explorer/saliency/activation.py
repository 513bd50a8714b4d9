"""The class activation maps that torchcam makes: gradients, or the weights of a linear head, times a layer's maps.

torchcam hooks the module whose maps it wants. Here that is an empty module of our own, through which the wanted layer's
output is led: so the layer may be a function, one call of a module that is called twice, or channels-last, and the
network itself stays without hooks. The maps are cut off from what made them: no gradient goes further back than needed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torchcam import methods as torchcam

from explorer.anatomy import LayerFacts, pass_through
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.layers import linear_head
from explorer.saliency.scores import Goal, SeededNoise
from explorer.zoo import VisionModel

_EXTRACTORS: dict[str, Callable[..., Any]] = {
    "grad-cam": torchcam.GradCAM,
    "grad-cam-pp": torchcam.GradCAMpp,
    "smooth-grad-cam-pp": torchcam.SmoothGradCAMpp,
    "xgrad-cam": torchcam.XGradCAM,
    "layer-cam": torchcam.LayerCAM,
}


@dataclass(frozen=True, eq=False)
class Weighed:
    """A class activation map and what it was made of.

    Attributes:
        signed: (h, w) the weighed sum, before what is below zero was cut.
        maps: (C, h, w) of the layer.
        gradients: (C, h, w) of the score with respect to them; None for methods without.
        logits: (num_classes,).
        goal: the score, with its class.
        cut: whether the method cuts what is below zero.
    """

    signed: Tensor
    maps: Tensor
    gradients: Tensor | None
    logits: Tensor
    goal: Goal
    cut: bool = True


class _Watched(nn.Module):
    """A network seen from one of its layers."""

    def __init__(self, model: VisionModel, facts: LayerFacts) -> None:
        super().__init__()
        self.layer = nn.Identity()  # what torchcam hooks
        self.model, self.facts = model, facts

    def forward(self, x: Tensor) -> Tensor:
        return pass_through(self.model, x.detach(), self.facts.name, self._lead)

    def _lead(self, output: Tensor) -> Tensor:
        axis = self.facts.channel_axis
        maps = output.detach().movedim(axis, 1).requires_grad_(torch.is_grad_enabled())  # (B, C, h, w)
        # The next layer may overwrite what it gets (torchvision's ResNet adds in place): not these maps.
        return self.layer(maps).movedim(1, axis).clone()


def weigh(model: VisionModel, x: Tensor, method: str, facts: LayerFacts, goal: Goal, seed: int = 0) -> Weighed:
    """One class activation map, by torchcam.

    Args:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        method: "cam" or one with gradients.
        facts: of the layer.
        goal: the score.
        seed: of the noise that Smooth Grad-CAM++ adds.

    Raises:
        SaliencyImpossible: the network does not allow this method, or its score does not depend on the layer.
    """
    watched = _Watched(model, facts)
    if method == "cam":
        return _weigh_by_head(watched, x, goal)
    noise = SeededNoise(seed) if method == "smooth-grad-cam-pp" else nullcontext()
    with torch.enable_grad(), noise, _EXTRACTORS[method](watched, "layer") as extractor:
        extractor._relu = False  # the sum as it is: what is below zero is cut later, where it also is diagnosed
        logits = watched(x)
        goal = goal.settle(logits[0])
        maps = extractor.hook_a[0][0]
        try:
            signed = extractor(scores=logits, targets=goal.of_one, normalized=False)[0][0]
        except RuntimeError as error:
            if "not connected" not in str(error):
                raise
            raise SaliencyImpossible(f"The score of this class does not depend on {facts.name}.") from error
        gradients = extractor.hook_g[0]
        assert gradients is not None
        return Weighed(signed, maps, gradients[0], logits.detach()[0], goal)


def _weigh_by_head(watched: _Watched, x: Tensor, goal: Goal) -> Weighed:
    model, layer = watched.model, watched.facts.name
    head = linear_head(model, x)
    if head is None:
        raise SaliencyImpossible(
            f"CAM needs a single dense layer directly after global average pooling, which {model.name} does not have; "
            "Grad-CAM has no such condition."
        )
    if layer != head.layer:
        raise SaliencyImpossible(f"CAM reads the weights of {head.weights}, which see {head.layer} and no other layer.")
    # The dense layer is handed over by itself: torchcam looks for it among the modules of the network.
    watched.weights = model.network.get_submodule(head.weights)
    with torch.no_grad(), torchcam.CAM(watched, "layer", "weights") as extractor:
        logits = watched(x)
        goal = goal.settle(logits[0])
        signed = extractor(class_idx=goal.target, normalized=False)[0][0]
        if goal.against is not None:
            signed = signed - extractor(class_idx=goal.against, normalized=False)[0][0]
        maps = extractor.hook_a[0]
        assert maps is not None
        return Weighed(signed, maps[0], None, logits[0], goal, cut=False)
