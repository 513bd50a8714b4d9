"""Every path from one weight or bias to the loss, as a product; their sum is the derivative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from explorer.neurons.activations import ACTIVATIONS, Numbers
from explorer.neurons.losses import LOSSES
from explorer.neurons.perceptron import Perceptron, forward


@dataclass(frozen=True)
class Path:
    """One way from a weight to the loss.

    Attributes:
        units: Of the weight's layer and of every layer after it.
        factors: What the weight multiplies (1 for a bias); slope and weight at every step; the derivative of the loss
            by the last unit's logit.
    """

    units: tuple[int, ...]
    factors: tuple[float, ...]

    @property
    def product(self) -> float:
        """What this path adds to the derivative."""
        return prod(self.factors)


def find_paths(
    net: Perceptron, point: Numbers, target: Numbers, loss: str, layer: int, unit: int, source: int | None
) -> Iterator[Path]:
    """The paths of one point, in the order of their units.

    Args:
        net: Whose weight it is.
        point: (inputs,)
        target: (classes,)
        loss: A name in `LOSSES`.
        layer: Of the weight, from 0.
        unit: Of that layer, to which the weight leads.
        source: What the weight multiplies: a unit of the layer before; None for the bias.
    """
    passed = forward(net, point[None])
    slope = ACTIVATIONS[net.activation].slope
    slopes = [slope(sums[0]) for sums in passed.sums[:-1]]
    by_logits = LOSSES[loss].gradient(passed.sums[-1], target[None])[0]
    start = 1.0 if source is None else float(passed.values[layer][0, source])
    for rest in product(*(range(size) for size in net.sizes[layer + 2 :])):
        units = (unit, *rest)
        factors = [start]
        for depth, (here, there) in enumerate(zip(units, rest, strict=False), layer):
            factors += [float(slopes[depth][here]), float(net.layers[depth + 1].weight[there, here])]
        yield Path(units, (*factors, float(by_logits[units[-1]])))
