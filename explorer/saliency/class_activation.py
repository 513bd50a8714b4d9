"""Class activation maps: the maps A (C, h, w) of a layer, weighted by what the gradients g = dS/dA of a score say.

Each is a sum over the maps, M = sum over k of w_k A_k, and the methods differ in the weights w alone. What is below
zero is cut from M where it is shown (but for CAM), after it was diagnosed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.anatomy import LayerFacts, pass_through
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.layers import linear_head
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel

COPIES, NOISE = 4, 0.3  # noisy photos of Smooth Grad-CAM++, and the noise's standard deviation in normalised units


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


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM: w_k is the mean of g_k over its cells, (C, 1, 1).

    Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391, equation 1.
    """
    return gradients.mean(dim=(1, 2), keepdim=True)


def grad_cam_pp(maps: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM++: w_k sums alpha relu(g_k) over its cells, alpha = g^2 / (2 g^2 + g^3 sum A_k); (C, 1, 1).

    Chattopadhay et al. 2018, https://arxiv.org/abs/1710.11063, equation 19, for the score exp(S), whose factor exp(S)
    is left out. Where g is positive, alpha g is g / (2 + g sum A_k).
    """
    positive = gradients.clamp(min=0)
    return (positive / (2 + positive * _sum(maps))).sum(dim=(1, 2), keepdim=True)


def smooth_grad_cam_pp(maps: Tensor, noisy: Sequence[Tensor]) -> Tensor:
    """Smooth Grad-CAM++: as Grad-CAM++, with g, g^2 and g^3 each a mean over noisy copies of the photo; (C, 1, 1).

    Omeiza et al. 2019, https://arxiv.org/abs/1908.01224, section 3. The maps are those of the photo itself.
    """
    first, second, third = (torch.stack([g**power for g in noisy]).mean(dim=0) for power in (1, 2, 3))
    alpha = torch.where(second > 0, second / (2 * second + third * _sum(maps)), 0.0)
    return (alpha * first.clamp(min=0)).sum(dim=(1, 2), keepdim=True)


def xgrad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """XGrad-CAM: w_k is the mean of g_k with A_k as weights, sum A_k g_k / sum A_k; (C, 1, 1).

    Fu et al. 2020, https://arxiv.org/abs/2008.02312, equation 8.
    """
    total = _sum(maps)
    return torch.where(total != 0, _sum(maps * gradients) / total, 0.0)


def layer_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Layer-CAM: each cell has a weight of its own, relu(g); (C, h, w).

    Jiang et al. 2021, https://doi.org/10.1109/TIP.2021.3089943, equation 6.
    """
    return gradients.clamp(min=0)


WEIGHTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grad-cam": grad_cam,
    "grad-cam-pp": grad_cam_pp,
    "xgrad-cam": xgrad_cam,
    "layer-cam": layer_cam,
}


def _sum(maps: Tensor) -> Tensor:
    return maps.sum(dim=(1, 2), keepdim=True)  # (C, 1, 1)


def map_class(
    model: VisionModel, x: Tensor, method: str, facts: LayerFacts, target_score: TargetScore, seed: int = 0
) -> ClassActivationMap:
    """One class activation map.

    Args:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        method: "cam", "smooth-grad-cam-pp" or one of `WEIGHTS`.
        facts: of the layer.
        target_score: the score.
        seed: of the noise that Smooth Grad-CAM++ adds.

    Raises:
        SaliencyImpossible: the network does not allow this method, or its score does not depend on the layer.
    """
    if method == "cam":
        return _read_head(model, x, facts, target_score)
    maps, gradients, logits, target_score = _differentiate(model, x, facts, target_score)
    if method == "smooth-grad-cam-pp":
        generator = torch.Generator(x.device).manual_seed(seed)
        copies = [x + NOISE * torch.randn(x.shape, generator=generator, device=x.device) for _ in range(COPIES)]
        weights = smooth_grad_cam_pp(maps, [_differentiate(model, copy, facts, target_score)[1] for copy in copies])
    else:
        weights = WEIGHTS[method](maps, gradients)
    return ClassActivationMap((weights * maps).nansum(dim=0), maps, gradients, logits, target_score)


def _differentiate(
    model: VisionModel, x: Tensor, facts: LayerFacts, target_score: TargetScore
) -> tuple[Tensor, Tensor, Tensor, TargetScore]:
    """Maps and gradients (C, h, w), logits, and the score's class. No gradient goes further back than the layer."""
    seen: list[Tensor] = []

    def lead(output: Tensor) -> Tensor:
        maps = output.detach().movedim(facts.channel_axis, 1).requires_grad_()  # (1, C, h, w)
        seen.append(maps)
        # The next layer may overwrite what it gets (torchvision's ResNet adds in place): not these maps.
        return maps.movedim(1, facts.channel_axis).clone()

    with torch.enable_grad():
        logits = pass_through(model, x.detach(), facts.name, lead)[0]
        target_score = target_score.settle(logits)
        score = target_score.of_one(logits)
        (gradients,) = torch.autograd.grad(score, seen, allow_unused=True) if score.requires_grad else (None,)
    if gradients is None:
        raise SaliencyImpossible(f"The score of this class does not depend on {facts.name}.")
    return seen[0].detach()[0], gradients[0], logits.detach(), target_score


def _read_head(model: VisionModel, x: Tensor, facts: LayerFacts, target_score: TargetScore) -> ClassActivationMap:
    """CAM: w_k is the dense layer's weight from map k to the class; the map's mean is the logit but for its bias.

    Zhou et al. 2016, https://arxiv.org/abs/1512.04150, equation 2.
    """
    head = linear_head(model, x)
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
        logits = pass_through(model, x, facts.name, watch)[0]
        target_score = target_score.settle(logits)
        rows = model.network.get_submodule(head.weights).get_parameter("weight").flatten(1)  # (num_classes, C)
        weights = target_score.of_one(rows)[:, None, None]
        return ClassActivationMap(
            (weights * seen[0][0]).nansum(dim=0), seen[0][0], None, logits, target_score, cut=False
        )
