"""The strategies, and how each is trained: which weights at which rate, in which mode, from when on.

How a network is made ready is in `adapting`, what that looks like before anything is trained in `plan`; the loop that
trains is in `training`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from explorer.transfer.adapting import Adapted, adapt
from explorer.transfer.heads import body_before, tail_from
from explorer.transfer.plan import PlannedLayer, plan
from explorer.transfer.settling import BatchNorm
from explorer.transfer.trial import Recipe
from explorer.transfer.truncation import Cut, list_cuts, weight_stages

__all__ = [
    "Adapted",
    "Cut",
    "PlannedLayer",
    "adapt",
    "feature_body",
    "fresh_norms",
    "list_cuts",
    "parameter_groups",
    "plan",
    "pretrained_stages",
    "set_training_mode",
    "tail",
    "unfreeze",
]

_DROPOUTS = nn.modules.dropout._DropoutNd


def unfreeze(adapted: Adapted, share: float) -> None:
    """For "gradual": make the last stages trainable, from the head down, and freeze those before them.

    Args:
        adapted: its network is changed; the head is always trained.
        share: of the pretrained stages, from 0 to 1; a part of a stage stays frozen.
    """
    stages = pretrained_stages(adapted)
    count = int(min(max(share, 0.0), 1.0) * len(stages) + 1e-9)  # 0.58 * 50 is a little less than 29
    for place, stage in enumerate(stages):
        for name in stage:
            adapted.network.get_parameter(name).requires_grad_(place >= len(stages) - count)


def pretrained_stages(adapted: Adapted) -> tuple[tuple[str, ...], ...]:
    """The pretrained weights that are trained at some time, in stages, the one next to the picture first."""
    wanted = set(adapted.pretrained)
    stages = (tuple(name for name in stage if name in wanted) for stage in weight_stages(adapted.network))
    return tuple(stage for stage in stages if stage)


def set_training_mode(adapted: Adapted) -> None:
    """Put every module into the mode in which it learns.

    What is pretrained stays in evaluation mode, so that batch norm keeps its statistics: those of a few pictures are
    worse, and networks whose norms are partly folded away are other networks with them. Everything new is in training
    mode, but for dropout inside the architecture: the recipe's dropout before the head takes its place.
    """
    adapted.network.eval()
    fresh = _fresh_part(adapted)
    fresh.train()
    for module in fresh.modules():
        if isinstance(module, _DROPOUTS):
            module.eval()


def fresh_norms(adapted: Adapted) -> list[BatchNorm]:
    """The batch norm layers that learn in training mode, and whose statistics are therefore their own."""
    return [module for module in _fresh_part(adapted).modules() if isinstance(module, BatchNorm)]


def parameter_groups(adapted: Adapted, recipe: Recipe) -> list[dict[str, Any]]:
    """Everything that is trained at some time, for an optimiser of `torch.optim`.

    New layers learn at the recipe's rate, pretrained ones at a share of it; weights with more than one dimension decay.
    """
    groups = []
    rates = ((adapted.new, recipe.learning_rate), (adapted.pretrained, recipe.learning_rate * recipe.backbone_share))
    for names, rate in rates:
        weights = [adapted.network.get_parameter(name) for name in names]
        for chosen, decay in (
            ([weight for weight in weights if weight.ndim > 1], recipe.weight_decay),
            ([weight for weight in weights if weight.ndim <= 1], 0.0),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups


def feature_body(adapted: Adapted) -> Callable[[Tensor], Tensor]:
    """From x (B, 3, S, S) to what the new layers read, (B, D) or (B, C, h, w).

    It shares the network's weights and is in evaluation mode whatever the network is in. For "truncated" these are the
    averages of the last maps that are kept; for all others, what the last layer reads.
    """
    return body_before(adapted.network, _entrance(adapted))


def tail(adapted: Adapted) -> nn.Module:
    """From `feature_body`'s features to the logits (B, K): the network's own modules, in the mode they are in."""
    return tail_from(adapted.network, _entrance(adapted))


def _fresh_part(adapted: Adapted) -> nn.Module:
    return adapted.network if adapted.strategy == "scratch" else adapted.network.get_submodule(_new_part(adapted))


def _new_part(adapted: Adapted) -> str:
    """The module that all new ones are in, on pretrained layers."""
    return "head" if adapted.strategy == "truncated" else adapted.head


def _entrance(adapted: Adapted) -> str:
    """The first module that has weights of its own and reads what other layers than the new ones made."""
    return "head.norm" if adapted.strategy == "truncated" else adapted.head
