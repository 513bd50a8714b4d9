"""Layers that are no modules: residual additions, functional ReLU, flatten and their like, seen as they are called."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.anatomy.costs import function_macs
from explorer.anatomy.forward_pass import Call, ForwardPass, emit, first_of, follow, tensors_among, with_first
from explorer.anatomy.geometry import after_function

# Functions that are layers in their own right, and how their kind is called. Others (slices, views,
# transpositions) are followed, so that shapes and receptive fields stay right, but are no layers.
FUNCTIONS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "truediv": "divide",
    "cat": "concatenate",
    "concat": "concatenate",
    "flatten": "flatten",
    "mean": "mean",
    "softmax": "softmax",
    "matmul": "matmul",
    "bmm": "matmul",
    "linear": "linear",
    "conv2d": "conv2d",
    "conv_transpose2d": "conv_transpose2d",
    "batch_norm": "batch_norm",
    "layer_norm": "layer_norm",
    "interpolate": "interpolate",
    "scaled_dot_product_attention": "attention",
    **dict.fromkeys(("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus"), ""),
    **dict.fromkeys(("hardtanh", "hardswish", "hardsigmoid", "mish", "celu", "selu", "prelu"), ""),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"), ""),
}


class FunctionTap(TorchFunctionMode):
    """Sees every torch function the network's own code calls between its modules."""

    def __init__(self, running: ForwardPass) -> None:
        super().__init__()
        self.running = running

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        running, kwargs = self.running, kwargs or {}
        if running.inside_leaf:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "__get__":  # .shape, .device and the like, but also .mT
            output = func(*args, **kwargs)
            if isinstance(output, Tensor):
                follow(running, getattr(func.__self__, "__name__", name), args, kwargs, output)
            return output
        func, name, args, kwargs = _out_of_place(func, name, args, kwargs)
        if name.endswith("_") or name == "__setitem__":
            running.outputs.update(_copies_of(running.outputs, args[0]))
        output = func(*args, **kwargs)
        name = _plain_name(func, name)
        result = first_of(output)
        if result is None:
            return output
        is_layer = name in FUNCTIONS and result.is_floating_point()
        for part in tensors_among([output]):  # of chunk, split, unbind; or places of maxima
            if part is not result or not is_layer:
                follow(running, name, args, kwargs, part)
        if not is_layer:
            return output
        prefix = running.path[-1]

        def describe() -> Call:
            inputs = tensors_among([*args, *kwargs.values()])
            return Call(
                kind=FUNCTIONS[name] or name,
                path=prefix,
                number=None,
                inputs=inputs,
                geometry=lambda sources, shape: after_function(name, sources, args, kwargs, shape),
                macs=lambda shapes, shape: function_macs(name, args, kwargs, shape),
                parameters=sum(t.numel() for t in inputs if isinstance(t, nn.Parameter)),
            )

        read = next(iter(tensors_among(args)), None) if running.keeps_inputs else None
        unique = running.unique(f"{prefix}.{name}" if prefix else name, is_module=False)
        return with_first(output, emit(running, unique, result, describe, read))


def _out_of_place(func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> tuple[Any, str, Any, dict[str, Any]]:
    """The same call without overwriting its input, where the caller takes the returned tensor anyway."""
    if name.startswith("__i") and name.endswith("__") and hasattr(Tensor, f"__{name[3:]}"):
        plain = f"__{name[3:]}"  # "x += y" rebinds x to what is returned
        return getattr(Tensor, plain), plain, args, kwargs
    if kwargs.get("inplace"):
        return func, name, args, {**kwargs, "inplace": False}
    return func, name, args, kwargs


def _copies_of(outputs: dict[str, Tensor], target: Any) -> dict[str, Tensor]:
    """Recorded outputs that share memory with a tensor about to be overwritten, copied."""
    if not isinstance(target, Tensor):
        return {}
    memory = target.untyped_storage().data_ptr()
    return {key: out.clone() for key, out in outputs.items() if out.untyped_storage().data_ptr() == memory}


def _plain_name(func: Any, name: str) -> str:
    """The name without underscores: "add" for __radd__; dispatchers by what `torch.nn.functional` calls them."""
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
        return name[1:] if name[:1] == "r" and name[1:] in FUNCTIONS else name
    if name in ("fn", "boolean_dispatch"):  # a dispatcher of torch.nn.functional, nameless itself
        return next((key for key in FUNCTIONS if getattr(nn.functional, key, None) is func), name)
    return name.strip("_").removesuffix("_with_indices")
