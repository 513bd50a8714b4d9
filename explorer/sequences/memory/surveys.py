"""What is left of a gradient a hundred letters back, for every bias of a gate and every spread of an RNN's weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from explorer.sequences.memory.gradients import draw_layer, geometric_mean, measure_by_autograd
from explorer.sequences.memory.networks import Network
from explorer.sequences.memory.texts import draw_texts, draw_tops
from explorer.slices import Slices

BIASES: Final = (0, 1, 2, 3, 4, 5)
SPREADS: Final = (0.8, 1.0, 1.2, 1.5, 2.0, 3.0)
STARTS: Final = 3  # draws of the weights, each with texts of its own
SURVEYED: Final = 50  # texts of each


@dataclass(frozen=True)
class Survey:
    """The networks, each with what it leaves in the three draws of its weights.

    Attributes:
        left: by network, its seed that of the first draw: geometric means over the texts, rising.
    """

    left: Mapping[Network, tuple[float, ...]]


def list_networks(units: int, seed: int) -> list[Network]:
    """All that are surveyed: LSTM and GRU by their bias, then RNNs by their spread, PyTorch's own first."""
    gated = [Network(kind, float(bias), units=units, seed=seed) for kind in ("lstm", "gru") for bias in BIASES]
    return [*gated, *(Network("rnn", spread=spread, units=units, seed=seed) for spread in (None, *SPREADS))]


def survey_in_slices(units: int, seed: int, far: int) -> Slices[Survey]:
    """Measure them all by PyTorch's autograd.

    Args:
        units: of each network.
        seed: of the first draw.
        far: letters back.

    Yields:
        How many networks are measured, of how many.
    """
    networks = list_networks(units, seed)
    left: dict[Network, tuple[float, ...]] = {}
    for network in networks:
        found = []
        for start in range(seed, seed + STARTS):
            layer = draw_layer(Network(network.kind, network.bias, network.spread, units, start))
            lengths = measure_by_autograd(layer, draw_texts(start, SURVEYED), draw_tops(start, SURVEYED, units))
            found.append(float(geometric_mean(lengths)[far]))
        left[network] = tuple(sorted(found))
        yield len(left), len(networks)
    return Survey(left)
