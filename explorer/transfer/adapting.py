"""A network made ready for other classes by a strategy: what is new in it, what is trained, what is frozen."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from explorer.transfer.heads import find_head, renew_head
from explorer.transfer.trial import STRATEGIES, Strategy, TransferRejected
from explorer.transfer.truncation import Cut, choose_cut
from explorer.zoo import VisionModel, publish
from explorer.zoo.loading import training_builder
from explorer.zoo.truncation import Truncated
from explorer.zoo.weights import TRAINING_ONLY, ShapesOnly

_NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network made ready for other classes.

    Attributes:
        network: an own copy in evaluation mode; `requires_grad` of its weights says what is trained at the moment.
        strategy: what is trained.
        head: dotted name of the new last layer.
        new: names of weights that are freshly drawn and trained.
        pretrained: names of weights that begin pretrained and are trained at some time.
        frozen: names of weights that stay as they are.
        kept: for "truncated", number of stages that are kept; else 0.
        cut: for "truncated", dotted name of the last module that is kept; else "".
        metadata: for the safetensors file of its weights, so that `load_model(name, weights=...)` opens them.
    """

    network: nn.Module
    strategy: Strategy
    head: str
    new: tuple[str, ...]
    pretrained: tuple[str, ...]
    frozen: tuple[str, ...]
    kept: int
    cut: str
    metadata: Mapping[str, str]


def adapt(model: VisionModel, classes: Sequence[str], strategy: Strategy, kept: int = 0, seed: int = 0) -> Adapted:
    """Make a network ready to learn other classes.

    - "scratch": the architecture with freshly drawn weights; `tiny-vgg` with batch norm after its convolutions.
    - "head": a new last layer on frozen ones.
    - "truncated": the first stages, frozen; on them the normalised average of each map, a hidden layer of
      `truncation.HIDDEN` units and a last layer, all new.
    - "full": a new last layer, and everything before it trained too.
    - "gradual": the same, but `unfreeze` says from when on.
    - "norm": a new last layer, and scale and shift of the norm layers.

    Args:
        model: from the zoo; it is left as it is.
        classes: names of the new ones.
        strategy: what is trained.
        kept: for "truncated", how many stages; 0 for half of them.
        seed: of all weights that are drawn; the global random state is left alone.

    Raises:
        TransferRejected: this strategy cannot be done on this network.
    """
    if strategy not in STRATEGIES:
        raise TransferRejected(f"There is no strategy {strategy!r}; there are {', '.join(STRATEGIES)}.")
    cut = choose_cut(model, kept) if strategy == "truncated" else None
    network = _build(model, len(classes), strategy, cut, seed)
    head = find_head(network, len(classes))
    metadata = {"classes": json.dumps(list(classes), ensure_ascii=False)}
    if isinstance(network, Truncated):
        metadata["cut"] = network.cut
    new, pretrained = _trained(network, strategy, head)
    if strategy == "norm" and not pretrained:
        raise TransferRejected(
            f"{model.name} has no norm layers whose scale and shift could be trained: it was built without, or they "
            "are folded into its weights."
        )
    names = [name for name, _ in network.named_parameters()]
    frozen = tuple(name for name in names if name not in {*new, *pretrained})
    now = new if strategy == "gradual" else (*new, *pretrained)
    for name in now:
        network.get_parameter(name).requires_grad_(True)
    return Adapted(
        network, strategy, head, new, pretrained, frozen, cut.kept if cut else 0, cut.layer if cut else "", metadata
    )


def _build(model: VisionModel, count: int, strategy: Strategy, cut: Cut | None, seed: int) -> nn.Module:
    """The network with its new layers, all of it frozen."""
    if strategy == "scratch":
        network = _draw(model, count, seed)
    elif cut is not None:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)  # torch.manual_seed would set the GPUs' too
            # The modules are still the model's own: only what is kept is copied.
            network = copy.deepcopy(Truncated(model.network, cut.layer, cut.shape[0], count))
    else:
        head = find_head(model.network, len(model.classes))
        network = copy.deepcopy(model.network)
        for name in TRAINING_ONLY:
            if hasattr(network, name):
                setattr(network, name, None)
                network.aux_logits = False  # type: ignore[assignment]
        renew_head(network, head, count, seed)
    return publish(network, model.device)


def _draw(model: VisionModel, count: int, seed: int) -> nn.Module:
    build = training_builder(model.name)
    if model.device.type == "meta":
        with ShapesOnly():
            return build(count)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return build(count)


def _trained(network: nn.Module, strategy: Strategy, head: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the weights that are new, and of those that begin pretrained and are trained."""
    names = [name for name, _ in network.named_parameters()]
    if strategy == "scratch":
        return tuple(names), ()
    inside = "head" if strategy == "truncated" else head
    new = tuple(name for name in names if name.startswith(f"{inside}."))
    rest = [name for name in names if name not in new]
    if strategy in ("full", "gradual"):
        return new, tuple(rest)
    if strategy == "norm":
        norms = {name for name, module in network.named_modules() if isinstance(module, _NORMS)}
        return new, tuple(name for name in rest if name.rpartition(".")[0] in norms)
    return new, ()
