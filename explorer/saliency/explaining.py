"""`explain`: a model, an input and the name of a method in; a `Heatmap` out."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.saliency.attention.legrad import can_legrad, legrad
from explorer.saliency.attribution import attribute
from explorer.saliency.class_activation import Wanted, map_class
from explorer.saliency.diagnosis import diagnose_maps, diagnose_pixels
from explorer.saliency.guided import GuidedReLUs
from explorer.saliency.heatmap import Heatmap, Progress, SaliencyImpossible
from explorer.saliency.layers import find_layer, layers_for, linear_head
from explorer.saliency.masking import occlude
from explorer.saliency.methods import FAST, METHODS
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel


def explain(
    model: VisionModel,
    x: Tensor,
    method: str,
    target: int | None = None,
    layer: str | None = None,
    *,
    contrast: int | None = None,
    progress: Progress | None = None,
    fast: bool = False,
) -> Heatmap:
    """Where a network looked for a class.

    Any number of threads may explain one model at a time; it carries no hook and no gradient, before, during or after.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised, as `model.preprocessing.tensor` gives it.
        method: a key of `METHODS`.
        target: index of the class; the most probable one if None.
        layer: of class activation maps; `default_layer` if None.
        contrast: index of another class: what speaks for the target rather than for this one. Finer-CAM takes only a
            share of it away, and without it chooses the three classes whose logits are nearest.
        progress: called with (images done, images in all) by slow methods; may return False to stop.
        fast: let Score-CAM and its kin give similar maps one score, and Occlusion look at some of its windows only; all
            of them in half precision where the device is faster with it.

    Raises:
        SaliencyImpossible: there is no such map of this network; the message says why.
        Stopped: `progress` returned False.
        ValueError: x has another shape.

    Example:
        >>> heatmap = explain(model, model.preprocessing.tensor(image), "grad-cam")
        >>> heatmap.values.shape
        (128, 128)
    """
    if method not in METHODS:
        raise SaliencyImpossible(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
    if x.ndim != 4 or x.shape[0] != 1 or x.shape[1] != 3:
        raise ValueError(f"One image of shape (1, 3, H, W) is explained at a time, not {tuple(x.shape)}.")
    x = x.detach().to(model.device)
    grid: Tensor | None
    start = time.perf_counter()
    target_score = _check_target(model, target, contrast)
    size = (int(x.shape[2]), int(x.shape[3]))
    if METHODS[method].family == "activation":
        facts = find_layer(model, x, layer)
        mapped = map_class(method, Wanted(model, x, facts, target_score, progress, fast))
        name, target_score = facts.name, mapped.target_score
        grid = mapped.signed.clamp(min=0) if mapped.cut else mapped.signed
        values = _enlarge(grid, size)
        diagnosis = diagnose_maps(mapped, model, x, method, name)
    else:
        if method == "legrad":
            found = legrad(model, x, target_score)
        elif method == "occlusion":
            found = occlude(model, x, target_score, progress, fast=fast)
        else:
            found = attribute(model, x, method, target_score, progress)
        name, target_score, values, grid = "", found.target_score, found.values, found.raw
        if values.shape != size:
            values = _enlarge(values, size)
        diagnosis = diagnose_pixels(values, model, x, found.logits, method)
    assert target_score.target is not None
    return Heatmap(
        values=_to_numpy(values),
        raw=None if grid is None else _to_numpy(grid),
        method=method,
        layer=name,
        target=target_score.target,
        contrast=target_score.contrast,
        seconds=time.perf_counter() - start,
        diagnosis=diagnosis,
        signed=METHODS[method].signed,
        fast=fast and method in FAST,
        similar=target_score.similar,
    )


def possible_methods(model: VisionModel, x: Tensor) -> tuple[str, ...]:
    """The methods that a network has the layers for, whatever the class: keys of `METHODS`, in their order.

    Class activation maps need a layer with maps, CAM a head of one dense layer on their averages, guided
    backpropagation ReLUs, and LeGrad a vision transformer that it knows.

    Args:
        model: any network of the zoo.
        x: (1, 3, H, W), preprocessed.
    """
    with torch.no_grad(), GuidedReLUs() as relus:
        model.network(x.clone().to(model.device))  # a clone, for networks that overwrite their input
    mapped, averaged = bool(layers_for(model, x)), linear_head(model, x) is not None
    has = {"cam": mapped and averaged, "guided-backprop": relus.calls > 0, "legrad": can_legrad(model)}
    return tuple(name for name, method in METHODS.items() if has.get(name, mapped or not method.needs_layer))


def _check_target(model: VisionModel, target: int | None, contrast: int | None) -> TargetScore:
    """Classes that are there."""
    count = len(model.classes)
    if count < 2:
        raise SaliencyImpossible(
            f"{model.name} knows one class only: whatever it sees has a probability of 100 %, and no place decides it."
        )
    for index in (target, contrast):
        if index is not None and not 0 <= index < count:
            raise SaliencyImpossible(f"There is no class {index}: {model.name} has classes 0 to {count - 1}.")
    return TargetScore(target, contrast)


def _enlarge(grid: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(grid[None, None].float(), size, mode="bilinear", align_corners=False)[0, 0]


def _to_numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy().copy()
