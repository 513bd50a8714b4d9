"""Losses and their gradients by PyTorch's autograd, to stand beside those by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.neurons.activations import Numbers

LOSSES_OF_PYTORCH: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "cross_entropy": F.cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "squared_error": lambda logits, targets: F.mse_loss(logits.softmax(-1), targets),
    "probability": lambda logits, targets: -(targets * logits.softmax(-1)).sum(-1).mean(),
}
"""Means over examples, of logits and targets (N, K), by the names of `LOSSES`."""


def loss_by_autograd(loss: str, logits: Numbers, targets: Numbers) -> tuple[float, Numbers]:
    """The loss of one example, and its derivative by every logit (K,), by PyTorch in float64.

    Args:
        loss: a name in `LOSSES`.
        logits, targets: (K,).
    """
    z = torch.tensor(logits[None], requires_grad=True)
    value = LOSSES_OF_PYTORCH[loss](z, torch.tensor(targets[None]))
    (gradient,) = torch.autograd.grad(value, z)
    return value.item(), gradient[0].numpy()
