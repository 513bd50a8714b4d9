"""PyTorch's own first weights, drawn by a generator of one's own."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeVar

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

M = TypeVar("M", bound=nn.Module)


def begin(make: Callable[[], M], generator: torch.Generator) -> M:
    """A network with the first weights that PyTorch gives it after `torch.manual_seed`, bit for bit.

    PyTorch itself draws from one generator for the whole process, from which another session's training may draw in
    between.

    Args:
        make: makes the network, of dense, convolutional and recurrent layers in the order in which it makes them.
        generator: draws the weights, and stands after them afterwards.
    """
    with torch.device("meta"):  # where nothing is drawn
        network = make()
    network.to_empty(device="cpu")
    for layer in network.modules():
        if isinstance(layer, (nn.Linear, _ConvNd)):
            nn.init.kaiming_uniform_(layer.weight, a=sqrt(5), generator=generator)
            if layer.bias is not None:
                reach = 1 / sqrt(layer.weight[0].numel())
                nn.init.uniform_(layer.bias, -reach, reach, generator=generator)
        elif isinstance(layer, nn.RNNBase):
            reach = 1 / sqrt(layer.hidden_size)
            for parameter in layer.parameters():
                nn.init.uniform_(parameter, -reach, reach, generator=generator)
    return network
