"""What a strategy does to a network, layer by layer, told before anything is trained; it computes with shapes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from explorer.anatomy import LayerFacts, summarize_layers
from explorer.transfer.adapting import adapt
from explorer.transfer.trial import Strategy
from explorer.transfer.truncation import weightless
from explorer.zoo import VisionModel

State = Literal["frozen", "trained", "new", "removed"]


@dataclass(frozen=True)
class PlannedLayer:
    """A layer with weights.

    Attributes:
        name: the module's path; with the function's name after it where a block uses weights of its own.
        kind: the module's class, the function, or "Parameter" for weights that the network itself holds.
        parameters: number of weights.
        state: "frozen" as it is; "trained" from its pretrained weights; "new", and trained; "removed" from the network.
    """

    name: str
    kind: str
    parameters: int
    state: State


def plan(model: VisionModel, classes_count: int, strategy: Strategy, kept: int = 0) -> tuple[PlannedLayer, ...]:
    """Every layer with weights, in the order of execution.

    Args:
        model: from the zoo; nothing is copied but its shapes.
        classes_count: how many new classes.
        strategy, kept: as for `adapt`.

    Raises:
        TransferRejected: this strategy cannot be done on this network.
    """
    bare = weightless(model)
    adapted = adapt(bare, [str(number) for number in range(classes_count)], strategy, kept)
    states: dict[str, State] = dict.fromkeys(adapted.frozen, "frozen")
    states |= dict.fromkeys(adapted.pretrained, "trained")
    states |= dict.fromkeys(adapted.new, "new")
    layers = _layers(replace(bare, network=adapted.network), states)
    if strategy != "truncated":
        return tuple(layers)
    here = {layer.name for layer in layers}
    every = _layers(bare, {name: "removed" for name, _ in bare.network.named_parameters()})
    gone = [layer for layer in every if layer.name not in here]
    first = next(place for place, layer in enumerate(layers) if layer.state == "new")
    return (*layers[:first], *gone, *layers[first:])


def _layers(model: VisionModel, states: dict[str, State]) -> list[PlannedLayer]:
    network, side = model.network, model.preprocessing.size
    layers: list[PlannedLayer] = []
    told: set[str] = set()
    for facts in summarize_layers(model, torch.empty(1, 3, side, side)):
        names = [name for name in _weights_of(network, facts) if name in states and name not in told]
        if names:
            told.update(names)
            layers.append(PlannedLayer(facts.name, facts.kind, _count(network, names), states[names[0]]))
    # What is no layer's own: class tokens and positions of transformers, which are added before the first block.
    rest = [name for name in states if name not in told]
    return [*(PlannedLayer(name, "Parameter", _count(network, [name]), states[name]) for name in rest), *layers]


def _weights_of(network: nn.Module, facts: LayerFacts) -> list[str]:
    """Names of the weights a layer uses: all of a module's, or for a function those that its block holds itself."""
    if not facts.parameters:
        return []
    module = network.get_submodule(facts.path)
    prefix = f"{facts.path}." if facts.path else ""
    return [f"{prefix}{name}" for name, _ in module.named_parameters(recurse=facts.call is not None)]


def _count(network: nn.Module, names: Sequence[str]) -> int:
    return sum(network.get_parameter(name).numel() for name in names)
