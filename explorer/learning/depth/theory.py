"""What happens to signal and gradient in infinitely wide layers, by the mean-field theory of random networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.learning.depth.signal import EPSILON, INPUTS, Recipe
from explorer.neurons.activations import ACTIVATIONS, Numbers

_STEP: Final = 0.01
# The middles of steps, symmetric about 0: no place lies on the kink of a ReLU.
_Z: Final = np.arange(-8 + _STEP / 2, 8, _STEP)
_DENSITY: Final = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()
_KINKED: Final = ("relu", "leaky_relu")


@dataclass(frozen=True, eq=False)
class Theory:
    """What is to be expected of a network.

    Attributes:
        spreads: (layers + 1,) standard deviation of the inputs and of each layer's outputs.
        lengths: (layers + 1,) of the gradient at the pixels and at each layer's outputs, 1 at the top.
        slope: the root mean square of the last layer's slopes.
        weight: by what the last layer's weights change the length of a gradient: their standard deviation times the
            root of the number of neurons.
    """

    spreads: Numbers
    lengths: Numbers
    slope: float
    weight: float


def expect(recipe: Recipe, inputs: NDArray[np.float32]) -> Theory | None:
    """What a random network does to a batch (N, 64) if its layers are infinitely wide.

    A neuron's sum is then normally distributed, with the variance q = n σ² p, where p is the mean square of the n
    numbers it reads and σ² the variance of the weights; the next layer's p is E φ(√q z)² (Poole et al. 2016). The mean
    square of a gradient is multiplied by n σ² E φ'(√q z)² in every layer, as if the weights on the way down were others
    than on the way up (Schoenholz et al. 2017); for ReLU that is n σ² / 2 (He et al. 2015). Batch normalisation makes
    q = 1 and divides the factor by the variance that it found (Yang et al. 2019); inputs of a batch are taken to have
    nothing to do with each other, which is true after some layers. A residual connection adds 1 to the factor.

    Returns:
        None for ReLUs with residual connections: there the gradient turns towards the outputs, which are all above 0,
        so that slopes and weights are not independent of it.
    """
    if recipe.residual and recipe.activation in _KINKED:
        return None
    x = inputs.astype(np.float64)
    square, mean, over_batch = float((x**2).mean()), float(x.mean()), float(x.var(axis=0).mean())
    spreads, factors, gain, slopes = [float(x.std())], [1.0], 1.0, 1.0
    for number in range(recipe.layers):
        count = recipe.width if number else INPUTS
        gain = count * recipe.spread_of_weights(count) ** 2
        found = gain * over_batch + EPSILON if recipe.batch_norm else 1.0
        variance = gain * over_batch / found if recipe.batch_norm else gain * square
        bent_mean, bent_square, slopes = _average(recipe.activation, variance)
        added = float(recipe.residual and number > 0)
        factors.append(added + gain * slopes / found)
        square = added * (square + 2 * mean * bent_mean) + bent_square
        mean = added * mean + bent_mean
        over_batch = added * over_batch + bent_square - bent_mean**2
        spreads.append(max(square - mean**2, 0.0) ** 0.5)
    lengths: Numbers = np.sqrt(np.cumprod([*factors[:1], *factors[:0:-1]], dtype=np.float64))[::-1]
    return Theory(np.array(spreads), lengths, slopes**0.5, gain**0.5)


def _average(activation: str, variance: float) -> tuple[float, float, float]:
    """E φ, E φ² and E φ'² of normally distributed sums with mean 0."""
    of = ACTIVATIONS[activation]
    z = variance**0.5 * _Z
    value = of.value(z)
    return float(_DENSITY @ value), float(_DENSITY @ value**2), float(_DENSITY @ of.slope(z) ** 2)
