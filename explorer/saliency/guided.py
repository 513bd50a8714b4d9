"""ReLUs that hand back only what is positive, wherever a network calls one: as a module, a function or in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class _OnlyPositive(torch.autograd.Function):
    """The same values; of the gradient, what is positive."""

    @staticmethod
    def forward(_context: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return gradients[0] * (gradients[0] > 0)


class GuidedReLUs(TorchFunctionMode):
    """While it is entered, each ReLU hands back only what is positive; so do those with a ceiling and hardtanh.

    A gradient passes through them where they are not flat, as ever, and then what is negative of it is cut off.

    Attributes:
        calls: how many there were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not _is_relu(getattr(func, "__name__", "").strip("_"), args, kwargs):
            return func(*args, **kwargs)
        self.calls += 1
        given: Tensor = args[0] if args else kwargs["input"]
        x = _OnlyPositive.apply(given)
        output = func(x, *args[1:], **kwargs) if args else func(**{**kwargs, "input": x})
        return given.copy_(x) if output is x else output  # in place: the caller may go on with what it gave


def _is_relu(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a function is a ReLU under one of the names it goes by, without underscores."""
    if name in ("clamp", "clip", "clamp_min"):
        lowest = args[1] if len(args) > 1 else kwargs.get("min")
        return isinstance(lowest, int | float) and lowest == 0
    if name == "threshold":
        return tuple(args[1:3]) == (0, 0)
    return name in ("relu", "relu6", "hardtanh")
