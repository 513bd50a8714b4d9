"""The end of a network: a new last layer, what comes before it and what follows it."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from explorer.transfer.trial import TransferRejected
from explorer.zoo.weights import head_of


def find_head(network: nn.Module, num_classes: int) -> str:
    """The dotted name of the layer that makes the logits.

    Raises:
        TransferRejected: no layer has an output for each class.
    """
    matrices = {name: weight for name, weight in network.named_parameters() if weight.ndim > 1}
    try:
        name = head_of(matrices, num_classes).rpartition(".")[0]
    except IndexError:
        name = ""
    if not name or not isinstance(network.get_submodule(name), (nn.Linear, nn.Conv2d)):
        raise TransferRejected("This network has no last layer that could be replaced by a new one.")
    return name


def renew_head(network: nn.Module, name: str, num_classes: int, seed: int) -> None:
    """Put a freshly drawn last layer of the same kind in the place of the old one.

    Args:
        network: it is changed.
        name: of its last layer, from `find_head`.
        num_classes: length of the logits.
        seed: the weights are the same for the same seed; the global random state is left alone.
    """
    old = network.get_submodule(name)
    new: nn.Module
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would set the GPUs' too
        if isinstance(old, nn.Conv2d):
            new = nn.Conv2d(old.in_channels, num_classes, old.kernel_size, old.stride, old.padding)  # type: ignore[arg-type]
        else:
            assert isinstance(old, nn.Linear)
            new = nn.Linear(old.in_features, num_classes)
    network.set_submodule(name, new.to(old.weight.device).eval())


class _Reached(Exception):
    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features


class _Stop(nn.Module):
    """Ends a forward pass with what it is given."""

    def forward(self, x: Tensor) -> Tensor:
        raise _Reached(x)


def body_before(network: nn.Module, name: str) -> Callable[[Tensor], Tensor]:
    """From x (B, 3, H, W) to what the module of that name reads, (B, D) or (B, C, h, w); nothing after it is computed.

    The function runs a copy that shares the network's weights and is always in evaluation mode.
    """
    clone = copy.deepcopy(network, {id(t): t for t in [*network.parameters(), *network.buffers()]})
    clone.set_submodule(name, _Stop())
    clone.eval()

    def run(x: Tensor) -> Tensor:
        try:
            clone(x)
        except _Reached as reached:
            return reached.features
        raise AssertionError(f"{name} took no part in the forward pass")

    return run


def tail_from(network: nn.Module, name: str) -> nn.Module:
    """From what the module of that name reads to the logits; the modules are the network's own.

    The module must be the last one of the network, or be followed by the rest of its `nn.Sequential` only.
    """
    parent, _, own = name.rpartition(".")
    siblings = dict(network.get_submodule(parent).named_children()) if parent else {}
    names = list(siblings)
    rest = [siblings[each] for each in names[names.index(own) + 1 :]] if own in names else []
    if not rest:
        return network.get_submodule(name)
    # What SqueezeNet's forward does after its last module; logits that are flat stay as they are.
    return nn.Sequential(network.get_submodule(name), *rest, nn.Flatten())
