"""A network in stages, in the order in which a picture goes through them, and the places where it can be cut."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from math import ceil

import torch
from torch import nn
from torchvision.models import SwinTransformer, VisionTransformer
from torchvision.models.vision_transformer import Encoder

from explorer.transfer.trial import TransferRejected
from explorer.zoo import VisionModel
from explorer.zoo.truncation import chain, is_run
from explorer.zoo.weights import TRAINING_ONLY


@dataclass(frozen=True)
class Cut:
    """A place where a network can be cut.

    Attributes:
        kept: number of stages before it.
        layer: dotted name of the last module that is kept.
        shape: (C, h, w) of what comes out there, for inputs of the network's own size.
        parameters: weights that are kept.
    """

    kept: int
    layer: str
    shape: tuple[int, int, int]
    parameters: int


def weightless(model: VisionModel) -> VisionModel:
    """A copy whose weights have shapes but no values: it says what a network would give, and costs nothing."""
    tensors: dict[int, torch.Tensor] = {
        id(t): nn.Parameter(torch.empty_like(t, device="meta"), requires_grad=False) for t in model.network.parameters()
    }
    tensors |= {id(t): torch.empty_like(t, device="meta") for t in model.network.buffers()}
    return replace(model, network=copy.deepcopy(model.network, tensors))


def weight_stages(network: nn.Module) -> tuple[tuple[str, ...], ...]:
    """Names of a network's weights in stages: blocks, or single layers with the norms after them, first ones first."""
    stages: list[list[str]] = []
    for names, starts in _pieces("", network):
        if not names:
            continue
        if starts or not stages:
            stages.append([])
        stages[-1].extend(names)
    return tuple(tuple(stage) for stage in stages)


def list_cuts(model: VisionModel) -> tuple[Cut, ...]:
    """Every place where a network can be cut, the first ones first; empty where there is none.

    A stage ends before the next module that has weights, so that it takes its activation and its pooling along. After
    the last stage there is a cut only where dense layers follow that would go.
    """
    network = model.network
    if isinstance(network, (VisionTransformer, SwinTransformer)):
        return ()
    names = chain(network)
    if not names:
        return ()
    starts = [place for place, name in enumerate(names) if _starts(network.get_submodule(name))]
    ends = [*(place - 1 for place in starts[1:]), len(names) - 1]
    if len(weight_stages(network)) <= len(starts) + 1:
        ends = ends[:-1]  # nothing but the last layer follows: that is the strategy "head"
    shapes = _shapes(model, names)
    cuts = []
    for kept, end in enumerate(ends, start=1):
        inside = (network.get_submodule(name).parameters() for name in names[: end + 1])
        count = sum(weight.numel() for weights in inside for weight in weights)
        cuts.append(Cut(kept, names[end], shapes[end], count))
    return tuple(cuts)


def choose_cut(model: VisionModel, kept: int = 0) -> Cut:
    """The cut after so many stages; after half of the network's stages for 0.

    Raises:
        TransferRejected: the network cannot be cut, or not there.
    """
    cuts = list_cuts(model)
    if not cuts:
        raise TransferRejected(f"{model.name} cannot be cut in the middle: its layers do not hand on maps one by one.")
    if not 0 <= kept <= len(cuts):
        raise TransferRejected(f"Of {model.name} the first 1 to {len(cuts)} stages can be kept, not {kept}.")
    return cuts[(kept or ceil((len(cuts) + 1) / 2)) - 1]


def _shapes(model: VisionModel, names: tuple[str, ...]) -> list[tuple[int, int, int]]:
    bare = weightless(model).network
    side = model.preprocessing.size
    x = torch.empty(1, 3, side, side, device="meta")
    shapes = []
    with torch.no_grad():
        for name in names:
            x = bare.get_submodule(name)(x)
            shapes.append((x.shape[1], x.shape[2], x.shape[3]))
    return shapes


def _starts(module: nn.Module) -> bool:
    """Whether a stage begins with this module: one that only scales and shifts belongs to the stage before it."""
    return any(weight.ndim > 1 for weight in module.parameters())


def _pieces(prefix: str, module: nn.Module) -> list[tuple[list[str], bool]]:
    """Names of the weights of each module that is no run of others, and whether a stage begins with it."""
    own = [(f"{prefix}{name}", weight) for name, weight in module.named_parameters(recurse=False)]
    pieces = [([name for name, _ in own], False)] if own else []
    for name, child in module.named_children():
        if prefix == "" and name in TRAINING_ONLY:
            continue
        # The transformers' encoder is a run of blocks, but for the positions it adds first.
        if is_run(child) or isinstance(child, Encoder):
            pieces += _pieces(f"{prefix}{name}.", child)
        else:
            weights = [f"{prefix}{name}.{inside}" for inside, _ in child.named_parameters()]
            pieces.append((weights, _starts(child)))
    return pieces
