"""A person's own weights: safetensors in, a network out, every mismatch named."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_CONVERT = (
    "Convert it once, where you trust it: "
    "safetensors.torch.save_file(torch.load(PATH, weights_only=True), 'weights.safetensors')."
)


class WeightsRejected(ValueError):
    """The file is no usable safetensors file; the message says why and what to do."""


class WeightsMismatch(WeightsRejected):
    """The file holds weights of another architecture.

    Attributes:
        missing: keys of the architecture that the file lacks.
        unexpected: keys of the file that the architecture lacks.
        misshapen: keys in both with two shapes, as "key: file A, network B".
    """

    def __init__(self, name: str, missing: list[str], unexpected: list[str], misshapen: list[str]) -> None:
        self.missing, self.unexpected, self.misshapen = missing, unexpected, misshapen
        parts = []
        for what, keys in (("missing", missing), ("unexpected", unexpected), ("misshapen", misshapen)):
            if keys:
                more = ", ..." if len(keys) > 10 else ""
                parts.append(f"{len(keys)} {what} ({', '.join(keys[:10])}{more})")
        super().__init__(f"These weights do not fit {name}: {'; '.join(parts)}.")


def read_weights(data: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Floating-point tensors come back as float32, whatever precision they are stored in.

    Raises:
        WeightsRejected: a pickle, or not safetensors at all.
    """
    # A safetensors file begins with a length of eight bytes, which may happen to be a pickle's first two.
    if data[8:9] != b"{" and data[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise WeightsRejected(
            f"This is a pickle (.pth, .pt, .bin), and opening a pickle can run any program it contains. {_CONVERT}"
        )
    try:
        tensors = load(data)
        (length,) = struct.unpack("<Q", data[:8])
        metadata = json.loads(data[8 : 8 + length]).get("__metadata__", {})
    except (SafetensorError, struct.error, ValueError, KeyError) as error:
        raise WeightsRejected(f"This is not a whole safetensors file ({error}).") from error
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}, metadata


class ShapesOnly(TorchFunctionMode):
    """Modules built under it get weights without memory: those come from `torch.empty`.

    `torch.device("meta")` would empty every tensor, also the small ones from which RegNet computes its widths.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.empty:
            kwargs = {**(kwargs or {}), "device": "meta"}
        return func(*args, **(kwargs or {}))


def head_of(reference: Mapping[str, Tensor], num_classes: int) -> str:
    """The key of the weight that makes the logits: the last one with a row per class."""
    heads = [
        key
        for key, value in reference.items()
        if key.endswith("weight") and value.ndim > 1 and value.shape[0] == num_classes
    ]
    return heads[-1]


def fit_weights(
    name: str, build: Callable[[int], nn.Module], num_classes: int, state: dict[str, Tensor]
) -> tuple[nn.Module, int]:
    """The architecture with these weights, with as many classes as the file's head has rows.

    Args:
        name: of the architecture, for the message.
        build: the architecture for a number of classes.
        num_classes: any number that `build` takes; used to find the head.
        state: the tensors of the file.

    Returns:
        The network and its number of classes.

    Raises:
        WeightsMismatch: keys or shapes differ.
    """
    with ShapesOnly():
        reference = build(num_classes).state_dict()
    head = state.get(head_of(reference, num_classes))
    if head is not None and head.ndim > 1 and head.shape[0] != num_classes:
        num_classes = head.shape[0]
        with ShapesOnly():
            reference = build(num_classes).state_dict()
    # Counters of seen batches play no part in evaluation, and some tools drop them.
    wanted = {key for key in reference if not key.endswith("num_batches_tracked")}
    missing = sorted(wanted - state.keys())
    unexpected = sorted(state.keys() - reference.keys())
    misshapen = [
        f"{key}: file {tuple(state[key].shape)}, network {tuple(reference[key].shape)}"
        for key in reference
        if key in state and state[key].shape != reference[key].shape
    ]
    if missing or unexpected or misshapen:
        raise WeightsMismatch(name, missing, unexpected, misshapen)
    network = build(num_classes)
    network.load_state_dict(state, strict=False)
    return network, num_classes
