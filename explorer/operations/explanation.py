"""One output cell of a convolution or pooling layer, down to the last multiply-add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.operations.channel_view import NONE, PAD
from explorer.operations.window_indices import (
    WindowIndices,
    adaptive_indices,
    convolution_indices,
    pooling_indices,
    transposed_indices,
)

Kind = Literal["convolution", "max", "average", "l2"]

SUPPORTED = (
    nn.Conv2d,
    nn.ConvTranspose2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.LPPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)


class OperationUnsupported(TypeError):
    """The layer is neither a convolution nor a pooling layer that can be explained; the message says which it is."""


@dataclass(frozen=True, eq=False)
class Operation:
    """What a layer does to an input of one size. A transposed convolution is a convolution with other window indices.

    Attributes:
        kind: how the values in a window become one.
        rows: (H_out, kh) window indices, see `window indices`.
        columns: (W_out, kw) window indices.
        in_channels, out_channels: of the whole layer.
        groups: each output channel reads in_channels / groups input channels; pooling reads one.
        weight: (O, I / groups, kh, kw); None for pooling.
        bias: (O,) or None.
        divisor: of average pooling, where it is fixed; otherwise it is the number of values in the window.
    """

    kind: Kind
    rows: WindowIndices
    columns: WindowIndices
    in_channels: int
    out_channels: int
    groups: int
    weight: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    divisor: float | None = None

    def reads(self, channel: int) -> range:
        """The input channels that one output channel depends on."""
        width = self.in_channels // self.groups
        group = channel // (self.out_channels // self.groups)
        return range(group * width, (group + 1) * width)

    def kernel(self, channel: int) -> NDArray[np.float32] | None:
        """(I / groups, kh, kw) of one output channel; None for pooling."""
        return None if self.weight is None else self.weight[channel]

    def count(self, row: int, column: int) -> int:
        """How many places of a cell's window are read, padded zeros included."""
        return int((self.rows[row] != NONE).sum() * (self.columns[column] != NONE).sum())

    def patch(self, maps: NDArray[np.float32], row: int, column: int) -> NDArray[np.float32]:
        """What a cell reads of some maps.

        Args:
            maps: (C, H, W).
            row, column: of the output cell.

        Returns:
            (C, kh, kw): 0 where padded, NaN where nothing is read.
        """
        rows, columns = self.rows[row], self.columns[column]
        values = maps[:, rows.clip(0)][:, :, columns.clip(0)].copy()
        values[:, (rows[:, None] == PAD) | (columns[None, :] == PAD)] = 0.0
        values[:, (rows[:, None] == NONE) | (columns[None, :] == NONE)] = np.nan
        return values


@dataclass(frozen=True, eq=False)
class CellExplanation:
    """The numbers behind one output cell.

    Attributes:
        channels: the input channels that are read, C of them.
        rows, columns: (kh,) and (kw,) input rows and columns, `PAD` or `NONE` where there is none.
        patch: (C, kh, kw) values read; 0 where padded, NaN where nothing is read.
        kernel: (C, kh, kw) weights; None for pooling.
        terms: (C, kh, kw) float64, what is combined: products for a convolution, values for maximum and average
            pooling, squares for L2 pooling; NaN where nothing is read.
        bias: added to the sum; 0 for pooling.
        divisor: what the sum is divided by; 1 but for average pooling.
        value: worked out in float64.
        framework_value: what PyTorch's own layer gives.
    """

    channels: range
    rows: WindowIndices
    columns: WindowIndices
    patch: NDArray[np.float32]
    kernel: NDArray[np.float32] | None
    terms: NDArray[np.float64]
    bias: float
    divisor: float
    value: float
    framework_value: float

    @property
    def difference(self) -> float:
        """Rounding: the framework's value less ours."""
        return self.framework_value - self.value


def _pair(value: Any) -> tuple[int, int]:
    return (int(value), int(value)) if isinstance(value, int) else (int(value[0]), int(value[1]))


def describe_operation(module: nn.Module, input_shape: Sequence[int]) -> Operation:
    """What a layer does to an input of this shape.

    Args:
        module: one of `SUPPORTED`.
        input_shape: (C, H, W).

    Raises:
        OperationUnsupported: it is another layer.
    """
    channels, height, width = input_shape
    if isinstance(module, nn.ConvTranspose2d):
        return _describe_transposed(module, height, width)
    if isinstance(module, nn.Conv2d):
        return _describe_convolution(module, height, width)
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d)):
        return _describe_pooling(module, channels, height, width)
    if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        wanted: Any = module.output_size
        asked = wanted if isinstance(wanted, (tuple, list)) else (wanted, wanted)
        rows, columns = (
            adaptive_indices(size, size if side is None else int(side))
            for size, side in zip((height, width), asked, strict=True)
        )
        kind: Kind = "max" if isinstance(module, nn.AdaptiveMaxPool2d) else "average"
        return Operation(kind, rows, columns, channels, channels, groups=channels)
    raise OperationUnsupported(f"A {type(module).__name__} layer is neither a convolution nor a pooling layer.")


def _as_array(tensor: Tensor | None) -> NDArray[np.float32] | None:
    return None if tensor is None else tensor.detach().float().cpu().numpy()


def output_kernels(conv: nn.Conv2d | nn.ConvTranspose2d) -> NDArray[np.float32]:
    """The kernels of a convolution, one for each output channel: (O, I / groups, kh, kw).

    A transposed convolution keeps its weights as (I, O / groups, kh, kw); they come in the same form.
    """
    weight = conv.weight.detach().float().cpu()
    if isinstance(conv, nn.ConvTranspose2d):
        inputs, outputs, *kernel = weight.shape
        weight = weight.reshape(conv.groups, inputs // conv.groups, outputs, *kernel).transpose(1, 2)
        weight = weight.reshape(conv.groups * outputs, inputs // conv.groups, *kernel)
    kernels: NDArray[np.float32] = weight.numpy()
    return kernels


def _describe_convolution(conv: nn.Conv2d, height: int, width: int) -> Operation:
    (kernel, stride, dilation) = (_pair(side) for side in (conv.kernel_size, conv.stride, conv.dilation))
    if conv.padding == "same":
        totals = [dilation[axis] * (kernel[axis] - 1) for axis in (0, 1)]
        padding = [(total // 2, total - total // 2) for total in totals]  # the odd one goes after, as in PyTorch
    else:
        padding = [(side, side) for side in ((0, 0) if conv.padding == "valid" else _pair(conv.padding))]
    rows, columns = (
        convolution_indices(size, kernel[axis], stride[axis], padding[axis], dilation[axis], conv.padding_mode)
        for axis, size in enumerate((height, width))
    )
    kernels, bias = output_kernels(conv), _as_array(conv.bias)
    return Operation("convolution", rows, columns, conv.in_channels, conv.out_channels, conv.groups, kernels, bias)


def _describe_transposed(conv: nn.ConvTranspose2d, height: int, width: int) -> Operation:
    (kernel, stride, padding, dilation, extra) = (
        _pair(side) for side in (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.output_padding)
    )
    rows, columns = (
        transposed_indices(size, kernel[axis], stride[axis], padding[axis], dilation[axis], extra[axis])
        for axis, size in enumerate((height, width))
    )
    return Operation(
        "convolution",
        rows,
        columns,
        conv.in_channels,
        conv.out_channels,
        conv.groups,
        output_kernels(conv),
        _as_array(conv.bias),
    )


def _describe_pooling(
    pool: nn.MaxPool2d | nn.AvgPool2d | nn.LPPool2d, channels: int, height: int, width: int
) -> Operation:
    kernel, stride = _pair(pool.kernel_size), _pair(pool.stride or pool.kernel_size)
    padding = _pair(getattr(pool, "padding", 0))
    dilation = _pair(getattr(pool, "dilation", 1))
    counted = isinstance(pool, nn.AvgPool2d) and pool.count_include_pad
    rows, columns = (
        pooling_indices(size, kernel[axis], stride[axis], padding[axis], dilation[axis], pool.ceil_mode, counted)
        for axis, size in enumerate((height, width))
    )
    if isinstance(pool, nn.LPPool2d) and (float(pool.norm_type) != 2.0 or pool.ceil_mode):
        raise OperationUnsupported("Of power-average pooling, the square one (L2) without ceil_mode can be explained.")
    kinds: dict[type[nn.Module], Kind] = {nn.MaxPool2d: "max", nn.AvgPool2d: "average", nn.LPPool2d: "l2"}
    kind = next(kind for cls, kind in kinds.items() if isinstance(pool, cls))
    divisor = getattr(pool, "divisor_override", None)
    return Operation(
        kind, rows, columns, channels, channels, groups=channels, divisor=None if divisor is None else float(divisor)
    )


def explain_cell(module: nn.Module, x: Tensor, index: tuple[int, int, int]) -> CellExplanation:
    """Every number that goes into one output cell.

    Args:
        module: a convolution, transposed convolution or pooling layer (`SUPPORTED`).
        x: its input, (C, H, W) or (1, C, H, W), float32.
        index: channel, row and column of the output cell.

    Raises:
        OperationUnsupported: it is another layer.
        IndexError: the output has no such cell.

    Example:
        >>> explain_cell(nn.MaxPool2d(2), torch.arange(16.0).reshape(1, 4, 4), (0, 1, 1)).value
        15.0
    """
    image = x if x.ndim == 4 else x[None]
    operation = describe_operation(module, tuple(image.shape[1:]))
    with torch.inference_mode():
        output = module(image)[0]
    channel, row, column = index
    if not all(0 <= place < side for place, side in zip(index, output.shape, strict=True)):
        raise IndexError(f"There is no cell {index} in an output of {tuple(output.shape)}.")
    channels = operation.reads(channel)
    maps = image[0, channels.start : channels.stop].detach().float().cpu().numpy()
    patch, kernel = operation.patch(maps, row, column), operation.kernel(channel)
    terms = combine(operation.kind, patch, kernel)
    bias = 0.0 if operation.bias is None else float(operation.bias[channel])
    divisor = 1.0
    if operation.kind == "average":
        divisor = operation.divisor or float(operation.count(row, column))
    return CellExplanation(
        channels=channels,
        rows=operation.rows[row],
        columns=operation.columns[column],
        patch=patch,
        kernel=kernel,
        terms=terms,
        bias=bias,
        divisor=divisor,
        value=reduce_terms(operation.kind, terms, bias, divisor),
        framework_value=float(output[channel, row, column]),
    )


def combine(kind: Kind, patch: NDArray[np.float32], kernel: NDArray[np.float32] | None) -> NDArray[np.float64]:
    """(C, kh, kw): the terms of a patch, float64, NaN where nothing is read."""
    wide = patch.astype(np.float64)
    if kind == "convolution":
        assert kernel is not None
        return wide * kernel
    return wide**2 if kind == "l2" else wide


def reduce_terms(kind: Kind, terms: NDArray[np.float64], bias: float, divisor: float) -> float:
    """The value that the terms make."""
    if kind == "max":
        return float(np.nanmax(terms))
    total = float(np.nansum(terms))
    return float(np.sqrt(total)) if kind == "l2" else total / divisor + bias
