"""The model parameter randomization test (Adebayo et al. 2018): a method on a network that has learned nothing.

A map that stays the same when the weights go shows the picture's edges or the architecture, not what was learned.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from math import isnan

import torch
from torch import Tensor, nn

from explorer.anatomy import summarize_layers
from explorer.saliency.explaining import explain
from explorer.saliency.faithfulness import agreement
from explorer.saliency.heatmap import Heatmap, Progress
from explorer.zoo import VisionModel

UNMOVED = 0.5  # a rank correlation above which a map has hardly noticed that all weights are gone
_STEPS = (0.25, 0.5, 1.0)  # shares of the layers, besides none and one


def weighted_layers(model: VisionModel, x: Tensor) -> tuple[str, ...]:
    """Paths of the layers that have weights, from the classes down to the picture."""
    paths = dict.fromkeys(facts.path for facts in summarize_layers(model, x) if facts.parameters)
    return tuple(reversed(paths))


def redraw(model: VisionModel, x: Tensor, layers: int | None = None, seed: int = 0) -> VisionModel:
    """A copy of a network with new weights from the top down; the others are shared, and the model stays as it is.

    Every tensor of weights is drawn from the normal distribution with the mean and the standard deviation that it has,
    so that the sizes of activations and gradients stay about what they were and only what was learned is lost.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), for its shape.
        layers: how many layers with weights get new ones, counted from the classes; all of them if None.
        seed: the weights are the same for the same seed; fewer layers get the same ones as more.
    """
    network = copy.deepcopy(model.network, {id(t): t for t in [*model.network.parameters(), *model.network.buffers()]})
    generator = torch.Generator().manual_seed(seed)
    for path in weighted_layers(model, x)[:layers]:
        for module in network.get_submodule(path).modules():
            for name, weights in module.named_parameters(recurse=False):
                drawn = torch.randn(weights.shape, generator=generator).to(weights)
                spread, mean = weights.std(correction=0), weights.mean()
                setattr(module, name, nn.Parameter(drawn * spread + mean, requires_grad=False))
    return replace(model, network=network, title=f"{model.title}, weights re-drawn")


def explain_randomized(
    model: VisionModel,
    x: Tensor,
    method: str,
    target: int,
    layer: str | None = None,
    *,
    contrast: int | None = None,
    layers: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    fast: bool = False,
) -> Heatmap:
    """The model parameter randomization test:
        model, x, method, target, layer, against, progress, fast: as for `explain`.
        layers, seed: as for `redraw`.

    Raises:
        SaliencyImpossible, Stopped: as `explain` does.
    """
    drawn = redraw(model, x, layers, seed)
    return explain(drawn, x, method, target, layer, contrast=contrast, progress=progress, fast=fast)


def steps_of(layers: int) -> list[int]:
    """How many of the layers with weights to draw anew, from none to all; each number once."""
    return sorted({0, min(1, layers), *(max(1, round(share * layers)) for share in _STEPS if layers)})


def correlation(first: Heatmap, second: Heatmap) -> float:
    """Spearman's rank correlation; NaN where a map is the same everywhere."""
    return float(agreement([first.values, second.values])[0, 1])


def judge_randomization(label: str, likeness: float) -> str:
    """What the map for a network without any learned weight says about a method.

    Args:
        label: of the method.
        likeness: `correlation` with the map for the network as it is.
    """
    if isnan(likeness):
        return (
            f"**{label}** draws a map that is the same everywhere, before or after the weights were drawn anew, so "
            "there is no correlation to judge by."
        )
    if abs(likeness) > UNMOVED:
        turned = ", the same places the other way round" if likeness < 0 else ""
        return (
            f"**{label}** hardly notices: with all weights gone the correlation is still {likeness:.2f}{turned}. In "
            "this draw, on this photo, it shows the picture or the architecture more than what was learned."
        )
    return (
        f"**{label}** passes: with all weights gone the correlation is {likeness:.2f}. That it shows what was learned "
        "is not contradicted by this draw of random weights; one draw and one photo do not prove it."
    )
