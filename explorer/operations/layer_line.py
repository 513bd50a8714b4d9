"""The line of Python that makes a layer like the one that is there."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from torch import nn

_PLACE = ("device", "dtype")  # where a layer lies, not what it does
_IN_ORDER = ("in_channels", "out_channels", "norm_type", "output_size")  # written without their names


def layer_line(module: nn.Module) -> str:
    """The call of PyTorch that makes a layer with these settings; what is PyTorch's default is left out.

    Args:
        module: a convolution or pooling layer of PyTorch, or of a class made from one.

    Example:
        >>> layer_line(nn.Conv2d(3, 8, (3, 3), padding=(1, 1), bias=False))
        'nn.Conv2d(3, 8, kernel_size=3, padding=1, bias=False)'
    """
    made_from = next(each for each in type(module).__mro__ if each.__module__.startswith("torch.nn."))
    given = []
    for name, parameter in signature(made_from).parameters.items():
        if name in _PLACE:
            continue
        value = module.bias is not None if name == "bias" else _shorten(getattr(module, name))
        if parameter.default is Parameter.empty or value != parameter.default:
            given.append(repr(value) if name in _IN_ORDER else f"{name}={value!r}")
    return f"nn.{made_from.__name__}({', '.join(given)})"


def _shorten(value: Any) -> Any:
    """One number for both axes where they are alike."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
