"""Which maps of which layers each map of a layer reads, and with what kernel."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer.anatomy.recording import INPUT, LayerFacts, Recording
from explorer.operations import output_kernels
from explorer.zoo import VisionModel
from explorer.zoo.efficientnet_lite import SamePadding

UNKNOWN = -1  # a channel that is read, and cannot be told from others

_MODULES_BY_ITSELF = ("batchnorm", "instancenorm", "pooling", "padding", "dropout", "upsampling", "activation")
_ACROSS_CHANNELS = (nn.Softmax, nn.Softmax2d, nn.LogSoftmax, nn.Softmin, nn.GLU, nn.MultiheadAttention)
_FUNCTIONS_BY_ITSELF = frozenset(
    (
        *("add", "subtract", "multiply", "divide", "batch_norm", "interpolate", "mean"),
        *("relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus", "hardtanh"),
        *("hardswish", "hardsigmoid", "mish", "celu", "selu", "prelu"),
        *("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"),
    )
)


@dataclass(frozen=True, eq=False)
class Reading:
    """What every map of a layer reads of one of the layers before it.

    Attributes:
        source: name of the layer that is read, "input" for the photo.
        ranges: (O, 2), for each map where the channels it reads begin and end in what the layer was given.
        order: for each channel the layer was given which of the source's it is; `UNKNOWN` where that cannot be told.
        kernels: (O, channels read, kh, kw), a slice for each channel a map reads; None where it has no weights.
    """

    source: str
    ranges: NDArray[np.intp]
    order: NDArray[np.intp]
    kernels: NDArray[np.float32] | None = None

    @property
    def one_to_one(self) -> bool:
        """Whether every map reads the source's map of the same number, and no other."""
        own = np.arange(len(self.ranges))
        return np.array_equal(self.ranges[:, 0], own) and np.array_equal(self.ranges[:, 1], own + 1)

    def channels(self, unit: int) -> NDArray[np.intp]:
        """Channels of the source that one map reads, in the order of its kernel's slices."""
        start, stop = self.ranges[unit]
        read: NDArray[np.intp] = self.order[start:stop]
        return read


def find_readings(model: VisionModel, recording: Recording, facts: LayerFacts) -> tuple[Reading, ...]:
    """What the maps of a layer read, one for each layer before it.

    Which channel is which is found by value, since a network may shuffle or split channels on the way.

    Args:
        model: from the zoo.
        recording: of the layer and what it reads, with inputs.
        facts: of the layer.
    """
    module = model.network.get_submodule(facts.path)
    kernels = _kernels_of(module, facts)
    readings = []
    once = len(facts.inputs) == len(facts.input_shapes)  # no layer is read in two pieces
    for place, source in enumerate(facts.inputs):
        reads = facts.input_shapes[place][0]
        maps = recording.input if source == INPUT else recording[source].output
        given = recording[facts.name].read if place == 0 else None
        if kernels is not None:
            slices = kernels.shape[1]
            groups = reads // slices
            starts = np.arange(facts.channels) // (facts.channels // groups) * slices
            ranges = np.stack([starts, starts + slices], axis=1)
        else:
            ranges = _ranges(module, facts, place if once else None)
        order = _trace(maps, given, reads) if once or _reads_by_itself(module, facts) else np.full(reads, UNKNOWN)
        readings.append(Reading(source, ranges, order, kernels if place == 0 else None))
    return tuple(readings)


def _kernels_of(module: nn.Module, facts: LayerFacts) -> NDArray[np.float32] | None:
    if type(module).__name__ != facts.kind:
        return None
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        return output_kernels(module)
    if isinstance(module, nn.Linear) and facts.shape[0] == module.out_features:
        weight: NDArray[np.float32] = module.weight.detach().float().cpu().numpy()[:, :, None, None]
        return weight
    return None


def _reads_by_itself(module: nn.Module, facts: LayerFacts) -> bool:
    """Whether a layer treats every channel without looking at the others."""
    if type(module).__name__ != facts.kind:
        return facts.kind in _FUNCTIONS_BY_ITSELF
    defined = type(module).__module__.rsplit(".", 1)[-1]
    ours = isinstance(module, (SamePadding, nn.Identity)) or facts.kind == "StochasticDepth"
    return ours or (defined in _MODULES_BY_ITSELF and not isinstance(module, _ACROSS_CHANNELS))


def _ranges(module: nn.Module, facts: LayerFacts, place: int | None) -> NDArray[np.intp]:
    """Where the channels that each map reads begin and end, of a layer without kernels.

    Args:
        module: the layer, or the one whose code calls the function.
        facts: of the layer.
        place: of the source among those it reads; None where it reads one in several pieces.
    """
    made, own = facts.channels, np.arange(facts.channels)
    shape = facts.input_shapes[place or 0]
    reads, cells = shape[0], prod(shape[1:])
    if facts.kind == "concatenate" and place is not None and sum(each[0] for each in facts.input_shapes) == made:
        before = sum(each[0] for each in facts.input_shapes[:place])
        inside = (own >= before) & (own < before + reads)
        starts = np.where(inside, own - before, 0)
        return np.stack([starts, starts + inside], axis=1)
    if _reads_by_itself(module, facts) and reads == made:
        return np.stack([own, own + 1], axis=1)
    if facts.kind.lower() == "flatten" and reads * cells == made:
        return np.stack([own // cells, own // cells + 1], axis=1)
    return np.tile([0, reads], (made, 1))


def _trace(maps: Tensor, given: Tensor | None, reads: int) -> NDArray[np.intp]:
    """Which of a source's channels each channel is that a layer was given.

    Args:
        maps: (C, ...) of the source.
        given: (1, ...) as the network gave it to the layer; None where that was not kept.
        reads: how many channels that has.
    """
    same = np.arange(reads) if reads == len(maps) else np.full(reads, UNKNOWN)
    if given is None:
        return same
    for read in (given[0], given[0].movedim(-1, 0)):  # channels may be last
        if read.shape == maps.shape and torch.equal(read, maps):
            return same
        if read.ndim == 1 and read.numel() == maps.numel() and torch.equal(read, maps.reshape(-1)):
            return np.arange(reads) // maps[0].numel()  # flattened by a view
        if len(read) == reads and read.shape[1:] == maps.shape[1:]:
            return _match(read, maps)
    return same


def _match(read: Tensor, maps: Tensor) -> NDArray[np.intp]:
    """For each channel read the one with the same values, where there is only one."""
    found: dict[bytes, int] = {}
    for number, values in enumerate(_as_bytes(maps)):
        found[values] = UNKNOWN if values in found else number
    return np.array([found.get(values, UNKNOWN) for values in _as_bytes(read)])


def _as_bytes(maps: Tensor) -> list[bytes]:
    return [values.tobytes() for values in maps.float().cpu().numpy()]
