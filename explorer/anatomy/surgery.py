"""Pooling layers of a network replaced or removed, in a copy that shares its weights.

Only layers that are modules can be changed: pooling that a network's own code calls as a function stays as it is, and
so does a convolution with a stride, which makes maps smaller but is no pooling layer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from explorer.anatomy.recording import LayerFacts
from explorer.anatomy.tracing import record, summarize_layers
from explorer.operations.shifting import MOST, shift
from explorer.zoo import VisionModel

Change = Literal["max-average", "max-slicing", "average-max", "last-removed"]
CHANGES: tuple[Change, ...] = get_args(Change)

_MODULES = (nn.MaxPool2d, nn.AvgPool2d, nn.LPPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_FUNCTIONS = ("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d")


class NothingToReplace(ValueError):
    """The network has no layer for this change; the message says why."""


class SizeRefused(ValueError):
    """The network cannot take an input of this size; the message says why in plain words."""


@dataclass(frozen=True)
class Replacement:
    """One layer before and after.

    Attributes:
        name: of the layer.
        before, after: what it does, in words.
    """

    name: str
    before: str
    after: str


@dataclass(frozen=True, eq=False)
class Surgery:
    """A changed network.

    Attributes:
        model: the copy; its weights are the original's own.
        replaced: in execution order.
        kept: names of the pooling layers that are as they were.
    """

    model: VisionModel
    replaced: tuple[Replacement, ...]
    kept: tuple[str, ...]


def is_pooling(model: VisionModel, facts: LayerFacts) -> bool:
    """Whether a layer pools, be it a module or a function."""
    if facts.kind in _FUNCTIONS:
        return True
    if facts.kind == "mean":  # over rows and columns, as some networks write global pooling
        return len(facts.input_shapes[0]) == 3 and facts.shape[:1] == facts.input_shapes[0][:1]
    return _module_of(model.network, facts) is not None


def _module_of(network: nn.Module, facts: LayerFacts) -> nn.Module | None:
    """The pooling module behind a layer; None for functions and everything else."""
    module = network.get_submodule(facts.path)
    return module if isinstance(module, _MODULES) and type(module).__name__ == facts.kind else None


def pooling_layers(model: VisionModel, x: Tensor) -> tuple[LayerFacts, ...]:
    """Every pooling layer, in execution order, for inputs of x's shape."""
    return tuple(facts for facts in summarize_layers(model, x) if is_pooling(model, facts))


def operate(model: VisionModel, change: Change, x: Tensor) -> Surgery:
    """Replace pooling layers in a copy of a network.

    Args:
        model: from the zoo; it is left as it is.
        change: "max-average" and "average-max" keep window, stride and padding (an average leaves padded cells out, as
            the maximum does); "max-slicing" takes one value of every stride x stride; "last-removed" leaves out the
            last pooling layer that makes maps smaller and is not the global one before the classes.
        x: (1, 3, H, W), for its shape.

    Raises:
        NothingToReplace: there is no such layer.
    """
    layers = pooling_layers(model, x)
    found = [
        (facts, module)
        for facts in layers
        if (module := _module_of(model.network, facts)) is not None and not _gives_places(module)
    ]
    if change == "last-removed":
        found = [pair for pair in found if _makes_smaller(pair[0]) and not isinstance(pair[1], _MODULES[3:])][-1:]
    build = _BUILDERS[change]
    new = {facts.path: (module, after) for facts, module in found if (after := build(module)) is not None}
    if not new:
        raise NothingToReplace(_why_nothing(model, change, layers))
    network = _share(model.network)
    for path, (_, after) in new.items():
        network.set_submodule(path, after.eval())
    replaced = tuple(
        Replacement(path, describe_pooling(before), describe_pooling(after)) for path, (before, after) in new.items()
    )
    kept = tuple(facts.name for facts in layers if facts.path not in new)
    return Surgery(replace(model, network=network, title=f"{model.title}, changed"), replaced, kept)


def _share(network: nn.Module) -> nn.Module:
    """A copy whose weights and buffers are the original's."""
    return copy.deepcopy(network, {id(t): t for t in [*network.parameters(), *network.buffers()]})


def _gives_places(module: nn.Module | None) -> bool:
    """Whether a maximum also says where it was, which the network's own code takes and no other layer could give."""
    return bool(getattr(module, "return_indices", False))


def _makes_smaller(facts: LayerFacts) -> bool:
    """Fewer cells come out than went in, but more than one."""
    return facts.resolution != (1, 1) and facts.resolution != facts.input_shapes[0][1:]


def _average_for(module: nn.Module) -> nn.Module | None:
    if not isinstance(module, nn.MaxPool2d) or module.dilation not in (1, (1, 1)):
        return None
    return nn.AvgPool2d(
        module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode, count_include_pad=False
    )


def _slice_for(module: nn.Module) -> nn.Module | None:
    # The largest of a window of one cell is that cell: a pooling layer that slices, and is seen as a layer.
    return nn.MaxPool2d(1, module.stride) if isinstance(module, nn.MaxPool2d) else None


def _max_for(module: nn.Module) -> nn.Module | None:
    if isinstance(module, nn.AvgPool2d):
        return nn.MaxPool2d(module.kernel_size, module.stride, module.padding, ceil_mode=module.ceil_mode)
    return nn.AdaptiveMaxPool2d(module.output_size) if isinstance(module, nn.AdaptiveAvgPool2d) else None


_BUILDERS: dict[Change, Callable[[nn.Module], nn.Module | None]] = {
    "max-average": _average_for,
    "max-slicing": _slice_for,
    "average-max": _max_for,
    "last-removed": lambda module: nn.Identity(),
}


def describe_pooling(module: nn.Module) -> str:
    """What a pooling module does, in words: "max 3 × 3, stride 2"."""
    if isinstance(module, nn.Identity):
        return "removed"
    if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        rows, columns = _pair(module.output_size)
        kind = "average" if isinstance(module, nn.AdaptiveAvgPool2d) else "max"
        return f"global {kind}" if (rows, columns) == (1, 1) else f"{kind} to {rows} × {columns} cells"
    window, stride = _pair(module.kernel_size), _pair(module.stride)
    if window == (1, 1):
        return "nothing" if stride == (1, 1) else f"one value of every {stride[0]} × {stride[1]}"
    kind = {"MaxPool2d": "max", "AvgPool2d": "average"}.get(type(module).__name__, "L2")
    padding = _pair(getattr(module, "padding", 0))
    more = f", padding {padding[0]}" if padding != (0, 0) else ""
    return f"{kind} {window[0]} × {window[1]}, stride {stride[0]}{more}"


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, value)


_WANTED: dict[Change, tuple[str, tuple[str, ...]]] = {  # in words, and the functions that do it
    "max-average": ("max pooling layer", ("max_pool2d", "adaptive_max_pool2d")),
    "max-slicing": ("max pooling layer", ("max_pool2d", "adaptive_max_pool2d")),
    "average-max": ("average pooling layer", ("avg_pool2d", "adaptive_avg_pool2d", "mean")),
    "last-removed": ("pooling layer before the one at its end", ("max_pool2d", "avg_pool2d")),
}


def _why_nothing(model: VisionModel, change: Change, layers: tuple[LayerFacts, ...]) -> str:
    words, kinds = _WANTED[change]
    functions = [facts.name for facts in layers if facts.kind in kinds and _module_of(model.network, facts) is None]
    if functions:
        return f"{model.name} calls {', '.join(functions)} in its own code; there is no layer to replace."
    placed = [facts.name for facts in layers if _gives_places(_module_of(model.network, facts))]
    if placed:
        return f"{model.name} asks {', '.join(placed)} also where each maximum was; no other layer could tell."
    strides = any(isinstance(module, nn.Conv2d) and max(module.stride) > 1 for module in model.network.modules())
    return f"{model.name} has no {words}{': convolutions with a stride make its maps smaller' if strides else ''}."


@dataclass(frozen=True, eq=False)
class Outcome:
    """A network on one picture.

    Attributes:
        facts: of every layer, in execution order.
        probabilities: (classes,).
    """

    facts: tuple[LayerFacts, ...]
    probabilities: Tensor

    @property
    def macs(self) -> int:
        """Multiply-adds of all layers."""
        return sum(facts.macs for facts in self.facts)


def run_once(model: VisionModel, x: Tensor) -> Outcome:
    """What a network makes of x (1, 3, H, W).

    Raises:
        SizeRefused: PyTorch cannot run it at this size.
    """
    try:
        recording = record(model, x, layers=())
    except RuntimeError as error:
        raise SizeRefused(explain_refusal(error)) from error
    return Outcome(summarize_layers(model, x), recording.probabilities)


def explain_refusal(error: RuntimeError) -> str:
    """PyTorch's refusal of an input size, in one plain sentence."""
    said = str(error)
    if "size is too small" in said or "greater than actual input" in said or "size must be" in said.lower():
        return "Its maps shrink to nothing before the last layer."
    if "cannot be multiplied" in said:
        return "Its dense layer was made for another number of values."
    return said.strip().split("\n")[0].split(". ")[0].rstrip(".") + "."


def predict_shifted(model: VisionModel, x: Tensor, rows: int = 0, columns: int = 1, most: int = MOST) -> Tensor:
    """Class probabilities while the picture moves, `shifting.shift`.

    Args:
        model: from the zoo, or a changed one.
        x: (1, 3, H, W).
        rows, columns: of one step, 0 or 1 each.
        most: steps.

    Returns:
        (most + 1, classes), the first for the picture where it was.
    """
    return model.logits(torch.cat([shift(x, step * rows, step * columns) for step in range(most + 1)])).softmax(1)
