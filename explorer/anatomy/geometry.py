"""How each operation changes where a tensor's cells lie on the image.

A `Geometry` travels with every tensor of a forward pass: which of its axes are rows and columns of
the image, and what their cells see. Operations that are not known by name keep the geometry where
the shape shows that rows and columns survived, and otherwise count as mixing the whole image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from explorer.anatomy.receptive_field import Axis, ReceptiveField
from explorer.zoo.efficientnet_lite import SamePadding

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Geometry:
    """Where the cells of a tensor lie.

    Attributes:
        field: what one cell sees.
        axes: positions of rows and columns in the tensor's shape; None once there is one cell for the whole image.
        shape: of the tensor.
    """

    field: ReceptiveField
    axes: tuple[int, int] | None
    shape: Shape

    @classmethod
    def of_input(cls, shape: Shape) -> Geometry:
        """Of an image (B, 3, H, W): every cell sees its own pixel."""
        return cls(ReceptiveField(Axis(), Axis()), (len(shape) - 2, len(shape) - 1), shape)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns."""
        return (1, 1) if self.axes is None else (self.shape[self.axes[0]], self.shape[self.axes[1]])

    @property
    def channel_axis(self) -> int:
        """The axis that is neither batch, rows nor columns."""
        return next((axis for axis in range(1, len(self.shape)) if axis not in (self.axes or ())), 1)

    def collapsed(self, shape: Shape) -> Geometry:
        """One cell that sees everything the map sees."""
        rows, columns = self.cells
        field = ReceptiveField(self.field.rows.whole(rows), self.field.columns.whole(columns))
        return Geometry(field, None, shape)

    def mixed(self, shape: Shape) -> Geometry:
        """Every cell may see everything the map sees."""
        one = self.collapsed(shape)
        if len(shape) < 4 or tuple(shape[-2:]) == (1, 1):
            return one
        rows, columns = (
            axis.spread(cells, axis.stride / cells)
            for axis, cells in zip((one.field.rows, one.field.columns), shape[-2:], strict=True)
        )
        return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)

    def reshaped(self, shape: Shape) -> Geometry:
        """After an operation that is known only by its result."""
        if self.axes is None:
            return replace(self, shape=shape)
        if len(shape) == len(self.shape) and tuple(shape[axis] for axis in self.axes) == self.cells:
            return replace(self, shape=shape)
        if len(shape) >= 3 and shape[-2:] == self.cells and self.axes == (len(self.shape) - 2, len(self.shape) - 1):
            return replace(self, axes=(len(shape) - 2, len(shape) - 1), shape=shape)
        return self.mixed(shape)

    def permuted(self, order: Sequence[int], shape: Shape) -> Geometry:
        """After `permute(order)`."""
        if self.axes is None:
            return replace(self, shape=shape)
        order = [axis % len(shape) for axis in order]
        return replace(self, axes=(order.index(self.axes[0]), order.index(self.axes[1])), shape=shape)


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) and len(value) > 1 else (_one(value), _one(value))


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) else value


def slide(
    source: Geometry, shape: Shape, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Geometry:
    """After a convolution or pooling window; padding may be "same" or "valid" as in PyTorch."""
    if source.axes is None:  # a window over a single cell
        return source.mixed(shape)
    kernel, dilation = _pair(kernel), _pair(dilation)
    stride = kernel if stride is None or stride == [] else _pair(stride)
    if padding == "valid":
        padding = 0
    elif padding == "same":  # PyTorch puts the odd pixel at the end
        padding = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    padding = _pair(padding)
    rows, columns = (
        axis.window(kernel[i], stride[i], padding[i], dilation[i])
        for i, axis in enumerate((source.field.rows, source.field.columns))
    )
    return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)


def adapt(source: Geometry, shape: Shape) -> Geometry:
    """After adaptive pooling to the rows and columns of `shape`."""
    if source.axes is None:
        return replace(source, shape=shape)
    field = ReceptiveField(
        source.field.rows.adaptive(source.cells[0], shape[-2]),
        source.field.columns.adaptive(source.cells[1], shape[-1]),
    )
    return Geometry(field, (len(shape) - 2, len(shape) - 1), shape)


def merge(sources: Sequence[Geometry], shape: Shape) -> Geometry:
    """After an operation that meets several tensors cell by cell."""
    first = max(sources, key=lambda source: source.cells[0] * source.cells[1])
    merged = first.reshaped(shape)
    for other in sources:
        if other is not first:
            rows, columns = (
                mine.merge(theirs.spread(cells, mine.stride) if theirs_cells == 1 else theirs, cells)
                for mine, theirs, cells, theirs_cells in (
                    (merged.field.rows, other.field.rows, merged.cells[0], other.cells[0]),
                    (merged.field.columns, other.field.columns, merged.cells[1], other.cells[1]),
                )
            )
            merged = replace(merged, field=ReceptiveField(rows, columns))
    return merged


def after_module(module: nn.Module, sources: Sequence[Geometry], shape: Shape) -> Geometry:
    """Geometry of a leaf module's output."""
    source = sources[0]
    if isinstance(module, (nn.ConvTranspose1d, nn.ConvTranspose2d)):
        kernel, stride = _pair(module.kernel_size), _pair(module.stride)
        padding, dilation = _pair(module.padding), _pair(module.dilation)
        rows, columns = (
            axis.transposed_window(kernel[i], stride[i], padding[i], dilation[i], source.cells[i])
            for i, axis in enumerate((source.field.rows, source.field.columns))
        )
        return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)
    if isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
        return slide(source, shape, module.kernel_size, module.stride, module.padding, module.dilation)
    if isinstance(module, (nn.AvgPool2d, nn.LPPool2d)):
        return slide(source, shape, module.kernel_size, module.stride, getattr(module, "padding", 0))
    if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return adapt(source, shape)
    if isinstance(module, SamePadding):
        return _padded(source, (*module.sides(source.shape[3]), *module.sides(source.shape[2])), shape)
    if isinstance(module, ShiftedWindowAttention):
        return _attend_in_windows(source, module.window_size, shape)
    if isinstance(module, nn.Upsample):
        return _resize(source, shape)
    if isinstance(module, nn.GroupNorm) or (isinstance(module, nn.LayerNorm) and len(module.normalized_shape) > 1):
        return merge([source, source.collapsed(shape)], shape)  # the statistics see the whole map
    return merge(sources, shape) if len(sources) > 1 else source.reshaped(shape)


def _resize(source: Geometry, shape: Shape) -> Geometry:
    if source.axes is None:
        return replace(source, shape=shape)
    field = ReceptiveField(
        source.field.rows.resampled(source.cells[0], shape[-2]),
        source.field.columns.resampled(source.cells[1], shape[-1]),
    )
    return Geometry(field, (len(shape) - 2, len(shape) - 1), shape)


def _attend_in_windows(source: Geometry, window: Sequence[int], shape: Shape) -> Geometry:
    """After self-attention in windows: a cell may lie at any place of its window."""
    rows, columns = (
        axis.window(2 * side - 1, padding=side - 1)
        for axis, side in zip((source.field.rows, source.field.columns), window, strict=True)
    )
    return replace(source, field=ReceptiveField(rows, columns), shape=shape)


def _sliced(source: Geometry, index: Any, shape: Shape) -> Geometry:
    """After `x[index]`: where every axis is sliced or kept, the cells that are left stay where they are."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if source.axes is None or not all(part is Ellipsis or isinstance(part, slice) for part in parts):
        return source.reshaped(shape)
    missing = len(source.shape) - sum(part is not Ellipsis for part in parts)
    place = next((number for number, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[place : place + 1] = [slice(None)] * missing
    moved = []
    for axis, seen in zip(source.axes, (source.field.rows, source.field.columns), strict=True):
        start, _, step = parts[axis].indices(source.shape[axis])
        moved.append(replace(seen, stride=seen.stride * step, offset=seen.offset + start * seen.stride))
    return replace(source, field=ReceptiveField(*moved), shape=shape)


def _padded(source: Geometry, sides: Any, shape: Shape) -> Geometry:
    """After `pad(x, sides)`, which names the sides from the last axis on: the cells move inwards."""
    if source.axes is None or not isinstance(sides, (tuple, list)):
        return source.reshaped(shape)
    moved = []
    for axis, seen in zip(source.axes, (source.field.rows, source.field.columns), strict=True):
        place = 2 * (len(shape) - 1 - axis)
        before = sides[place] if place < len(sides) else 0
        moved.append(replace(seen, offset=seen.offset - before * seen.stride))
    return replace(source, field=ReceptiveField(*moved), shape=shape)


def _arguments(names: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Positional arguments under their names, without the tensor they begin with."""
    return {**dict(zip(names.split(), args[1:], strict=False)), **kwargs}


def _reduced(source: Geometry, dims: Any, shape: Shape) -> Geometry:
    """After a mean, sum or maximum over some axes."""
    if source.axes is None or dims is None:
        return source.collapsed(shape) if source.axes else replace(source, shape=shape)
    dims = {dim % len(source.shape) for dim in (dims if isinstance(dims, (tuple, list)) else [dims])}
    return source.collapsed(shape) if dims & set(source.axes) else source.reshaped(shape)


def after_function(
    name: str, sources: Sequence[Geometry], args: Sequence[Any], kwargs: Mapping[str, Any], shape: Shape
) -> Geometry:
    """Geometry of a function's output, by the function's name."""
    source = sources[0]
    if name in ("max_pool2d", "avg_pool2d"):
        names = "kernel_size stride padding dilation" if name == "max_pool2d" else "kernel_size stride padding"
        given = _arguments(names, args, kwargs)
        return slide(
            source,
            shape,
            given["kernel_size"],
            given.get("stride"),
            given.get("padding", 0),
            given.get("dilation", 1),
        )
    if name == "conv2d":
        given = _arguments("weight bias stride padding dilation groups", args, kwargs)
        weight: Tensor = given["weight"]
        return slide(
            source,
            shape,
            tuple(weight.shape[2:]),
            given.get("stride", 1),
            given.get("padding", 0),
            given.get("dilation", 1),
        )
    if name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        return adapt(source, shape)
    if name == "interpolate":
        return _resize(source, shape)
    if name in ("mean", "sum", "amax", "amin"):
        return _reduced(source, _arguments("dim", args, kwargs).get("dim"), shape)
    if name == "getitem":
        return _sliced(source, args[1], shape)
    if name == "pad":
        return _padded(source, _arguments("pad", args, kwargs).get("pad"), shape)
    if name == "permute":
        order = args[1] if len(args) > 1 and isinstance(args[1], (tuple, list)) else args[1:] or kwargs["dims"]
        return source.permuted(order, shape)
    if name == "transpose":
        first, second = (axis % len(shape) for axis in (args[1], args[2]))
        order = list(range(len(shape)))
        order[first], order[second] = second, first
        return source.permuted(order, shape)
    return merge(sources, shape) if len(sources) > 1 else source.reshaped(shape)
