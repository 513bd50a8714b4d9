"""A layer of a network as `explorer.operations` takes it apart: the module, what it read, and what follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from explorer.anatomy.recording import LayerFacts
from explorer.anatomy.tracing import record, summarize_layers
from explorer.operations import (
    SUPPORTED,
    Following,
    LayerBreakdown,
    describe_following,
    describe_operation,
    without_padding,
)
from explorer.zoo import VisionModel
from explorer.zoo.efficientnet_lite import SamePadding

# Functions that pool, as the modules that do the same to an input of known size.
_POOLING_FUNCTIONS = {"adaptive_avg_pool2d": nn.AdaptiveAvgPool2d, "adaptive_max_pool2d": nn.AdaptiveMaxPool2d}
_ACTIVATION_FUNCTIONS = {"relu": nn.ReLU, "relu6": nn.ReLU6, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "silu": nn.SiLU}
_NOTHING_IN_EVALUATION = ("Dropout", "Dropout2d", "Identity", "StochasticDepth")


class NotUnderTheMicroscope(ValueError):
    """The layer is no convolution or pooling layer; the message says what it is."""


def is_explainable(model: VisionModel, facts: LayerFacts) -> bool:
    """Whether `break_down` can take this layer apart."""
    return _module_of(model, facts) is not None


def _module_of(model: VisionModel, facts: LayerFacts) -> nn.Module | None:
    if len(facts.input_shapes[0]) != 3:
        return None
    if facts.kind in _POOLING_FUNCTIONS:
        return _POOLING_FUNCTIONS[facts.kind](facts.resolution)
    if facts.kind == "mean" and facts.resolution == (1, 1) and facts.channels == facts.input_shapes[0][0]:
        return nn.AdaptiveAvgPool2d(1)
    module = model.network.get_submodule(facts.path)
    named = type(module).__name__ == facts.kind and isinstance(module, SUPPORTED)
    return module if named else None


def _chain(model: VisionModel, every: tuple[LayerFacts, ...], facts: LayerFacts) -> tuple[list[Following], str]:
    """The elementwise layers that read this one and then each other, and the name of the last."""
    following: list[Following] = []
    last = facts
    while True:
        readers = [other for other in every if last.name in other.inputs]
        if len(readers) != 1 or readers[0].inputs != (last.name,) or readers[0].shape != last.shape:
            return following, last.name
        after = readers[0]
        if after.kind in _NOTHING_IN_EVALUATION:
            last = after
            continue
        if after.kind in _ACTIVATION_FUNCTIONS:
            module: nn.Module = _ACTIVATION_FUNCTIONS[after.kind]()
        else:
            module = model.network.get_submodule(after.path)
        step = (
            describe_following(_short_name(after), module)
            if type(module).__name__.lower() == after.kind.lower()
            else None
        )
        if step is None:
            return following, last.name
        following.append(step)
        last = after


def _short_name(facts: LayerFacts) -> str:
    """The last part of the name, where that says more than a number."""
    last = facts.name.rsplit(".", 1)[-1]
    return facts.kind if last.isdecimal() else last


def padding_before(model: VisionModel, every: Sequence[LayerFacts], facts: LayerFacts) -> LayerFacts | None:
    """The layer that put zeros around what a layer reads, for this layer alone; None where there is none."""
    source = next((other for other in every if facts.inputs == (other.name,)), None)
    padded = source is not None and isinstance(model.network.get_submodule(source.path), SamePadding)
    return source if padded else None


def break_down(model: VisionModel, x: Tensor, layer: str) -> LayerBreakdown:
    """Take one convolution or pooling layer of a network apart.

    Where a layer of its own puts zeros around the maps first, the two are taken apart as one: the input is what the
    padding read, and the zeros are cells outside it.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        layer: its name.

    Raises:
        NotUnderTheMicroscope: it is no such layer, or reads something else than maps.
        LayerUnknown: there is no layer of that name.
    """
    every = summarize_layers(model, x)
    facts = next((facts for facts in every if facts.name == layer), None)
    module = None if facts is None else _module_of(model, facts)
    if facts is not None and module is None:
        raise NotUnderTheMicroscope(f"{layer} is a {facts.kind} layer; convolutions and pooling can be taken apart.")
    following, last = ([], layer) if facts is None else _chain(model, every, facts)
    pad = None if facts is None else padding_before(model, every, facts)
    first = layer if pad is None else pad.name
    recording = record(model, x, layers={layer, last, first}, inputs=True)
    recorded, read = recording[layer], recording[first].read
    assert module is not None
    assert recorded.read is not None
    assert read is not None
    with torch.inference_mode():
        operation = describe_operation(module, tuple(recorded.read.shape[1:]))
    if pad is not None:
        padding = model.network.get_submodule(pad.path)
        assert isinstance(padding, SamePadding)
        rows, columns = (
            without_padding(window_indices, padding.sides(size)[0], size)
            for window_indices, size in zip((operation.rows, operation.columns), read.shape[2:], strict=True)
        )
        operation = replace(operation, rows=rows, columns=columns)
    return LayerBreakdown(
        operation=operation,
        input=read[0].float().cpu().numpy(),
        output=recorded.maps.float().cpu().numpy(),
        following=tuple(following),
        final=recording[last].maps.float().cpu().numpy() if following else None,
    )
