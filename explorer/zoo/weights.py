"""A person's own weights: safetensors in, a network out, every mismatch named."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.text import can_be_shown

TRAINING_ONLY = ("AuxLogits", "aux1", "aux2")
"""Heads of the Inceptions that only their own training uses: torchvision's files hold them too."""
WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.", "state_dict.", "model_state_dict.")
"""What `DataParallel`, `torch.compile`, Lightning and people's own training loops write in front of the names."""
_LONGEST_NAME = 200  # characters of a class
_TOLD = 10  # keys that a message names, each cut after 80 characters

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
                parts.append(f"{len(keys)} {what} ({_name_some(keys)})")
        super().__init__(f"These weights do not fit {name}: {'; '.join(parts)}.")


class WeightsWrapped(WeightsRejected):
    """The file's weights fit once what a wrapper has put in front of their names is taken away; see `unwrap`.

    Attributes:
        prefix: what the names begin with.
    """

    def __init__(self, name: str, prefix: str, keys: Iterable[str]) -> None:
        self.prefix = prefix
        wrapped = sorted(key for key in keys if key.startswith(prefix))
        others = sorted(set(keys).difference(wrapped))
        first = wrapped[0]
        message = (
            f"The names in this file begin with {prefix!r}, which a wrapper has put there. Without it they fit {name}: "
            f"{first} becomes {first.removeprefix(prefix)}, and so for all {len(wrapped):,}"
        )
        super().__init__(
            f"{message}; {len(others):,} others are left out ({_name_some(others)})." if others else f"{message}."
        )


def _name_some(keys: list[str]) -> str:
    return ", ".join(key[:80] for key in keys[:_TOLD]) + (", ..." if len(keys) > _TOLD else "")


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


def read_shipped(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The card in a folder of this project's models, and the weights that it names.

    Raises:
        OSError: there is no card.
        WeightsRejected: the weights are other ones, or cannot be read.
    """
    card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    state, _ = read_weights(read_known(folder / "weights.safetensors", card["sha256"]))
    return card, state


def read_known(path: Path, sha256: str) -> bytes:
    """A file of this project, which is the one that its card names.

    Raises:
        WeightsRejected: it is another one, or cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsRejected(
            f"{path.name} of {path.parent.name} cannot be read ({error.strerror}): get it from the project again."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsRejected(
            f"{path.name} of {path.parent.name} is damaged or was changed: it is not the file whose sha256 is in the "
            "card, so it was not opened; get it from the project again."
        )
    return data


# How modules draw their weights.
_DRAWING = {
    *(getattr(Tensor, name) for name in ("normal_", "uniform_", "fill_", "zero_", "mul_", "add_", "clamp_", "erfinv_")),
    *(getattr(nn.init, name) for name in ("normal_", "uniform_", "constant_", "kaiming_normal_", "kaiming_uniform_")),
}


class Undrawn(TorchFunctionMode):
    """Modules built under it draw no weights, for those who put others in their place."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _DRAWING:
            tensor = args[0] if args else kwargs["tensor"]
            if isinstance(tensor, nn.Parameter):
                return tensor
        return func(*args, **kwargs)


class ShapesOnly(Undrawn):
    """Modules built under it get weights without memory: those come from `torch.empty`.

    `torch.device("meta")` would empty every tensor, also the small ones from which RegNet computes its widths.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.empty:
            kwargs = {**(kwargs or {}), "device": "meta"}
        return super().__torch_function__(func, types, args, kwargs)


def head_of(reference: Mapping[str, Tensor], num_classes: int) -> str:
    """The key of the weight that makes the logits: the last one with a row per class."""
    heads = [
        key
        for key, value in reference.items()
        if key.endswith("weight") and value.ndim > 1 and value.shape[0] == num_classes
    ]
    return heads[-1]


def fit_weights(
    name: str, build: Callable[[int], nn.Module], num_classes: int, state: Mapping[str, Tensor]
) -> tuple[nn.Module, int]:
    """The architecture with these weights, with as many classes as the file's head has rows.

    Heads that only a training uses are left out.

    Args:
        name: of the architecture, for the message.
        build: the architecture for a number of classes.
        num_classes: any number that `build` takes; used to find the head.
        state: the tensors of the file.

    Returns:
        The network and its number of classes.

    Raises:
        WeightsMismatch: keys or shapes differ.
        WeightsRejected: no classes, or numbers that no network computes with.
    """
    reference, num_classes = _reference(build, num_classes, state)
    differences = _differences(reference, state)
    if any(differences):
        raise WeightsMismatch(name, *differences)
    if num_classes == 0:
        raise WeightsRejected(f"The last layer of these weights has 0 outputs: {name} needs at least one class.")
    weights = {key: state[key] for key in reference if _is_wanted(key)}
    _check_kinds({key: value for key, value in weights.items() if reference[key].is_floating_point()})
    with Undrawn():
        network = build(num_classes)
    # Not by `load_state_dict`: MNASNet's asks for a version, which safetensors files have not.
    for key, value in network.state_dict().items():
        if key in weights:
            value.copy_(weights[key])
    return network, num_classes


def fits(build: Callable[[int], nn.Module], num_classes: int, state: Mapping[str, Tensor]) -> bool:
    """Whether `fit_weights` would find every key with its shape."""
    reference, _ = _reference(build, num_classes, state)
    return not any(_differences(reference, state))


def _reference(
    build: Callable[[int], nn.Module], num_classes: int, state: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], int]:
    """What the architecture's tensors are like with as many classes as the file's head has rows, and that number."""
    with ShapesOnly():
        reference = build(num_classes).state_dict()
    key = head_of(reference, num_classes)
    head = state.get(key)
    if head is None or head.ndim < 2 or len(head) == num_classes:
        return reference, num_classes
    # The rows of a head without columns cost a file nothing, however many it claims.
    if head.numel() or head.shape[1:] == reference[key].shape[1:]:
        num_classes = len(head)
        with ShapesOnly():
            reference = build(num_classes).state_dict()
    return reference, num_classes


def _is_wanted(key: str) -> bool:
    """Whether a key counts: counters of seen batches play no part in evaluation, and some tools drop them."""
    return not key.endswith("num_batches_tracked")


def _differences(
    reference: Mapping[str, Tensor], state: Mapping[str, Tensor]
) -> tuple[list[str], list[str], list[str]]:
    """Keys that are missing, unexpected, and of another shape."""
    missing = sorted(key for key in reference if _is_wanted(key) and key not in state)
    unexpected = sorted(key for key in state if key not in reference and key.split(".")[0] not in TRAINING_ONLY)
    misshapen = [
        f"{key}: file {tuple(state[key].shape)}, network {tuple(reference[key].shape)}"
        for key in reference
        if key in state and _is_wanted(key) and state[key].shape != reference[key].shape
    ]
    return missing, unexpected, misshapen


def _check_kinds(weights: Mapping[str, Tensor]) -> None:
    others = [f"{key} is {str(value.dtype)[6:]}" for key, value in weights.items() if not value.is_floating_point()]
    if others:
        raise WeightsRejected(
            f"Weights are floating-point numbers, but {_name_some(others)} in this file: quantised weights, masks and "
            "complex ones do not open here."
        )


def find_wrapper(state: Mapping[str, Tensor], fit: Callable[[Mapping[str, Tensor]], bool]) -> str:
    """What wrappers have put in front of the names of tensors that fit without it; "" where none do.

    Args:
        state: the tensors of the file.
        fit: whether tensors, without the prefix and without those that lack it, are those of the architecture.
    """
    pending = [""]
    for prefix in pending:  # which grows: one wrapper may hold another
        longer = [prefix + wrapper for wrapper in WRAPPERS if prefix.count(".") < 4]
        pending += [each for each in longer if any(key.startswith(each) for key in state)]
    return next((prefix for prefix in pending[1:] if fit(_unwrapped(state, prefix))), "")


def unwrap(data: bytes, prefix: str) -> bytes:
    """A safetensors file without a prefix of its tensors' names, and without the tensors that lack it.

    Raises:
        WeightsRejected: as for `read_weights`.
    """
    tensors, metadata = read_weights(data)
    return save(_unwrapped(tensors, prefix), metadata)


def _unwrapped(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def read_classes(text: str, count: int) -> tuple[str, ...]:
    """The class names in a file's metadata.

    Args:
        text: a JSON list.
        count: outputs of the network.

    Raises:
        WeightsRejected: it is no list of texts that can be shown, one for each output.
    """
    try:
        names = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsRejected("The file's class names are not a JSON list of texts.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise WeightsRejected("The file's class names are not a JSON list of texts.")
    if len(names) != count:
        raise WeightsRejected(f"The file names {len(names):,} classes, but its head has {count:,}.")
    for number, name in enumerate(names):
        if not can_be_shown(name) or len(name) > _LONGEST_NAME:
            raise WeightsRejected(
                f"The name of class {number} in the file cannot be shown: it is blank, longer than {_LONGEST_NAME} "
                "letters, or holds control characters."
            )
    return tuple(names)
