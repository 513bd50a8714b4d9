"""What makes a short code of a patch, and a patch of a code: dense layers, by hand in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from explorer.neurons.activations import Numbers

Layer = tuple[Numbers, Numbers]
"""Weights (outputs, inputs) and biases (outputs,), as in `nn.Linear`."""

_STEPS: Final = 255  # between the least and the greatest of numbers that are kept as bytes
_RANGE: Final = 8  # bytes for the two ends of a range, as float32


@dataclass(frozen=True, eq=False)
class Coder:
    """An encoder and a decoder, with a ReLU between any two layers of each.

    Attributes:
        encoder: from 192 numbers to the code.
        decoder: from the code to 192 numbers.
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]

    @property
    def size(self) -> int:
        """Numbers of a code."""
        return len(self.encoder[-1][1])

    @property
    def bytes_of_decoder(self) -> int:
        """What `rounded` keeps of it: a byte for each weight and bias, and a range for each row of them."""
        return sum(weight.size + bias.size + _RANGE * (len(weight) + 1) for weight, bias in self.decoder)

    def encode(self, values: Numbers) -> Numbers:
        """(N, 192) to (N, size)."""
        return _run(self.encoder, values)

    def decode(self, codes: Numbers) -> Numbers:
        """(N, size) to (N, 192)."""
        return _run(self.decoder, codes)

    def run(self, values: Numbers) -> Numbers:
        """(N, 192) through the code and back."""
        return self.decode(self.encode(values))

    def rounded(self) -> Coder:
        """With a decoder whose numbers are bytes."""
        kept = tuple((round_to_bytes(weight), round_to_bytes(bias[None])[0]) for weight, bias in self.decoder)
        return replace(self, decoder=kept)


def round_to_bytes(values: Numbers) -> Numbers:
    """Every row brought to 256 even steps between its least and its greatest value."""
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    step = np.where(high > low, (high - low) / _STEPS, 1.0)
    return np.asarray(low + np.rint((values - low) / step) * step)


def count_bytes(codes: Numbers) -> int:
    """Of codes (N, size) that `round_to_bytes` keeps number by number: a byte each, and their ranges."""
    return codes.size + _RANGE * codes.shape[1]


def _run(layers: Sequence[Layer], values: Numbers) -> Numbers:
    for number, (weight, bias) in enumerate(layers):
        values = (np.maximum(values, 0.0) if number else values) @ weight.T + bias
    return values
