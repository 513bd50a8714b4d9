"""What is left of a gradient at letters ever longer ago: backpropagation through time by hand, and by autograd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from explorer.neurons.activations import Numbers
from explorer.sequences.cells import open_gru, open_lstm
from explorer.sequences.memory.networks import Layer, Network, build
from explorer.sequences.memory.texts import INPUTS

BAND: Final = (5.0, 95.0)  # percentiles between which nine texts in ten lie
VANISHED: Final = 1e-3  # of the length at the last letter
EXPLODED: Final = 10.0  # times it


@dataclass(frozen=True, eq=False)
class Flow:
    """A gradient of length 1 at the last state of each of N texts, on its way back through T letters.

    All are ordered by distance: 0 is the last letter, T - 1 the first.

    Attributes:
        lengths: (N, T) length of the gradient at each letter, with respect to its one-hot vector.
        kept: (N, T, H) the gate that keeps, f of an LSTM or z of a GRU; empty for an RNN.
        direct: (N, T) what arrives if it goes through the memory alone, multiplied by those gates and by nothing else;
            empty for an RNN.
        slopes: (N, T) by which factor the slopes of tanh change its length at each step of an RNN; else empty.
        onward: (N, T - 1) the same of W_h.
    """

    lengths: Numbers
    kept: Numbers
    direct: Numbers
    slopes: Numbers
    onward: Numbers

    def summarise(self) -> tuple[Numbers, Numbers, Numbers]:
        """(T,) the geometric mean of the texts, and between what nine of ten of them lie."""
        low, high = np.percentile(self.lengths, BAND, axis=0)
        return geometric_mean(self.lengths), low, high


def geometric_mean(values: Numbers) -> Numbers:
    """Over the first axis: lengths are products, and one long one would outweigh all others in the common mean."""
    with np.errstate(divide="ignore"):
        mean: Numbers = np.exp(np.log(values).mean(axis=0))
    return mean


def draw_layer(network: Network) -> Layer:
    """The network's layer for letters of the alphabet, in float64."""
    return build(network, INPUTS, torch.Generator().manual_seed(network.seed)).double()


def flow_back(network: Network, texts: NDArray[np.int64], tops: Numbers) -> Flow:
    """Forward through the letters and back, worked out by hand in float64.

    Args:
        network: of which kind, and with which weights.
        texts: (N, T) numbers of letters.
        tops: (N, H) the gradient at each text's last state.
    """
    parameters = [each.detach().numpy() for each in draw_layer(network).parameters()]
    flow = {"rnn": _flow_rnn, "lstm": _flow_lstm, "gru": _flow_gru}[network.kind]
    return flow(parameters, texts, tops)


def measure_by_autograd(layer: Layer, texts: NDArray[np.int64], tops: Numbers) -> Numbers:
    """(N, T) the lengths that `Flow` has, by PyTorch's own layer and its autograd."""
    inputs = F.one_hot(torch.from_numpy(texts.T), layer.input_size).double().requires_grad_()
    states, _ = layer(inputs)
    (gradient,) = torch.autograd.grad(states[-1], inputs, torch.from_numpy(tops))
    lengths: Numbers = gradient.norm(dim=2).flip(0).T.numpy()
    return lengths


def _length(values: Numbers) -> Numbers:
    length: Numbers = np.linalg.norm(values, axis=1)
    return length


def _flow_rnn(parameters: Sequence[Numbers], texts: NDArray[np.int64], tops: Numbers) -> Flow:
    """H = tanh(W_x x + W_h h + b)."""
    inward, onward, first, second = parameters
    states = []
    h = np.zeros_like(tops)
    for letters in texts.T:
        h = np.tanh(inward.T[letters] + h @ onward.T + first + second)
        states.append(h)
    lengths, slopes, weights = [], [], []
    g = tops
    for h in reversed(states):
        through = g * (1 - h**2)
        slopes.append(_length(through) / _length(g))
        lengths.append(_length(through @ inward))
        g = through @ onward
        weights.append(_length(g) / _length(through))
    none = np.empty((len(tops), 0))
    return Flow(np.stack(lengths, 1), none, none, np.stack(slopes, 1), np.stack(weights[:-1], 1))


def _flow_lstm(parameters: Sequence[Numbers], texts: NDArray[np.int64], tops: Numbers) -> Flow:
    """C = f c + i g, h = o tanh c."""
    inward, onward, first, second = parameters
    steps = []
    h, c = np.zeros_like(tops), np.zeros_like(tops)
    for letters in texts.T:
        i, f, g, o = open_lstm(inward.T[letters] + h @ onward.T + first + second)
        before = c
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append((i, f, g, o, before, np.tanh(c)))
    kept = np.stack([step[1] for step in reversed(steps)], 1)

    def go_back(*, through_gates: bool) -> Numbers:
        lengths = []
        at_h, at_c = tops, np.zeros_like(tops)
        for i, f, g, o, before, shown in reversed(steps):
            at_c = at_c + at_h * o * (1 - shown**2)
            parts = (
                at_c * g * i * (1 - i),
                at_c * before * f * (1 - f),
                at_c * i * (1 - g**2),
                at_h * shown * o * (1 - o),
            )
            at_sums = np.concatenate(parts, axis=1)
            lengths.append(_length(at_sums @ inward))
            at_c = at_c * f
            at_h = at_sums @ onward if through_gates else np.zeros_like(tops)
        return np.stack(lengths, 1)

    none = np.empty((len(tops), 0))
    return Flow(go_back(through_gates=True), kept, go_back(through_gates=False), none, none)


def _flow_gru(parameters: Sequence[Numbers], texts: NDArray[np.int64], tops: Numbers) -> Flow:
    """H = (1 - z) n + z h, as PyTorch has it: r before W_h h of the candidate n."""
    inward, onward, first, second = parameters
    steps = []
    h = np.zeros_like(tops)
    for letters in texts.T:
        by_state = h @ onward.T + second
        r, z, n = open_gru(inward.T[letters] + first, by_state)
        steps.append((r, z, n, h, np.split(by_state, 3, axis=1)[2]))
        h = (1 - z) * n + z * h
    kept = np.stack([step[1] for step in reversed(steps)], 1)

    def go_back(*, through_gates: bool) -> Numbers:
        lengths = []
        at_h = tops
        for r, z, n, before, recalled in reversed(steps):
            at_n = at_h * (1 - z) * (1 - n**2)
            at_r = at_n * recalled * r * (1 - r)
            at_z = at_h * (before - n) * z * (1 - z)
            lengths.append(_length(np.concatenate((at_r, at_z, at_n), axis=1) @ inward))
            at_h = at_h * z
            if through_gates:
                at_h = at_h + np.concatenate((at_r, at_z, at_n * r), axis=1) @ onward
        return np.stack(lengths, 1)

    none = np.empty((len(tops), 0))
    return Flow(go_back(through_gates=True), kept, go_back(through_gates=False), none, none)
