"""One forward pass under way: what was seen of it so far, and how a layer is taken down.

Which calls are layers is decided in `functions` and `tracing`; here each becomes a name, facts and a kept output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from explorer.anatomy.geometry import after_function
from explorer.anatomy.receptive_field import Geometry, ReceptiveField
from explorer.anatomy.recording import INPUT, Edit, LayerFacts


@dataclass(eq=False)
class ForwardPass:
    """One forward pass under way."""

    wanted: frozenset[str] | None  # None: every layer
    edits: dict[str, list[Edit]]
    known: dict[str, LayerFacts]  # facts of an earlier pass with this input shape; empty in the first
    reserved: set[str]  # paths of the modules that are layers and were not called yet
    path: list[str] = field(default_factory=lambda: [""])
    inside_leaf: int = 0
    # By id of a tensor. Ids are used again once a tensor is gone: every new one overwrites the entry or removes it.
    origin: dict[int, str] = field(default_factory=dict)
    geometry: dict[int, Geometry] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)  # by name, where the search for a free number begins
    given: set[str] = field(default_factory=lambda: {INPUT})  # names that are taken
    calls: dict[str, int] = field(default_factory=dict)  # of each module so far, by its path
    facts: dict[str, LayerFacts] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    keeps_inputs: bool = False
    inputs: dict[str, Tensor] = field(default_factory=dict)  # the first thing each wanted layer read
    passing: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)  # what a layer's output goes through

    def unique(self, name: str, is_module: bool) -> str:
        """The name of this call: a repeated one gets "_1", "_2", ... as in torchvision's tracer.

        A module's first call has its path as its name, whatever other calls are called: they pass over it.
        """
        if is_module and name in self.reserved:
            self.reserved.remove(name)
            unique = name
        else:
            count = self.counts.get(name, 0)
            while (unique := f"{name}_{count}" if count else name) in self.given or unique in self.reserved:
                count += 1
            self.counts[name] = count + 1
        self.given.add(unique)
        return unique

    def count_call(self, path: str) -> int:
        """The number of this call of a module, from 0."""
        number = self.calls.get(path, 0)
        self.calls[path] = number + 1
        return number

    def forget(self, tensor: Tensor) -> None:
        """Drop what was known of an earlier tensor with this one's id."""
        self.geometry.pop(id(tensor), None)
        self.origin.pop(id(tensor), None)


@dataclass(eq=False, slots=True)
class Call:
    """One call of a layer, as the network made it.

    Attributes:
        kind: the module's class or the function's name.
        path: the module it belongs to.
        number: of this call among those of the module, from 0; None for a function.
        inputs: the tensors it was given; not all need come from the image.
        geometry: from where the inputs lie and the output's shape to where the output lies.
        macs: from the shapes of inputs and output to multiply-adds.
        parameters: number of weights it uses.
    """

    kind: str
    path: str
    number: int | None
    inputs: Sequence[Tensor]
    geometry: Callable[[Sequence[Geometry], tuple[int, ...]], Geometry]
    macs: Callable[[Sequence[tuple[int, ...]], tuple[int, ...]], int]
    parameters: int


current_pass: ContextVar[ForwardPass | None] = ContextVar("current_pass", default=None)


def tensors_among(values: Any) -> list[Tensor]:
    """The tensors among arguments, one level of lists deep (as `torch.cat` takes them)."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(item for item in value if isinstance(item, Tensor))
    return found


def first_of(output: Any) -> Tensor | None:
    """What a layer gave: the tensor, or the first of several (the maxima before their places)."""
    return output if isinstance(output, Tensor) else next(iter(tensors_among([output])), None)


def with_first(output: Any, changed: Tensor) -> Any:
    """What a layer gave, with another tensor where `first_of` finds one."""
    if isinstance(output, Tensor):
        return changed
    first = first_of(output)
    return type(output)(changed if value is first else value for value in output)


def follow(running: ForwardPass, name: str, args: Any, kwargs: dict[str, Any], output: Tensor) -> None:
    """Carry origin and geometry through a function that is no layer."""
    if running.known:
        return
    known = [t for t in tensors_among([*args, *kwargs.values()]) if id(t) in running.geometry]
    if known:
        sources = [running.geometry[id(t)] for t in known]
        geometry = after_function(name, sources, args, kwargs, tuple(output.shape))
        origin = running.origin[id(known[0])]
        running.geometry[id(output)], running.origin[id(output)] = geometry, origin
    else:
        running.forget(output)


def emit(running: ForwardPass, name: str, output: Tensor, describe: Callable[[], Call], read: Tensor | None) -> Tensor:
    """Take down one layer; the returned tensor goes on through the network.

    Args:
        running: the pass it is part of.
        name: unique in the pass.
        output: what the layer gave.
        describe: the call it came from; asked for only where its facts are not known from an earlier pass, which
            saves a third of what recording costs.
        read: the first tensor it was given.
    """
    if running.known:
        facts = running.known.get(name)
        if facts is None:  # made of constants: no layer of the image
            return output
    else:
        call = describe()
        known = [t for t in call.inputs if id(t) in running.geometry]
        if not known:
            running.forget(output)
            return output
        facts, placed = _state_facts(running, name, output, call, known)
        running.facts[name] = facts
    if name in running.edits:
        running.inside_leaf += 1  # the arithmetic of an edit is no layer of the network
        for edit in running.edits[name]:
            output = _apply(edit, output, facts.channel_axis)
        running.inside_leaf -= 1
    if name in running.passing:
        running.inside_leaf += 1
        output = running.passing[name](output)
        running.inside_leaf -= 1
    if not running.known:
        running.geometry[id(output)], running.origin[id(output)] = placed, name
    if running.wanted is None or name in running.wanted:
        running.outputs[name] = output
        if running.keeps_inputs and read is not None:
            running.inputs[name] = read
    return output


def _state_facts(
    running: ForwardPass, name: str, output: Tensor, call: Call, inputs: Sequence[Tensor]
) -> tuple[LayerFacts, Geometry]:
    """What can be said of a call that reads these inputs, and where its output lies on the image."""
    sources = [running.geometry[id(t)] for t in inputs]
    shape = tuple(output.shape)
    placed = call.geometry(sources, shape)
    facts = LayerFacts(
        name=name,
        kind=call.kind,
        inputs=tuple(dict.fromkeys(running.origin[id(t)] for t in inputs)),
        input_shapes=tuple(_channels_first(source) for source in sources),
        shape=_channels_first(placed),
        parameters=call.parameters,
        macs=call.macs([tuple(t.shape) for t in inputs], shape),
        activation_bytes=output.numel() * output.element_size(),
        receptive_field=ReceptiveField(placed.field.rows.hull, placed.field.columns.hull),
        path=call.path,
        call=call.number,
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
