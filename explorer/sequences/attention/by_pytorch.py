"""The same run by PyTorch's own modules, and how far the one by hand is from it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.neurons.activations import Numbers
from explorer.sequences.attention.dates import LENGTH
from explorer.sequences.attention.network import START, DateNetwork
from explorer.sequences.attention.steps import Run


@dataclass(frozen=True)
class Differences:
    """The largest by which anything by hand differs from PyTorch in float64.

    Attributes:
        states: of the encoder, by `nn.GRU`.
        weights: of attention, by `F.softmax`; 0 without attention.
        decoder: the decoder's states, by `nn.GRUCell`.
        probabilities: of all characters.
    """

    states: float
    weights: float
    decoder: float
    probabilities: float

    @property
    def largest(self) -> float:
        """Of them all."""
        return max(self.states, self.weights, self.decoder, self.probabilities)


@torch.inference_mode()
def find_differences_from_pytorch(
    network: DateNetwork, run: Run, moved: Mapping[int, Numbers] | None = None
) -> Differences:
    """Lead PyTorch's modules through what was written by hand.

    Args:
        network: that wrote it.
        run: what it wrote.
        moved: as `write` was given it; of these places only the own weights are compared.
    """
    theirs = deepcopy(network).double()
    states, last = theirs.encoder(theirs.read(torch.tensor([run.reading.numbers])))
    context = torch.cat([last[0], last[1]], 1)
    state = torch.tanh(theirs.first(context))
    found = {"weights": 0.0, "decoder": 0.0, "probabilities": 0.0}
    before = START
    for place, step in zip(range(LENGTH), run.steps, strict=True):
        if network.attends:
            scores = theirs.energy(torch.tanh(theirs.key(states) + theirs.query(state)[:, None]))[..., 0]
            weights = F.softmax(scores, dim=1)
            found["weights"] = max(found["weights"], _distance(step.own_weights, weights[0]))
            if moved and place in moved:
                weights = torch.from_numpy(moved[place] / moved[place].sum())[None]
            context = weights @ states[0]
        state = theirs.decoder(torch.cat([theirs.written(torch.tensor([before])), context], 1), state)
        probabilities = F.softmax(theirs.output(torch.cat([state, context], 1)), dim=1)
        found["decoder"] = max(found["decoder"], _distance(step.state, state[0]))
        found["probabilities"] = max(found["probabilities"], _distance(step.probabilities, probabilities[0]))
        before = step.number
    return Differences(_distance(run.states, states[0]), **found)


def _distance(ours: Numbers | None, theirs: Tensor) -> float:
    assert ours is not None
    return float(np.abs(ours - theirs.numpy()).max())
