"""The recorder: one forward pass, every layer caught, the shared network left untouched.

For each network there is one probe: a clone that shares the network's tensors and carries hooks,
built once. The hooks do nothing unless the running context has a pass under way (a `ContextVar`), so
any number of threads record on one probe without meeting. Functions that are no modules (residual
additions, functional ReLU, flatten) are seen through a `TorchFunctionMode`, which is thread-local too.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.anatomy.costs import function_macs, module_macs
from explorer.anatomy.geometry import Geometry, after_function, after_module
from explorer.anatomy.recording import INPUT, Edit, LayerFacts, LayerRecord, LayerUnknown, Recording
from explorer.zoo import VisionModel

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
    "batch_norm": "batch_norm",
    "layer_norm": "layer_norm",
    "interpolate": "interpolate",
    "scaled_dot_product_attention": "attention",
    **dict.fromkeys(("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus"), ""),
    **dict.fromkeys(("hardtanh", "hardswish", "hardsigmoid", "mish", "celu", "selu", "prelu"), ""),
    **dict.fromkeys(("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"), ""),
}


@dataclass(eq=False)
class _Pass:
    """One forward pass under way."""

    wanted: frozenset[str] | None  # None: every layer
    edits: dict[str, list[Edit]]
    known: dict[str, LayerFacts]  # facts of an earlier pass with this input shape; empty in the first
    path: list[str] = field(default_factory=lambda: [""])
    inside_leaf: int = 0
    # By id of a tensor. Ids are used again once a tensor is gone: every new one overwrites the entry or removes it.
    origin: dict[int, str] = field(default_factory=dict)
    geometry: dict[int, Geometry] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    facts: dict[str, LayerFacts] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)

    def unique(self, name: str) -> str:
        """The name of this call: a repeated one gets "_1", "_2", ... as in torchvision's tracer."""
        count = self.counts.get(name, 0)
        self.counts[name] = count + 1
        return f"{name}_{count}" if count else name

    def forget(self, tensor: Tensor) -> None:
        """Drop what was known of an earlier tensor with this one's id."""
        self.geometry.pop(id(tensor), None)
        self.origin.pop(id(tensor), None)


_running: ContextVar[_Pass | None] = ContextVar("running_pass", default=None)


def _tensors(values: Any) -> list[Tensor]:
    """The tensors among arguments, one level of lists deep (as `torch.cat` takes them)."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(item for item in value if isinstance(item, Tensor))
    return found


def _is_leaf(module: nn.Module) -> bool:
    """One of PyTorch's own modules that is no container. What others do is seen through the functions they call."""
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn.") and not isinstance(module, containers)


class _FunctionTap(TorchFunctionMode):
    """Sees every torch function the network's own code calls between its modules."""

    def __init__(self, running: _Pass) -> None:
        super().__init__()
        self.running = running

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        running, kwargs = self.running, kwargs or {}
        if running.inside_leaf:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name == "__get__":  # .shape, .device and the like
            return func(*args, **kwargs)
        func, name, args, kwargs = _out_of_place(func, name, args, kwargs)
        if name.endswith("_") or name == "__setitem__":
            running.outputs.update(_copies_of(running.outputs, args[0]))
        output = func(*args, **kwargs)
        name = _plain_name(func, name)
        if not isinstance(output, Tensor):
            if isinstance(output, (tuple, list)):  # chunk, split, unbind: followed, no layer
                for part in output:
                    if isinstance(part, Tensor):
                        _follow(running, name, args, kwargs, part)
            return output
        if name not in FUNCTIONS or not output.is_floating_point():
            _follow(running, name, args, kwargs, output)
            return output
        prefix = running.path[-1]
        return _emit(
            running,
            running.unique(f"{prefix}.{name}" if prefix else name),
            FUNCTIONS[name] or name,
            prefix,
            _tensors([*args, *kwargs.values()]),
            output,
            geometry=lambda sources, shape: after_function(name, sources, args, kwargs, shape),
            macs=lambda shapes, shape: function_macs(name, args, shape),
            parameters=sum(t.numel() for t in _tensors([*args, *kwargs.values()]) if isinstance(t, nn.Parameter)),
        )


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
    return name.strip("_")


def _follow(running: _Pass, name: str, args: Any, kwargs: dict[str, Any], output: Tensor) -> None:
    """Carry origin and geometry through a function that is no layer."""
    if running.known:
        return
    known = [t for t in _tensors([*args, *kwargs.values()]) if id(t) in running.geometry]
    if known:
        sources = [running.geometry[id(t)] for t in known]
        geometry = after_function(name, sources, args, kwargs, tuple(output.shape))
        origin = running.origin[id(known[0])]
        running.geometry[id(output)], running.origin[id(output)] = geometry, origin
    else:
        running.forget(output)


def _emit(
    running: _Pass,
    name: str,
    kind: str,
    path: str,
    inputs: Sequence[Tensor],
    output: Tensor,
    geometry: Callable[[Sequence[Geometry], tuple[int, ...]], Geometry],
    macs: Callable[[Sequence[tuple[int, ...]], tuple[int, ...]], int],
    parameters: int,
) -> Tensor:
    """Take down one layer; the returned tensor goes on through the network."""
    facts = running.known.get(name)
    if facts is None:
        known = [t for t in inputs if id(t) in running.geometry]
        if not known:  # made of constants: no layer of the image
            running.forget(output)
            return output
        facts, placed = _state_facts(running, name, kind, path, known, output, geometry, macs, parameters)
        running.facts[name] = facts
    if name in running.edits:
        running.inside_leaf += 1  # the arithmetic of an edit is no layer of the network
        for edit in running.edits[name]:
            output = _apply(edit, output, facts.channel_axis)
        running.inside_leaf -= 1
    if not running.known:
        running.geometry[id(output)], running.origin[id(output)] = placed, name
    if running.wanted is None or name in running.wanted:
        running.outputs[name] = output
    return output


def _state_facts(
    running: _Pass,
    name: str,
    kind: str,
    path: str,
    inputs: Sequence[Tensor],
    output: Tensor,
    geometry: Callable[[Sequence[Geometry], tuple[int, ...]], Geometry],
    macs: Callable[[Sequence[tuple[int, ...]], tuple[int, ...]], int],
    parameters: int,
) -> tuple[LayerFacts, Geometry]:
    shapes = [tuple(t.shape) for t in inputs]
    sources = [running.geometry[id(t)] for t in inputs]
    placed = geometry(sources, tuple(output.shape))
    facts = LayerFacts(
        name=name,
        kind=kind,
        inputs=tuple(dict.fromkeys(running.origin[id(t)] for t in inputs)),
        input_shapes=tuple(_channels_first(source) for source in sources),
        shape=_channels_first(placed),
        parameters=parameters,
        macs=macs(shapes, tuple(output.shape)),
        activation_bytes=output.numel() * output.element_size(),
        receptive_field=placed.field,
        path=path,
        channel_axis=placed.channel_axis,
    )
    return facts, placed


def _channels_first(geometry: Geometry) -> tuple[int, ...]:
    """The shape without the batch, channels before rows and columns."""
    shape = geometry.shape
    if len(shape) == 4 and geometry.axes is not None:
        return (shape[geometry.channel_axis], *geometry.cells)
    return shape[1:]


def _apply(edit: Edit, output: Tensor, channel_axis: int) -> Tensor:
    if edit.channels is None:
        return output * edit.scale
    count = output.shape[channel_axis]
    if any(not 0 <= channel < count for channel in edit.channels):
        raise ValueError(f"{edit.layer} has channels 0 to {count - 1}; the edit names {edit.channels}.")
    factor = torch.ones(count, dtype=output.dtype, device=output.device)
    factor[list(edit.channels)] = edit.scale
    shape = [1] * output.ndim
    shape[channel_axis] = count
    return output * factor.view(shape)


class _Probe:
    """A clone of one network, sharing its tensors, with hooks that serve every pass."""

    def __init__(self, network: nn.Module) -> None:
        tensors = {id(t): t for t in [*network.parameters(), *network.buffers()]}
        self.network = copy.deepcopy(network, dict(tensors))
        self.facts: dict[tuple[tuple[int, ...], torch.dtype], dict[str, LayerFacts]] = {}
        for name, module in self.network.named_modules():
            if name and _is_leaf(module):
                self._watch_leaf(name, module)
            else:
                self._watch_container(name, module)

    @staticmethod
    def _watch_container(name: str, module: nn.Module) -> None:
        def enter(_module: nn.Module, _args: Any) -> None:
            if running := _running.get():
                running.path.append(name)

        def leave(_module: nn.Module, _args: Any, _output: Any) -> None:
            if running := _running.get():
                running.path.pop()

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)

    @staticmethod
    def _watch_leaf(name: str, module: nn.Module) -> None:
        kind = type(module).__name__
        parameters = sum(p.numel() for p in module.parameters())

        def enter(_module: nn.Module, _args: Any) -> None:
            if running := _running.get():
                running.inside_leaf += 1

        def leave(_module: nn.Module, args: Any, output: Any) -> Any:
            running = _running.get()
            if running is None:
                return None
            running.inside_leaf -= 1
            result = output if isinstance(output, Tensor) else next(iter(_tensors(output)), None)
            if running.inside_leaf or result is None:
                return None
            emitted = _emit(
                running,
                running.unique(name),
                kind,
                name,
                _tensors(args),
                result,
                geometry=lambda sources, shape: after_module(module, sources, shape),
                macs=lambda shapes, shape: module_macs(module, shapes, shape),
                parameters=parameters,
            )
            return emitted if isinstance(output, Tensor) else None

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)

    def run(self, x: Tensor, wanted: frozenset[str] | None, edits: Collection[Edit]) -> tuple[_Pass, Tensor]:
        """One forward pass of x (1, 3, H, W)."""
        key = (tuple(x.shape), x.dtype)
        known = self.facts.get(key, {})
        by_layer: dict[str, list[Edit]] = {}
        for edit in edits:
            by_layer.setdefault(edit.layer, []).append(edit)
        running = _Pass(wanted, by_layer, known)
        x = x.clone()  # for networks that overwrite their input: it is the caller's
        running.origin[id(x)], running.geometry[id(x)] = INPUT, Geometry.of_input(tuple(x.shape))
        token = _running.set(running)
        try:
            with torch.inference_mode(), _FunctionTap(running):
                logits = self.network(x)
        finally:
            _running.reset(token)
        if not known:
            self.facts[key] = known = running.facts
        for name in {*(wanted or ()), *by_layer} - known.keys():
            raise LayerUnknown(f"This network has no layer {name!r} that takes part in a forward pass.")
        return running, logits


_probes: WeakKeyDictionary[nn.Module, _Probe] = WeakKeyDictionary()
_building = threading.Lock()


def _probe(network: nn.Module) -> _Probe:
    with _building:
        probe = _probes.get(network)
        if probe is None:
            probe = _probes[network] = _Probe(network)
        return probe


def _as_input(model: VisionModel, x: Tensor) -> Tensor:
    if x.ndim != 4 or x.shape[0] != 1 or x.shape[1] != 3:
        raise ValueError(f"One image of shape (1, 3, H, W) is recorded at a time, not {tuple(x.shape)}.")
    return x.to(model.device)


def record(
    model: VisionModel, x: Tensor, layers: Collection[str] | None = None, edits: Collection[Edit] = ()
) -> Recording:
    """Run a network once and keep what its layers gave.

    Any number of threads may record on one model at a time; the model itself carries no hook and no
    gradient, before, during or after.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised, as `model.preprocessing.tensor` gives it.
        layers: names of the layers to keep; every layer if None. Others cost no memory.
        edits: changes to make on the way, each to the output of its layer, in the given order.

    Returns:
        The layers in execution order.

    Raises:
        ValueError: x has another shape, or an edit names a channel that is not there.
        LayerUnknown: a name in `layers` or `edits` is no layer of this network.

    Example:
        >>> recording = record(model, model.preprocessing.tensor(image))
        >>> recording["stages.stage1.block1.conv1"].output.shape
        torch.Size([64, 32, 32])
    """
    x = _as_input(model, x)
    probe = _probe(model.network)
    running, logits = probe.run(x, None if layers is None else frozenset(layers), edits)
    known = running.known or running.facts
    records = {
        name: LayerRecord(known[name], _view(known[name], running.outputs[name]))
        for name in known
        if name in running.outputs
    }
    return Recording(records, logits[0], x[0])


def survey(model: VisionModel, x: Tensor) -> tuple[LayerFacts, ...]:
    """The facts of every layer for inputs of x's shape, in execution order, without keeping any output.

    Raises:
        ValueError: x has another shape than (1, 3, H, W).
    """
    x = _as_input(model, x)
    probe = _probe(model.network)
    known = probe.facts.get((tuple(x.shape), x.dtype))
    if known is None:
        running, _ = probe.run(x, frozenset(), ())
        known = running.facts
    return tuple(known.values())


def _view(facts: LayerFacts, output: Tensor) -> Tensor:
    """Without the batch, channels first."""
    image = output[0]
    return image if facts.channel_axis == 1 or image.ndim != 3 else image.movedim(facts.channel_axis - 1, 0)
