"""Networks that end early: the first layers of an architecture, and a small new head on top of them.

What is kept has the names it has in the whole network, so that its weights can be told apart from new ones, and
compared with those it began with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn
from torchvision.models import GoogLeNet
from torchvision.models.regnet import AnyStage

from explorer.zoo.weights import TRAINING_ONLY, WeightsRejected

HIDDEN = 128  # units of the new hidden layer


class CutUnknown(ValueError):
    """A network cannot be cut there; the message says so in one sentence."""


class Truncated(nn.Module):
    """The layers of a network up to a cut, the average of each of their maps, and two dense layers.

    The averages are normalised first (Ba et al. 2016): in the middle of a network their scale is whatever the next
    layer was trained for, while the new layers learn at the same rate on all of them.

    Args:
        whole: the network; its modules become this network's, so the caller copies before or after.
        cut: dotted name of the last module to keep, one of `chain(whole)`.
        channels: of what comes out there.
        num_classes: length of the logits.
        hidden: units between the averages and the logits.

    Raises:
        CutUnknown: there is no such place.
    """

    def __init__(self, whole: nn.Module, cut: str, channels: int, num_classes: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        if cut not in chain(whole):
            raise CutUnknown(f"This network cannot be cut after {cut!r}.")
        self.cut = cut
        self.transform_input = bool(getattr(whole, "transform_input", False))
        for name, child in _until(whole, cut.split(".")):
            self.add_module(name, child)
        self.head = nn.Sequential()
        self.head.add_module("average", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("norm", nn.LayerNorm(channels))
        self.head.add_module("hidden", nn.Linear(channels, hidden))
        self.head.add_module("relu", nn.ReLU())
        self.head.add_module("classifier", nn.Linear(hidden, num_classes))

    def forward(self, x: Tensor) -> Tensor:
        if self.transform_input:  # both Inceptions were trained on inputs that are normalised in another way
            x = GoogLeNet._transform_input(self, x)
        for child in self.children():  # (B, C, h, w) until the head
            x = child(x)
        return x


def chain(network: nn.Module) -> tuple[str, ...]:
    """Names of the modules that a network applies one after the other, up to the pooling before its classes.

    A run of modules (`nn.Sequential`) is told by what is in it; a block with a forward pass of its own is one module.
    """
    children = [name for name, _ in network.named_children() if name not in TRAINING_ONLY]
    names: list[str] = []
    for child in children[:-1] if len(children) > 1 else children:  # the last one makes the classes
        for name in _unroll(child, network.get_submodule(child)):
            if isinstance(network.get_submodule(name), (nn.AdaptiveAvgPool2d, nn.Linear, nn.Dropout)):
                return tuple(names)
            names.append(name)
    return tuple(names)


def truncated_builder(
    build: Callable[[int], nn.Module], cut: str, state: Mapping[str, Tensor]
) -> Callable[[int], nn.Module]:
    """From a number of classes to the truncated architecture that a file's weights are for.

    Args:
        build: from a number of classes to the whole architecture.
        cut: dotted name of the last module that is kept, as the file states it.
        state: the file's tensors; sizes of the new layers are read from them.

    Raises:
        WeightsRejected: the file has no new layers, or names a place where this architecture cannot be cut.
    """
    weight = state.get("head.hidden.weight")
    if weight is None or weight.ndim != 2 or not weight.numel():
        raise WeightsRejected("The file says that it is a truncated network, but it lacks the layers after the cut.")
    hidden, channels = weight.shape

    def build_truncated(num_classes: int) -> nn.Module:
        try:
            return Truncated(build(num_classes), cut, channels, num_classes, hidden)
        except CutUnknown as error:
            raise WeightsRejected(str(error)) from error

    return build_truncated


def is_run(module: nn.Module) -> bool:
    """Whether a module does nothing but apply its children in turn, and they are not one unit in people's minds."""
    return type(module) is nn.Sequential or isinstance(module, AnyStage)


def _unroll(name: str, module: nn.Module) -> Iterator[str]:
    if not is_run(module):
        yield name
        return
    for inside, child in module.named_children():
        yield from _unroll(f"{name}.{inside}", child)


def _until(module: nn.Module, path: list[str]) -> Iterator[tuple[str, nn.Module]]:
    """The children of a module up to a place within it, the last one shortened."""
    for name, child in module.named_children():
        if name != path[0]:
            if name not in TRAINING_ONLY:
                yield name, child
            continue
        if len(path) > 1:
            shortened = nn.Sequential()
            for inside, part in _until(child, path[1:]):
                shortened.add_module(inside, part)
            child = shortened
        yield name, child
        return
