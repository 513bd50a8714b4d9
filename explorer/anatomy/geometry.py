"""How each operation changes where a tensor's cells lie on the image.

A `Geometry` travels with every tensor of a forward pass. Operations that are not known by name keep the geometry where
the shape shows that rows and columns survived, and otherwise count as mixing the whole image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from explorer.anatomy.receptive_field import Geometry, PaddingMode, ReceptiveField, Shape
from explorer.zoo.efficientnet_lite import SamePadding


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) and len(value) > 1 else (_one(value), _one(value))


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) else value


def slide(
    source: Geometry,
    shape: Shape,
    kernel: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    mode: PaddingMode = "constant",
) -> Geometry:
    """After a convolution or pooling window; padding may be "same" or "valid" as in PyTorch."""
    if not source.is_upright:
        return source.mixed(shape)
    kernel, dilation = _pair(kernel), _pair(dilation)
    stride = kernel if stride is None or stride == [] else _pair(stride)
    sides = [(side, side) for side in _pair(0 if isinstance(padding, str) else padding)]
    if padding == "same":  # PyTorch puts the odd pixel at the end
        total = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        sides = [(both // 2, both - both // 2) for both in total]
    rows, columns = (
        axis.padded(*sides[i], source.cells[i], mode).window(kernel[i], stride[i], dilation=dilation[i])
        for i, axis in enumerate((source.field.rows, source.field.columns))
    )
    return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)


def slide_transposed(
    source: Geometry, shape: Shape, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Geometry:
    """After a transposed convolution."""
    if not source.is_upright:
        return source.mixed(shape)
    kernel, stride, padding, dilation = _pair(kernel), _pair(stride), _pair(padding), _pair(dilation)
    rows, columns = (
        axis.transposed_window(kernel[i], stride[i], padding[i], dilation[i], source.cells[i])
        for i, axis in enumerate((source.field.rows, source.field.columns))
    )
    return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)


def adapt(source: Geometry, shape: Shape) -> Geometry:
    """After adaptive pooling to the rows and columns of `shape`."""
    if not source.is_upright:
        return source.mixed(shape)
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
        return slide_transposed(source, shape, module.kernel_size, module.stride, module.padding, module.dilation)
    if isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
        repeated: Any = getattr(module, "padding_mode", "zeros")
        mode: PaddingMode = "constant" if repeated == "zeros" else repeated
        return slide(source, shape, module.kernel_size, module.stride, module.padding, module.dilation, mode)
    if isinstance(module, (nn.AvgPool2d, nn.LPPool2d)):
        return slide(source, shape, module.kernel_size, module.stride, getattr(module, "padding", 0))
    if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return adapt(source, shape)
    if isinstance(module, SamePadding):
        return _padded(source, (*module.sides(source.shape[3]), *module.sides(source.shape[2])), shape)
    if isinstance(module, ShiftedWindowAttention):
        return _attend_in_windows(source, module.window_size, shape)
    for kind, put in _PADDING_MODES.items():
        if isinstance(module, kind):
            return _padded(source, module.padding, shape, put)
    if isinstance(module, nn.Upsample):
        return _resize(source, shape, vars(module))
    if isinstance(module, nn.GroupNorm):
        return _along(source, _EVERY_AXIS, shape)
    if isinstance(module, (nn.BatchNorm2d, nn.InstanceNorm2d)):
        return _along(source, _EVERY_AXIS if module.running_mean is None else (), shape)
    if isinstance(module, nn.LayerNorm):
        return _along(source, range(-len(module.normalized_shape), 0), shape)
    if isinstance(module, (nn.Softmax, nn.LogSoftmax, nn.Softmin)):
        return _along(source, 1 if module.dim is None else module.dim, shape)
    if isinstance(module, nn.Linear):
        return _along(source, -1, shape)
    return merge(sources, shape) if len(sources) > 1 else source.reshaped(shape)


_EVERY_AXIS = range(1, 8)
_PADDING_MODES: dict[type[nn.Module], PaddingMode] = {
    nn.ConstantPad2d: "constant",  # and nn.ZeroPad2d, which is one
    nn.ReflectionPad2d: "reflect",
    nn.ReplicationPad2d: "replicate",
    nn.CircularPad2d: "circular",
}


def _along(source: Geometry, axes: Any, shape: Shape) -> Geometry:
    """After an operation in which cells meet along some axes, and keep their places: what normalises or sums them up.

    Where rows or columns are among the axes, every cell may see the whole map.
    """
    axes = (axes,) if isinstance(axes, int) else axes
    if source.axes is None or not {axis % len(source.shape) for axis in axes if axis < len(source.shape)} & set(
        source.axes
    ):
        return source.reshaped(shape)
    if source.reshaped(shape).cells != source.cells:
        return source.mixed(shape)
    return merge([source.reshaped(shape), source.collapsed(shape)], shape)


def _resize(source: Geometry, shape: Shape, given: Mapping[str, Any]) -> Geometry:
    """After an interpolation with these arguments of `torch.nn.functional.interpolate`."""
    if not source.is_upright:
        return source.mixed(shape)
    scales = (None, None)
    if given.get("size") is None and not given.get("recompute_scale_factor"):
        scales = _pair(given.get("scale_factor"))
    rows, columns = (
        axis.resampled(
            source.cells[i],
            shape[i - 2],
            given.get("mode", "nearest"),
            align_corners=bool(given.get("align_corners")),
            antialias=bool(given.get("antialias")),
            scale=scales[i],
        )
        for i, axis in enumerate((source.field.rows, source.field.columns))
    )
    return Geometry(ReceptiveField(rows, columns), (len(shape) - 2, len(shape) - 1), shape)


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
    if source.axes is None:
        return source.reshaped(shape)
    if not all(part is Ellipsis or isinstance(part, slice) for part in parts):
        picked = [axis for axis, part in enumerate(parts) if isinstance(part, (Tensor, list))]  # in any order
        return source.mixed(shape) if picked and picked != [1] else source.reshaped(shape)
    missing = len(source.shape) - sum(part is not Ellipsis for part in parts)
    place = next((number for number, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[place : place + 1] = [slice(None)] * missing
    moved = []
    for axis, seen in zip(source.axes, (source.field.rows, source.field.columns), strict=True):
        start, _, step = parts[axis].indices(source.shape[axis])
        moved.append(replace(seen, stride=seen.stride * step, offset=seen.offset + start * seen.stride))
    return replace(source, field=ReceptiveField(*moved), shape=shape)


def _padded(source: Geometry, sides: Any, shape: Shape, mode: PaddingMode = "constant") -> Geometry:
    """After `pad(x, sides)`, which names the sides from the last axis on: the cells move inwards."""
    if source.axes is None or not isinstance(sides, (tuple, list)):
        return source.reshaped(shape)
    moved = []
    for axis, seen in zip(source.axes, (source.field.rows, source.field.columns), strict=True):
        place = 2 * (len(shape) - 1 - axis)
        before, after = sides[place : place + 2] or (0, 0)
        moved.append(seen.padded(before, after, source.shape[axis], mode))
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


_ARGUMENTS = {  # names of arguments by position, where the first is not "dim"
    "flip": "dims",
    "roll": "shifts dims",
    "normalize": "p dim",
    "layer_norm": "normalized_shape",
    "batch_norm": "running_mean running_var weight bias training",
    "instance_norm": "running_mean running_var weight bias use_input_stats",
}
_ALONG: dict[str, Callable[[Mapping[str, Any]], Any]] = {  # along which axes cells meet, by a function's arguments
    **dict.fromkeys(
        ("softmax", "log_softmax", "softmin", "cumsum", "cumprod"),
        lambda given: 1 if given.get("dim") is None else given["dim"],
    ),
    **dict.fromkeys(("flip", "roll"), lambda given: given.get("dims", _EVERY_AXIS)),
    **dict.fromkeys(("rot90", "fliplr", "flipud", "fft2", "ifft2"), lambda _given: _EVERY_AXIS),
    **dict.fromkeys(("sort", "argsort"), lambda given: given.get("dim", -1)),
    **dict.fromkeys(("cummax", "cummin", "index_select", "gather"), lambda given: given["dim"]),
    "normalize": lambda given: given.get("dim", 1),
    "linear": lambda _given: -1,
    "layer_norm": lambda given: range(-len(given["normalized_shape"]), 0),
    "group_norm": lambda _given: _EVERY_AXIS,
    "batch_norm": lambda given: _EVERY_AXIS if given.get("training") or given.get("running_mean") is None else (),
    "instance_norm": lambda given: _EVERY_AXIS if given.get("use_input_stats", True) else (),
}


def after_function(
    name: str, sources: Sequence[Geometry], args: Sequence[Any], kwargs: Mapping[str, Any], shape: Shape
) -> Geometry:
    """Geometry of a function's output, by the function's name."""
    source = sources[0]
    if name in ("max_pool2d", "avg_pool2d"):
        names = "kernel_size stride padding dilation" if name == "max_pool2d" else "kernel_size stride padding"
        given = _arguments(names, args, kwargs)
        return slide(
            source, shape, given["kernel_size"], given.get("stride"), given.get("padding", 0), given.get("dilation", 1)
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
    if name == "conv_transpose2d":
        given = _arguments("weight bias stride padding output_padding groups dilation", args, kwargs)
        kernel = tuple(given["weight"].shape[2:])
        sliding = {key: given[key] for key in ("stride", "padding", "dilation") if key in given}
        return slide_transposed(source, shape, kernel, **sliding)
    if name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        return adapt(source, shape)
    if name == "interpolate":
        names = "size scale_factor mode align_corners recompute_scale_factor antialias"
        return _resize(source, shape, _arguments(names, args, kwargs))
    if name in ("mean", "sum", "amax", "amin"):
        return _reduced(source, _arguments("dim", args, kwargs).get("dim"), shape)
    if name == "getitem":
        return _sliced(source, args[1], shape)
    if name == "pad":
        given = _arguments("pad mode", args, kwargs)
        return _padded(source, given["pad"], shape, given.get("mode", "constant"))
    if name == "permute":
        order = args[1] if len(args) > 1 and isinstance(args[1], (tuple, list)) else args[1:] or kwargs["dims"]
        return source.permuted(order, shape)
    if name in _ALONG:
        return _along(source, _ALONG[name](_arguments(_ARGUMENTS.get(name, "dim"), args, kwargs)), shape)
    if name in ("matmul", "bmm", "einsum", "grid_sample") and any(each.axes for each in sources):
        return merge([each.mixed(shape) for each in sources], shape)
    if name in ("transpose", "swapaxes", "swapdims", "mT"):
        given = {"dim0": -2, "dim1": -1} if name == "mT" else _arguments("dim0 dim1", args, kwargs)
        first, second = (given[key] % len(shape) for key in ("dim0", "dim1"))
        order = list(range(len(shape)))
        order[first], order[second] = second, first
        return source.permuted(order, shape)
    return merge(sources, shape) if len(sources) > 1 else source.reshaped(shape)
