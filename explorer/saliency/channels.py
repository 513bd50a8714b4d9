"""Which channels of a layer a class rests on: what its score would lose without each, estimated and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy import Edit, pass_through, record
from explorer.rendering import format_percent
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.saliency.layers import find_layer
from explorer.saliency.scores import TargetScore
from explorer.text import significant
from explorer.zoo import VisionModel


def estimate_losses(
    model: VisionModel, x: Tensor, layer: str, target: int, contrast: int | None = None
) -> NDArray[np.float64]:
    """What the score would lose if each channel alone were switched off, by one gradient for all of them.

    To first order the score falls by the sum over a channel's cells of gradient times value (Molchanov et al. 2017,
    "Pruning Convolutional Neural Networks for Resource Efficient Inference", their Taylor expansion with its sign
    kept). Where only global average pooling and a dense layer follow, that is exact.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        layer: name of one with maps.
        target: index of the class.
        contrast: index of a class whose logit is subtracted from the score.

    Returns:
        (C,) logits; below zero where the score would rise.

    Raises:
        SaliencyImpossible: there is no such layer, it has no maps, or the score does not depend on it.
    """
    facts, target_score = find_layer(model, x, layer), TargetScore(target, contrast)
    held: list[Tensor] = []

    def hold(output: Tensor) -> Tensor:
        held.append(output.detach().requires_grad_())
        return held[0].clone()  # the next layer may overwrite what it gets

    with torch.enable_grad():
        score = target_score.of_one(pass_through(model, x.detach(), facts.name, hold)[0])
        found = torch.autograd.grad(score, held[0], allow_unused=True)[0] if score.requires_grad else None
    if found is None:
        raise SaliencyImpossible(f"The score of this class does not depend on {facts.name}.")
    shares = (found * held[0].detach()).movedim(facts.channel_axis, 1)[0]  # (C, h, w)
    # Summed on the CPU: in double precision, which not every device has.
    losses: NDArray[np.float64] = shares.flatten(1).cpu().double().sum(1).numpy()
    return losses


def measure_losses(
    model: VisionModel, x: Tensor, layer: str, channels: Sequence[int], target: int, contrast: int | None = None
) -> NDArray[np.float64]:
    """What the score loses when each of some channels is switched off, by a forward pass for each.

    Args:
        model, x, layer, target, against: as for `estimate_losses`.
        channels: their numbers.

    Returns:
        (len(channels),) logits; below zero where the score rises.

    Raises:
        ValueError: the layer has no such channel.
        LayerUnknown: this network has no such layer.
    """
    target_score = TargetScore(target, contrast)

    def score(*edits: Edit) -> float:
        return float(target_score.of_one(record(model, x, layers=[], edits=edits).logits.cpu().double()))

    whole = score()
    return np.array([whole - score(Edit(layer, channels=(channel,))) for channel in channels], np.float64)


@dataclass(frozen=True, eq=False)
class MovedMaps:
    """The maps of a layer that a change moves most; only those that did move.

    Attributes:
        channels: (N,) their numbers, the one that moved most first.
        changes: (N,) mean absolute change of each over its cells.
        before, after: (N, H, W).
        still: how many channels of the layer did not change at all.
        signed: whether any value of the layer is below zero, before or after.
    """

    channels: NDArray[np.int64]
    changes: NDArray[np.float64]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    still: int
    signed: bool


def find_moved(before: NDArray[np.float32], after: NDArray[np.float32], count: int) -> MovedMaps:
    """The maps of a layer that moved most.

    Args:
        before, after: (C, H, W).
        count: how many at most.
    """
    changes = np.abs(after.astype(np.float64) - before).mean((1, 2))
    most = np.argsort(-changes, kind="stable")[: min(count, int((changes > 0).sum()))]
    signed = bool(min(before.min(), after.min()) < 0)
    return MovedMaps(most, changes[most], before[most], after[most], int((changes == 0).sum()), signed)


def estimates_hold(estimated: NDArray[np.float64], measured: NDArray[np.float64]) -> bool:
    """Whether estimated losses are within 2 % of the largest measured one."""
    return float(np.abs(measured - estimated).max()) <= 0.02 * float(np.abs(measured).max())


def loss_rows(
    channels: Sequence[int], estimates: NDArray[np.float64], measured: NDArray[np.float64]
) -> list[dict[str, str]]:
    """A table of channels: what each is of all estimated losses above zero, and its loss estimated and measured.

    Args:
        channels: their numbers.
        estimates: (C,) of all channels of the layer.
        measured: (len(channels),).
    """
    gains = estimates.clip(0).sum()
    return [
        {
            "channel": str(channel),
            "share": format_percent(max(0.0, float(estimates[channel])) / gains if gains > 0 else 0.0),
            "loss, estimated": significant(estimates[channel]),
            "loss, measured": significant(loss),
        }
        for channel, loss in zip(channels, measured, strict=True)
    ]
