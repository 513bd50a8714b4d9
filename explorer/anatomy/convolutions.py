"""The convolutions of a network and the facts of their shapes; what their weights hold is in `filters`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explorer.anatomy.recording import INPUT, LayerFacts
from explorer.anatomy.tracing import summarize_layers
from explorer.operations import output_kernels
from explorer.text import count_text, shape_text
from explorer.zoo import VisionModel

Pair = tuple[int, int]


@dataclass(frozen=True)
class Convolution:
    """One convolution: what its shape follows from, without its values.

    Attributes:
        path: of the module in the network.
        layer: its name in a recording; "" where it takes no part in a forward pass, as GoogLeNet's auxiliary heads.
        out_channels, in_channels, groups: as PyTorch counts them.
        kernel: rows and columns.
        bias: whether every output channel adds one more number.
        stride, dilation: rows and columns.
        padding: rows and columns; "same" or "valid" where PyTorch was told so.
        padding_mode: what stands in the padding: "zeros", "reflect", "replicate" or "circular".
        transposed: whether every input cell stamps its kernel onto the output.
        input_shape, output_shape: (C, H, W) at the surveyed resolution; None where it takes no part.
        sees_photo: whether its input channels are the red, green and blue of the photo.
        norm: path of the batch normalisation that alone reads its output; "" where there is none.
        norm_layer: that one's name in a recording.
    """

    path: str
    layer: str
    out_channels: int
    in_channels: int
    groups: int
    kernel: Pair
    bias: bool
    stride: Pair
    padding: Pair | str
    padding_mode: str
    dilation: Pair
    transposed: bool
    input_shape: tuple[int, ...] | None
    output_shape: tuple[int, ...] | None
    sees_photo: bool
    norm: str
    norm_layer: str

    @property
    def depth(self) -> int:
        """Slices of one filter: the input channels it reads."""
        return self.in_channels // self.groups

    @property
    def depthwise(self) -> bool:
        """Whether every filter reads one input channel, of several."""
        return self.groups == self.in_channels > 1

    @property
    def pointwise(self) -> bool:
        """Whether a kernel is a single cell, so that the layer mixes channels and nothing else."""
        return self.kernel == (1, 1)

    @property
    def parameters(self) -> int:
        """Weights and biases: out * (in / groups * kh * kw) + bias."""
        return self.out_channels * self.depth * prod(self.kernel) + self.biases

    @property
    def biases(self) -> int:
        """One for each output channel, or none."""
        return self.out_channels if self.bias else 0

    @property
    def parameter_sum(self) -> str:
        """The sum behind `parameters` with the numbers put in: "32 × (3 / 1 × 3 × 3) + 32"."""
        height, width = self.kernel
        inside = f"{self.in_channels} / {self.groups} × {height} × {width}"
        return f"{self.out_channels} × ({inside}) + {self.biases}"

    @property
    def dense_parameters(self) -> int | None:
        """Of a dense layer from every input cell to every output cell, biases included, at this resolution."""
        if self.input_shape is None or self.output_shape is None:
            return None
        return prod(self.input_shape) * prod(self.output_shape) + prod(self.output_shape)

    @property
    def dense_sum(self) -> str:
        """The sum behind `dense_parameters`: "(3 × 32 × 32) × (24 × 32 × 32) + 24 × 32 × 32"."""
        read, made = (" × ".join(map(str, shape or ())) for shape in (self.input_shape, self.output_shape))
        return f"({read}) × ({made}) + {made}"

    @property
    def edited_layer(self) -> str:
        """The layer whose channels to scale so that nothing of a filter goes on: the batch norm, where one follows.

        A batch normalisation would give a silent channel a constant of its own.
        """
        return self.norm_layer or self.layer

    def describe(self) -> str:
        """Its shape, and why it is so."""
        made = f"one filter for each of the {self.out_channels} output channels"
        reads = f"{self.in_channels} input channels"
        if self.depthwise:
            said = f"Depthwise: every filter reads one of the {reads}, so its depth is 1; {made}."
        elif self.groups > 1:
            said = (
                f"Grouped: the {reads} are split into {self.groups} groups, and a filter reads the {self.depth} of its "
                f"own; {made}."
            )
        else:
            channels = "the red, green and blue of the photo" if self.sees_photo else f"all {reads}"
            said = f"Depth {self.depth}, because every filter reads {channels}; {made}."
        if self.pointwise:
            said += " A 1 × 1 kernel sees one cell at a time: it mixes channels and leaves space alone."
        if self.transposed:
            said += " Transposed: every input cell stamps the kernels onto the output."
        return f"**{count_text(self.out_channels, 'filter')} of {shape_text((*self.kernel, self.depth))}.** {said}"

    def settings(self) -> dict[str, str]:
        """Shapes and settings by name, without those that it has not."""
        facts = {
            "input": shape_text(self.input_shape or ()),
            "output": shape_text(self.output_shape or ()),
            "stride": _pair_text(self.stride),
            "padding": self.padding if isinstance(self.padding, str) else _pair_text(self.padding),
            "dilation": _pair_text(self.dilation),
            "groups": str(self.groups),
        }
        return {name: value for name, value in facts.items() if value}

    def inputs_of(self, output: int) -> range:
        """The input channels that one output channel reads."""
        group = output // (self.out_channels // self.groups)
        return range(group * self.depth, (group + 1) * self.depth)


def _pair_text(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else shape_text(pair)


def find_convolutions(model: VisionModel, size: int) -> tuple[Convolution, ...]:
    """Every `nn.Conv2d` and `nn.ConvTranspose2d` of a network.

    Args:
        model: from the zoo.
        size: side of the square input for which shapes are given.

    Returns:
        In execution order, a module that is called twice once; those that take no part come last.
    """
    layers = summarize_layers(model, torch.zeros(1, 3, size, size))
    modules = dict(model.network.named_modules())
    found: dict[str, Convolution] = {}
    for layer in layers:
        module = modules.get(layer.path)
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and layer.path not in found:
            found[layer.path] = _describe(layer.path, module, layer, _norm_after(layer, layers, modules))
    for path, module in modules.items():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and path not in found:
            found[path] = _describe(path, module, None, None)
    return tuple(found.values())


def _norm_after(layer: LayerFacts, layers: tuple[LayerFacts, ...], modules: dict[str, nn.Module]) -> LayerFacts | None:
    """The batch normalisation that reads a layer's output, where nothing else does."""
    readers = [other for other in layers if layer.name in other.inputs]
    alone = len(readers) == 1 and isinstance(modules.get(readers[0].path), nn.BatchNorm2d)
    return readers[0] if alone else None


def _describe(
    path: str, module: nn.Conv2d | nn.ConvTranspose2d, layer: LayerFacts | None, norm: LayerFacts | None
) -> Convolution:
    kernel, dilation = _pair(module.kernel_size), _pair(module.dilation)
    extent = tuple(steps * (side - 1) + 1 for steps, side in zip(dilation, kernel, strict=True))
    field = layer and tuple(round(side) for side in layer.receptive_field.size)
    return Convolution(
        path=path,
        layer=layer.name if layer else "",
        out_channels=module.out_channels,
        in_channels=module.in_channels,
        groups=module.groups,
        kernel=kernel,
        bias=module.bias is not None,
        stride=_pair(module.stride),
        padding=module.padding if isinstance(module.padding, str) else _pair(module.padding),
        padding_mode=module.padding_mode,
        dilation=dilation,
        transposed=isinstance(module, nn.ConvTranspose2d),
        input_shape=layer.input_shapes[0] if layer else None,
        output_shape=layer.shape if layer else None,
        # Three channels, and no wider a view of the photo than its own kernel: nothing mixed the colours before. Where
        # padding repeats the photo the view is wider.
        sees_photo=module.in_channels == 3
        and module.groups == 1
        and (field == extent or (layer is not None and layer.inputs == (INPUT,))),
        norm=norm.path if norm else "",
        norm_layer=norm.name if norm else "",
    )


def _pair(values: tuple[int, ...]) -> Pair:
    return values[0], values[-1]


def connection_matrix(convolution: Convolution) -> NDArray[np.bool_]:
    """Which input channels each output channel reads, (out, in)."""
    matrix = np.zeros((convolution.out_channels, convolution.in_channels), dtype=np.bool_)
    for output in range(convolution.out_channels):
        reads = convolution.inputs_of(output)
        matrix[output, reads.start : reads.stop] = True
    return matrix


def filter_weights(module: nn.Module) -> NDArray[np.float32]:
    """The filters of a convolution, one for each output channel: (out, in / groups, kh, kw), on the CPU.

    Raises:
        TypeError: the module is no 2-D convolution.
    """
    if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        raise TypeError(f"A {type(module).__name__} has no filters.")
    return output_kernels(module)


def norm_scale(module: nn.Module) -> NDArray[np.float32] | None:
    """What a batch normalisation multiplies each channel by, (C,); None where it learned nothing."""
    weight = getattr(module, "weight", None)
    return None if weight is None else weight.detach().float().cpu().numpy()
