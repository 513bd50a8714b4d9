"""Layers in words, numbers and formulas, as pages show them."""

from __future__ import annotations

from math import prod
from typing import Final

from torch import nn

from explorer.anatomy.recording import LayerFacts
from explorer.anatomy.stages import Stage
from explorer.operations.convolution import Settings
from explorer.operations.sizes import size_lines
from explorer.text import count_text, shape_text, with_unit
from explorer.zoo import VisionModel

CEILING: Final = 6.0  # of ReLU6


def name_kind(model: VisionModel, facts: LayerFacts) -> str:
    """What a layer does in a word or two: of a convolution also its kernel, and whether it mixes channels."""
    module = model.network.get_submodule(facts.path)
    if not isinstance(module, nn.Conv2d) or facts.kind != "Conv2d":
        return facts.kind
    kernel = "×".join(map(str, module.kernel_size))
    return f"{'depthwise' if module.groups == module.in_channels > 1 else 'conv'} {kernel}"


def describe_layer(stage: Stage) -> tuple[tuple[str, str], ...]:
    """Name and value of what there is to say of a layer or stage, without its values."""
    last, first = stage.last, stage.layers[0]
    field = last.receptive_field
    return (
        ("input", " + ".join(shape_text(shape) for shape in first.input_shapes)),
        ("output", shape_text(last.shape)),
        ("parameters", f"{stage.parameters:,}"),
        ("multiply-adds", with_unit(stage.macs, "")),
        ("memory", with_unit(sum(layer.activation_bytes for layer in stage.layers), "B")),
        (
            "receptive field",
            f"{field.size[0]:g} × {field.size[1]:g} px, effective stride {field.stride[0]:g}, "
            f"effective padding {0 - field.offset[0]:g}",
        ),
    )


def is_clipped(facts: LayerFacts) -> bool:
    """Whether a layer is a ReLU that lets nothing above `CEILING` through, as a module or as a function."""
    return facts.kind.lower() == "relu6"


def describe_mixing(model: VisionModel, facts: LayerFacts) -> str:
    """What a convolution does with cells and channels, where it does not mix both; "" for every other layer."""
    module = model.network.get_submodule(facts.path)
    if not isinstance(module, nn.Conv2d) or facts.kind != "Conv2d":
        return ""
    inside, made = module.in_channels, module.out_channels
    if module.groups == inside > 1:
        return (
            f"Depthwise: every filter slides over one of the {inside} maps, {' × '.join(map(str, module.kernel_size))} "
            "cells at a time; channels are not mixed."
        )
    if module.kernel_size == (1, 1):
        what = f"Expands {inside} maps to {made}" if made > inside else f"Projects {inside} maps to {made}"
        what = f"Mixes {inside} maps" if made == inside else what
        return f"{what}: every cell's channels are mixed, and no cell sees its neighbours (1 × 1)."
    return ""


def describe_convolution(facts: LayerFacts, module: nn.Conv2d | nn.ConvTranspose2d) -> str:
    """A convolution in one line, and what kind it is."""
    reads = module.in_channels // module.groups
    bias = " + 1 bias" if module.bias is not None else ""
    parts = [
        f"`{shape_text(facts.input_shapes[0])}` → `{shape_text(facts.shape)}`",
        f"{count_text(facts.channels, 'filter')} of `{shape_text((reads, *module.kernel_size))}`",
        f"stride {_pair(module.stride)}, padding {module.padding_mode} {_pair(module.padding)}, "
        f"dilation {_pair(module.dilation)}, {count_text(module.groups, 'group')}",
        f"one cell = {reads * prod(module.kernel_size):,} products{bias}",
    ]
    kind = ""
    if module.groups == module.in_channels and module.groups > 1:
        kind = " Depthwise: every filter reads one channel only."
    elif module.groups > 1:
        kind = f" Grouped: every filter reads {reads} of {module.in_channels} channels."
    elif module.kernel_size == (1, 1):
        kind = " With a 1 × 1 kernel every cell is a weighted sum of the channels above it, and sees no neighbour."
    return " · ".join(parts) + "." + kind


def _pair(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return str(value[0]) if len(set(value)) == 1 else " × ".join(str(side) for side in value)
    return str(value)


def output_size(facts: LayerFacts, module: nn.Conv2d | nn.ConvTranspose2d) -> list[str]:
    """The output-size formula in letters and with a convolution's numbers, lines of Markdown.

    No line where PyTorch works the padding out ("same") so that the formula gives the input's size.
    """
    if module.padding == "same":
        return []
    rows, columns = (
        Settings(
            stride=module.stride[axis],
            padding=0 if isinstance(module.padding, str) else int(module.padding[axis]),
            dilation=module.dilation[axis],
            transposed=isinstance(module, nn.ConvTranspose2d),
            output_padding=int(module.output_padding[axis]),
        ).size(cells, module.kernel_size[axis])
        for axis, cells in enumerate(facts.input_shapes[0][1:])
    )
    return size_lines(rows, columns)
