"""Recurrent networks of one layer before training: RNN, LSTM and GRU, and how open the gate stands that keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import nn

from explorer.neurons.first_weights import begin

Kind = Literal["rnn", "lstm", "gru"]
Layer = nn.RNN | nn.LSTM | nn.GRU
MODULES: Final[dict[Kind, type[Layer]]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
NAMES: Final[dict[Kind, str]] = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}


@dataclass(frozen=True)
class Network:
    """One recurrent layer with weights as PyTorch draws them, but for what is told here.

    Attributes:
        kind: which layer.
        bias: of the gate that keeps: an LSTM's forget gate, a GRU's update gate. An RNN has none.
        spread: of an RNN's W_h, whose weights are then normal with standard deviation spread / √units; None for
            PyTorch's own, which are uniform and spread by 1 / √3.
        units: H, numbers of the state.
        seed: of the weights.
    """

    kind: Kind
    bias: float = 0.0
    spread: float | None = None
    units: int = 32
    seed: int = 0

    @property
    def title(self) -> str:
        """Its name for people."""
        if self.kind == "rnn":
            return "RNN" if self.spread is None else f"RNN, spread {self.spread:g}"
        return f"{NAMES[self.kind]}, bias {self.bias:g}"


def build(network: Network, inputs: int, generator: torch.Generator) -> Layer:
    """The layer in float32, its weights drawn by `generator` in the order in which PyTorch itself would draw them.

    Args:
        network: which one; its seed is the generator's affair.
        inputs: V, numbers that it reads at every step.
        generator: draws the weights, and stands after them afterwards.
    """
    layer: Layer = begin(lambda: MODULES[network.kind](inputs, network.units), generator)
    with torch.no_grad():
        _, onward, first, second = layer.parameters()
        if network.kind != "rnn":  # in both other layers the gate that keeps is the second
            first[network.units : 2 * network.units] = network.bias
            second[network.units : 2 * network.units] = 0.0
        elif network.spread is not None:
            onward.normal_(0.0, network.spread * network.units**-0.5, generator=generator)
    return layer


def layer_lines(network: Network, inputs: str) -> list[str]:
    """Python that makes `layer`, with the seed that was set before.

    Args:
        network: which one.
        inputs: how many, as it is written.
    """
    units = network.units
    lines = [f"layer = nn.{NAMES[network.kind]}({inputs}, {units})"]
    if network.kind != "rnn":
        lines += [
            "with torch.no_grad():",
            f"    layer.bias_ih_l0[{units}:{2 * units}] = {network.bias!r}  # of the gate that keeps",
            f"    layer.bias_hh_l0[{units}:{2 * units}] = 0.0",
        ]
    elif network.spread is not None:
        lines += ["with torch.no_grad():", f"    layer.weight_hh_l0.normal_(0.0, {network.spread!r} * {units} ** -0.5)"]
    return lines
