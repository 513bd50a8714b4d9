"""The recorder: one forward pass, every layer caught, the shared network left untouched.

For each network there is one probe: a clone that shares the network's tensors and whose modules tell
what they do, built once. They tell nothing unless the running context has a pass under way (a `ContextVar`),
so any number of threads record on one probe without meeting. Functions that are no modules (residual
additions, functional ReLU, flatten) are seen through a `TorchFunctionMode`, which is thread-local too.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

from explorer.anatomy.costs import module_macs
from explorer.anatomy.forward_pass import Call, ForwardPass, current_pass, emit, first_of, tensors_among, with_first
from explorer.anatomy.functions import FunctionTap
from explorer.anatomy.geometry import after_module
from explorer.anatomy.receptive_field import Geometry
from explorer.anatomy.recording import INPUT, Edit, LayerFacts, LayerRecord, LayerUnknown, Recording
from explorer.zoo import VisionModel, served
from explorer.zoo.efficientnet_lite import SamePadding


def _is_leaf(module: nn.Module) -> bool:
    """One of PyTorch's own modules that is no container. What others do is seen through the functions they call.

    Swin's self-attention is one layer, as PyTorch's is: taken apart, its windows would pass for pictures. Padding that
    is a module is a layer too, so that shapes chain.
    """
    if isinstance(module, (ShiftedWindowAttention, SamePadding)):
        return True
    containers = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
    return type(module).__module__.startswith("torch.nn.") and not isinstance(module, containers)


def _share(network: nn.Module) -> nn.Module:
    """A clone with the same tensors."""
    return copy.deepcopy(network, {id(t): t for t in [*network.parameters(), *network.buffers()]})


class _Probe:
    """A clone of one network, sharing its tensors, whose modules serve every pass."""

    def __init__(self, network: nn.Module) -> None:
        self.network, self.plain = _share(network), _share(network)
        self.spares: list[nn.Module] = []  # clones without hooks that are free; as many as threads ran at a time
        self.facts: dict[tuple[tuple[int, ...], torch.dtype], dict[str, LayerFacts]] = {}
        self.leaves: set[str] = set()
        for name, module in self.network.named_modules():
            if name and _is_leaf(module):
                self.leaves.add(name)
                self._watch_leaf(name, module)
            elif type(module).forward is not nn.Sequential.forward:  # which calls no function that could be a layer
                self._watch_container(name, module)

    @staticmethod
    def _watch_container(name: str, module: nn.Module) -> None:
        def enter(_module: nn.Module, _args: Any) -> None:
            if running := current_pass.get():
                running.path.append(name)

        def leave(_module: nn.Module, _args: Any, _output: Any) -> None:
            if running := current_pass.get():
                running.path.pop()

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)

    @staticmethod
    def _watch_leaf(name: str, module: nn.Module) -> None:
        kind = type(module).__name__
        parameters = sum(p.numel() for p in module.parameters())

        forward = module.forward

        def watched(*args: Any, **kwargs: Any) -> Any:
            running = current_pass.get()
            if running is None:
                return forward(*args, **kwargs)
            running.inside_leaf += 1
            try:
                with torch._C.DisableTorchFunction():  # the tap would look away at every call, and each costs
                    output = forward(*args, **kwargs)
            finally:
                running.inside_leaf -= 1
            number, inputs, result = (
                running.count_call(name),
                tensors_among([*args, *kwargs.values()]),
                first_of(output),
            )
            if running.inside_leaf or result is None:
                return output
            if any(result is given for given in inputs):  # dropout: others may read what it was given
                result = result.view_as(result)

            def describe() -> Call:
                return Call(
                    kind=kind,
                    path=name,
                    number=number,
                    inputs=inputs,
                    geometry=lambda sources, shape: after_module(module, sources, shape),
                    macs=lambda shapes, shape: module_macs(module, shapes, shape),
                    parameters=parameters,
                )

            read = next(iter(inputs), None)
            return with_first(output, emit(running, running.unique(name, is_module=True), result, describe, read))

        module.forward = watched  # instead of hooks: a module that has some is called in a slower way

    def run(
        self, x: Tensor, wanted: frozenset[str] | None, edits: Collection[Edit], inputs: bool = False
    ) -> tuple[ForwardPass, Tensor]:
        """One forward pass of x (1, 3, H, W)."""
        key = (tuple(x.shape), x.dtype)
        known = self.facts.get(key, {})
        by_layer: dict[str, list[Edit]] = {}
        for edit in edits:
            by_layer.setdefault(edit.layer, []).append(edit)
        running = ForwardPass(wanted, by_layer, known, self.leaves - {INPUT}, keeps_inputs=inputs)
        x = x.clone()  # for networks that overwrite their input: it is the caller's
        running.origin[id(x)], running.geometry[id(x)] = INPUT, Geometry.of_input(tuple(x.shape))
        token = current_pass.set(running)
        try:
            with torch.inference_mode(), FunctionTap(running):
                logits = self.network(x)
        finally:
            current_pass.reset(token)
        if not known:
            self.facts[key] = known = running.facts
        for name in {*(wanted or ()), *by_layer} - known.keys():
            raise LayerUnknown(f"This network has no layer {name!r} that takes part in a forward pass.")
        return running, logits

    def run_through(self, x: Tensor, layer: str, passing: Callable[[Tensor], Tensor]) -> Tensor:
        """The logits for a batch x (B, 3, H, W) of a size that was run before, in the caller's gradient mode."""
        known = self.facts[((1, *x.shape[1:]), x.dtype)]
        if known[layer].call is not None:
            return self._hook_one(x, known[layer], passing)
        running = ForwardPass(frozenset(), {}, known, self.leaves - {INPUT}, passing={layer: passing})
        token = current_pass.set(running)
        try:
            with FunctionTap(running):
                return self.network(x)
        finally:
            current_pass.reset(token)

    def _hook_one(self, x: Tensor, facts: LayerFacts, passing: Callable[[Tensor], Tensor]) -> Tensor:
        """The same for a call of a module, on a clone that nobody else has at the time.

        Watching every layer, and functions too, would cost a small network a tenth of its time.
        """
        calls = count()

        def lead(_module: nn.Module, _args: Any, output: Any) -> Any:
            result = first_of(output)
            if next(calls) != facts.call or result is None:
                return None
            return with_first(output, passing(result))

        try:
            clone = self.spares.pop()
        except IndexError:
            clone = _share(self.plain)
        handle = clone.get_submodule(facts.path).register_forward_hook(lead)
        try:
            return clone(x)
        finally:
            handle.remove()
            self.spares.append(clone)


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
    model: VisionModel,
    x: Tensor,
    layers: Collection[str] | None = None,
    edits: Collection[Edit] = (),
    *,
    inputs: bool = False,
) -> Recording:
    """Run a network once and keep what its layers gave.

    Any number of threads may record on one model at a time; the model itself carries no hook and no
    gradient, before, during or after.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised, as `model.preprocessing.tensor` gives it.
        layers: names of the layers to keep; every layer if None. Others cost no memory.
        edits: changes to make on the way, each to the output of its layer, in the given order.
        inputs: keep what the layers read as well, which takes the memory of as many maps again.

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
    if not inputs and (recording := _record_elsewhere(model, x, layers, edits)) is not None:
        return recording
    probe = _probe(model.network)
    running, logits = probe.run(x, None if layers is None else frozenset(layers), edits, inputs)
    known = running.known or running.facts
    records = {
        name: LayerRecord(known[name], _view(known[name], running.outputs[name]), running.inputs.get(name))
        for name in known
        if name in running.outputs
    }
    return Recording(records, logits[0], x[0])


def _record_elsewhere(
    model: VisionModel, x: Tensor, layers: Collection[str] | None, edits: Collection[Edit]
) -> Recording | None:
    """The same by `EXPLORER_SERVE`; None where it is to be done here, which also says what is wrong."""
    if not served.is_offered(model.network):
        return None
    facts = {each.name: each for each in summarize_layers(model, x)}
    names = [name for name in facts if layers is None or name in layers]
    if not facts.keys() >= set(layers or ()) or sum(facts[name].activation_bytes for name in names) > served.MAP_BYTES:
        return None
    found = served.ask(model.network, x, names, [asdict(edit) for edit in edits])
    if found is None:
        return None
    found = {name: tensor.to(x.device) for name, tensor in found.items()}
    return Recording({name: LayerRecord(facts[name], found[name]) for name in names}, found["logits"][0], x[0])


def average_maps(model: VisionModel, x: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """The mean of every map over its cells, for a batch of images in one pass: what global average pooling would give.

    Of tokens (N, C) it is the class token, which a transformer's dense layer reads; their mean where there is none.

    Args:
        model: from the zoo.
        x: (B, 3, H, W), normalised.
        layers: names of the layers.

    Returns:
        (B, C) float32 by layer, on the network's device; for a layer of single numbers its output.

    Raises:
        LayerUnknown: a name in `layers` is no layer of this network.
    """
    facts = {each.name: each for each in summarize_layers(model, x[:1])}
    running, _ = _probe(model.network).run(x.to(model.device), frozenset(layers), ())
    means = {}
    for name in layers:
        output = running.outputs[name].float()
        if output.ndim == 3:
            means[name] = output[:, 0] if hasattr(model.network, "class_token") else output.mean(1)
            continue
        cells = [axis for axis in range(1, output.ndim) if axis != facts[name].channel_axis % output.ndim]
        means[name] = output.mean(cells) if cells else output
    return means


def summarize_layers(model: VisionModel, x: Tensor) -> tuple[LayerFacts, ...]:
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


def pass_through(model: VisionModel, x: Tensor, layer: str, passing: Callable[[Tensor], Tensor]) -> Tensor:
    """Run a network while the output of one layer goes through a function of the caller.

    Unlike `record` it runs in the caller's gradient mode and takes batches: what methods need that look for the
    gradient of a score with respect to a layer. As with `record`, the model itself carries no hook.

    Args:
        model: from the zoo.
        x: (B, 3, H, W), normalised.
        layer: name of the layer.
        passing: from the layer's output, as the network made it, to what the next layers get instead; they may
            overwrite it.

    Returns:
        (B, num_classes) logits.

    Raises:
        ValueError: x has another shape.
        LayerUnknown: this network has no such layer.
    """
    facts = summarize_layers(model, x[:1])
    if all(each.name != layer for each in facts):
        raise LayerUnknown(f"This network has no layer {layer!r} that takes part in a forward pass.")
    return _probe(model.network).run_through(x.to(model.device), layer, passing)


def _view(facts: LayerFacts, output: Tensor) -> Tensor:
    """Without the batch, channels first."""
    image = output[0]
    return image if facts.channel_axis == 1 or image.ndim != 3 else image.movedim(facts.channel_axis - 1, 0)
