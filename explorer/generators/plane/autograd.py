"""The same game by PyTorch alone: autograd for both players, `torch.optim` for their steps."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.neurons.activations import Numbers
from explorer.neurons.perceptron import Perceptron


def as_module(net: Perceptron) -> nn.Sequential:
    """The same network, float64, with tanh between its layers."""
    parts = list[nn.Module]()
    for layer in net.layers:
        linear = nn.Linear(layer.weight.shape[1], layer.weight.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weight))
            linear.bias.copy_(torch.from_numpy(layer.bias))
        parts += [linear, nn.Tanh()]
    return nn.Sequential(*parts[:-1])


def judge_by_autograd(discriminator: Perceptron, real: Numbers, fake: Numbers) -> Numbers:
    """(P,) the discriminator's gradient, of binary cross-entropy on (N, 2) real points and (N, 2) fakes."""
    net = as_module(discriminator)
    for places, truth in ((real, 1.0), (fake, 0.0)):
        logits = net(torch.from_numpy(places))
        functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth)).backward()
    return _flatten(net)


def teach_by_autograd(generator: Perceptron, discriminator: Perceptron, codes: Numbers, loss: str) -> Numbers:
    """(P,) the generator's gradient for (N, size) codes; a name in `LOSSES`."""
    net = as_module(generator)
    _maker_loss(as_module(discriminator)(net(torch.from_numpy(codes))), loss).mean().backward()
    return _flatten(net)


def pull_by_autograd(discriminator: Perceptron, fakes: Numbers, loss: str) -> Numbers:
    """(N, 2) derivative of each fake's own loss by its place."""
    places = torch.tensor(fakes, requires_grad=True)
    total = _maker_loss(as_module(discriminator)(places), loss).sum()
    return np.asarray(torch.autograd.grad(total, places)[0])


def _maker_loss(logits: Tensor, loss: str) -> Tensor:
    return functional.logsigmoid(-logits) if loss == "minimax" else -functional.logsigmoid(logits)


def _flatten(net: nn.Module) -> Numbers:
    return np.concatenate([np.asarray(each.grad).ravel() for each in net.parameters()])
