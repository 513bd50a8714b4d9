"""What an input is made for: a channel, one of its cells, a class or a direction among channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt
from typing import Final, Literal

import torch
from torch import Tensor

from explorer.anatomy import LayerFacts, pass_through, record, summarize_layers
from explorer.anatomy.receptive_field import ReceptiveField
from explorer.zoo import VisionModel

Kind = Literal["channel", "cell", "class", "direction"]
_RECTIFIERS: Final = ("ReLU", "ReLU6", "relu", "relu_", "relu6")


class ObjectiveImpossible(ValueError):
    """No input can be made for this; the message says why, for people."""


@dataclass(frozen=True)
class Objective:
    """A number that a network makes of a picture.

    Attributes:
        kind: "channel": the mean of a map; "cell": its middle cell alone; "class": a logit; "direction": how far, and
            how straight, the vectors of channels at all cells point into a direction.
        layer: name of the layer; of no account for a class.
        unit: the channel, or the class.
        direction: (C,) into which the vectors of channels are to point; nothing for the other kinds.
        negative: whether it is to be as small as can be instead.
    """

    kind: Kind
    layer: str = ""
    unit: int = 0
    direction: tuple[float, ...] = ()
    negative: bool = False

    def measure(self, maps: Tensor) -> Tensor:
        """(B,) the number, from a layer's maps (B, C, H, W) or numbers (B, C); for a class from the logits."""
        if self.kind == "cell" and maps.ndim == 4:
            return maps[:, self.unit, maps.shape[2] // 2, maps.shape[3] // 2]
        cells = maps.reshape(*maps.shape[:2], -1)  # (B, C, cells)
        if self.kind == "direction":
            return score_direction(cells.movedim(1, -1), self.direction).mean(1)
        return cells[:, self.unit].mean(1)


def score_direction(vectors: Tensor, direction: Sequence[float]) -> Tensor:
    """(...) the length of each vector (..., C) along a direction, times its cosine to it, at least 0.1.

    The length alone is large where a vector is large, wherever it points (Carter et al. 2019, "Activation Atlas",
    temper it with the cosine as well).
    """
    unit = vectors.new_tensor(direction)
    unit = unit / unit.norm().clamp(min=1e-12)
    along = vectors @ unit
    return along * (along / vectors.norm(dim=-1).clamp(min=1e-12)).clamp(min=0.1)


def find_layers(model: VisionModel, side: int) -> dict[str, LayerFacts]:
    """Every layer by name, for pictures of `side` x `side` pixels.

    What a vision transformer with a class token does is recorded as a list of tokens: here the patches among them are a
    grid of cells, each of which sees the whole picture, and the numbers of a token are channels.
    """
    every = summarize_layers(model, torch.zeros(1, 3, side, side))
    tokens = hasattr(model.network, "class_token")
    return {each.name: _lay_out(each) if tokens and len(each.shape) == 2 else each for each in every}


def _lay_out(facts: LayerFacts) -> LayerFacts:
    """A layer that gives (N, C) tokens: a square of patches, perhaps behind a class token."""
    cells, field = isqrt(facts.shape[0]), facts.receptive_field
    still = ReceptiveField(replace(field.rows, stride=0), replace(field.columns, stride=0))
    return replace(facts, shape=(facts.shape[1], cells, cells), channel_axis=2, receptive_field=still)


def _as_maps(output: Tensor, facts: LayerFacts) -> Tensor:
    """(B, C, H, W), or (B, C), from what a layer of `find_layers` gave for a batch."""
    maps = output.movedim(facts.channel_axis, 1)
    if output.ndim == 3 and facts.channel_axis == 2:  # the class token, where there is one, comes first
        rows, columns = facts.resolution
        maps = maps[:, :, -rows * columns :].unflatten(2, (rows, columns))
    return maps


def record_maps(model: VisionModel, x: Tensor, layer: str) -> Tensor:
    """(C, H, W) the maps of a layer for one square picture (1, 3, H, W), by a recorded pass; of tokens, of the patches.

    Raises:
        LayerUnknown: this network has no such layer.
    """
    found, facts = record(model, x, layers=[layer])[layer], find_layers(model, x.shape[3])[layer]
    return _as_maps(found.output[None], facts)[0] if found.output.ndim == 2 else found.maps


def driven_layer(facts: Mapping[str, LayerFacts], name: str) -> str:
    """The layer whose values are made large: what a rectifier reads, for at a silent one there is no slope to climb."""
    layer = facts[name]
    if layer.kind in _RECTIFIERS and len(layer.inputs) == 1 and layer.inputs[0] in facts:
        return layer.inputs[0]
    return name


@dataclass(frozen=True, eq=False)
class Aim:
    """An objective at a network.

    Attributes:
        model: from the zoo.
        objective: what is asked for.
        facts: of the layer where maps are taken; for a class the last one with more than one cell.
    """

    model: VisionModel
    objective: Objective
    facts: LayerFacts

    def run(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) the objective, and (B, C, cells) the maps beside it, for a batch (B, 3, H, W), normalised.

        Layers behind the one that is asked for are not computed.
        """
        held = list[Tensor]()

        def take(output: Tensor) -> Tensor:
            held.append(output)
            if self.objective.kind == "class":
                return output.clone()  # the next layer may overwrite what it gets
            raise _Reached

        try:
            found = self.objective.measure(pass_through(self.model, x, self.facts.name, take))
        except _Reached:
            found = self.objective.measure(_as_maps(held[0], self.facts))
        maps = _as_maps(held[0], self.facts)
        return found, maps.reshape(*maps.shape[:2], -1)


class _Reached(Exception):
    """The forward pass has come to where it is wanted."""


def take_aim(model: VisionModel, objective: Objective, side: int) -> Aim:
    """An objective, looked up in a network at pictures of `side` x `side` pixels.

    Raises:
        ObjectiveImpossible: the network has no such layer, channel or class, the direction has another length, or
            pictures of this size do not go through it.
    """
    if model.only_size not in (None, side):
        raise ObjectiveImpossible(f"{model.name} takes pictures of {model.only_size} pixels a side only, not {side}.")
    try:
        facts = find_layers(model, side)
    except RuntimeError as problem:  # a kernel larger than what is left of the maps
        raise ObjectiveImpossible(f"Pictures of {side} pixels are too small for {model.name}.") from problem
    if objective.kind == "class":
        if not 0 <= objective.unit < len(model.classes):
            raise ObjectiveImpossible(
                f"{model.name} knows classes 0 to {len(model.classes) - 1}; there is no class {objective.unit}."
            )
        every = list(facts.values())
        mapped = [each for each in every if each.resolution != (1, 1)]
        return Aim(model, objective, (mapped or every)[-1])
    if objective.layer not in facts:
        raise ObjectiveImpossible(f"{model.name} has no layer {objective.layer!r} that takes part in a forward pass.")
    layer = facts[driven_layer(facts, objective.layer)]
    if objective.kind == "direction":
        if len(objective.direction) != layer.channels:
            raise ObjectiveImpossible(
                f"{layer.name} has {layer.channels} channels; the direction has {len(objective.direction)} numbers."
            )
        if not any(objective.direction):
            raise ObjectiveImpossible("All numbers of the direction are zero: it points nowhere.")
    elif not 0 <= objective.unit < layer.channels:
        raise ObjectiveImpossible(
            f"{layer.name} has channels 0 to {layer.channels - 1}; there is no channel {objective.unit}."
        )
    return Aim(model, objective, layer)
