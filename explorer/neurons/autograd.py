"""The gradients of a perceptron by PyTorch's autograd, to stand beside those by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.neurons.activations import LEAK, Numbers
from explorer.neurons.autograd_losses import LOSSES_OF_PYTORCH
from explorer.neurons.perceptron import Perceptron, split_numbers

_ACTIVATIONS: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "linear": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, LEAK),
}


def gradient_by_autograd(net: Perceptron, points: Numbers, targets: Numbers, loss: str) -> Numbers:
    """(P,) derivative of the mean loss by every number of the perceptron, by PyTorch in float64.

    Args:
        net: Whose numbers they are.
        points: (N, inputs)
        targets: (N, classes), 1 for the true class.
        loss: A name in `LOSSES`.
    """
    parts = [
        torch.from_numpy(np.array(part)).requires_grad_()
        for layer in split_numbers(net.sizes, net.numbers)
        for part in layer
    ]
    x = torch.from_numpy(points)
    for index, (weight, bias) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        x = F.linear(_ACTIVATIONS[net.activation](x) if index else x, weight, bias)
    gradients = torch.autograd.grad(LOSSES_OF_PYTORCH[loss](x, torch.from_numpy(targets)), parts)
    return np.concatenate([gradient.numpy().ravel() for gradient in gradients])
