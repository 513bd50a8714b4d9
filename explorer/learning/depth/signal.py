"""A deep network before training: the signal up, the gradient down, and the factors that each layer puts on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.neurons.activations import ACTIVATIONS, Numbers

Start = Literal["xavier", "he", "own"]
STARTS: Final[tuple[Start, ...]] = ("xavier", "he", "own")

LEAST_LAYERS: Final = 2
MOST_LAYERS: Final = 100
LEAST_SIGMA: Final = 0.001
MOST_SIGMA: Final = 2.0
INPUTS: Final = 64  # pixels of a digit, or of a patch
EPSILON: Final = 1e-5  # of batch normalisation, PyTorch's own
TOP: Final = 1000  # added to a seed: that of the gradient which is sent in


@dataclass(frozen=True)
class Recipe:
    """A network of dense layers without biases, as it is before training.

    Attributes:
        layers: how many, the first of which reads 64 inputs.
        width: neurons of each.
        activation: a name in `ACTIVATIONS`.
        start: how weights are drawn, all by a normal distribution: by Xavier's variance 2 / (inputs + outputs), He's
            2 / inputs, or by an own standard deviation.
        sigma: that standard deviation.
        residual: whether every layer after the first adds what it gives to what it reads.
        batch_norm: whether sums are normalised over the batch before the activation.
        seed: of the weights.
    """

    layers: int = 50
    width: int = 256
    activation: str = "relu"
    start: Start = "xavier"
    sigma: float = 0.3
    residual: bool = False
    batch_norm: bool = False
    seed: int = 0

    def spread_of_weights(self, inputs: int) -> float:
        """The standard deviation from which the weights of a layer with so many inputs are drawn."""
        return {"xavier": (2 / (inputs + self.width)) ** 0.5, "he": (2 / inputs) ** 0.5, "own": self.sigma}[self.start]

    def begun(self, start: Start) -> Recipe:
        """The same network with its weights drawn in another way."""
        return replace(self, start=start)


@dataclass(frozen=True, eq=False)
class Measured:
    """What PyTorch computes of a network and a batch in one precision; what overflows is infinite or not a number.

    Attributes:
        spreads: (layers + 1,) standard deviation of the inputs and of each layer's outputs, over batch and neurons.
        lengths: (layers + 1,) of the gradient at the pixels and at each layer's outputs, over the whole batch, where
            one of length 1 is sent in at the top.
        weight_gradients: (layers,) length of the gradient of each layer's weights.
        squares: length of the gradient of the first layer's weights where the loss is the mean square of the last
            layer's outputs.
        outputs: (layers, width) what each layer gives for the batch's first input.
        gradients: (layers, width) the gradient there.
    """

    spreads: Numbers
    lengths: Numbers
    weight_gradients: Numbers
    squares: float
    outputs: Numbers
    gradients: Numbers


@dataclass(frozen=True, eq=False)
class Factors:
    """What each layer does to the gradient on its way down, worked out by hand in float64.

    The gradient g at a layer's outputs is W^T B (s ∘ g) at its inputs: times the slopes s, through batch
    normalisation B, times the weights. Each of the three changes the length by a factor. Without residual connections
    the product of all factors is what is left at the pixels of a gradient of length 1, whatever the network.

    Attributes:
        lengths: (layers + 1,) as in `Measured`.
        slopes, norms, weights: (layers,) the factors of each layer; those of batch normalisation are 1 without it.
    """

    lengths: Numbers
    slopes: Numbers
    norms: Numbers
    weights: Numbers

    @cached_property
    def means(self) -> tuple[float, float, float]:
        """Geometric means over the layers of the factors of slopes, batch normalisation and weights."""
        slopes, norms, weights = (geometric_mean(each) for each in (self.slopes, self.norms, self.weights))
        return slopes, norms, weights

    @property
    def per_layer(self) -> float:
        """The geometric mean over the layers of what a layer and its detour do together."""
        return float((self.lengths[0] / self.lengths[-1]) ** (1 / len(self.slopes)))


def draw_weights(recipe: Recipe) -> list[Tensor]:
    """The weights of every layer, (width, inputs), as `torch.nn.init` draws them in float32."""
    generator = torch.Generator().manual_seed(recipe.seed)
    weights = []
    for number in range(recipe.layers):
        weight = torch.empty(recipe.width, recipe.width if number else INPUTS)
        if recipe.start == "xavier":
            nn.init.xavier_normal_(weight, generator=generator)
        elif recipe.start == "he":
            nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
        else:
            nn.init.normal_(weight, std=recipe.sigma, generator=generator)
        weights.append(weight)
    return weights


def draw_top(recipe: Recipe, count: int) -> Tensor:
    """(count, width) a random gradient of length 1, to be sent in at the top, in float64."""
    top = torch.randn(count, recipe.width, generator=torch.Generator().manual_seed(recipe.seed + TOP)).double()
    return top / top.norm()


def run_layers(recipe: Recipe, weights: Sequence[Tensor], inputs: Tensor) -> list[Tensor]:
    """(N, width) outputs of every layer for a batch (N, 64); normalised by the batch where there is normalisation."""
    bend: nn.Module = getattr(nn, ACTIVATIONS[recipe.activation].module.removeprefix("nn.").removesuffix("()"))()
    outputs: list[Tensor] = []
    h = inputs
    for number, weight in enumerate(weights):
        z = F.linear(h, weight)
        if recipe.batch_norm:
            z = F.batch_norm(z, None, None, training=True, eps=EPSILON)
        h = h + bend(z) if recipe.residual and number else bend(z)
        outputs.append(h)
    return outputs


def measure_by_autograd(recipe: Recipe, inputs: NDArray[np.float32], dtype: torch.dtype) -> Measured:
    """What autograd says of the network for a batch (N, 64), in float32 or float64; lengths are taken in float64."""
    x = torch.from_numpy(inputs).to(dtype).requires_grad_()
    weights = [weight.to(dtype).requires_grad_() for weight in draw_weights(recipe)]
    outputs = run_layers(recipe, weights, x)
    places = [x, *outputs]
    top = draw_top(recipe, len(inputs)).to(dtype)
    gradients = torch.autograd.grad(outputs[-1], [*places, *weights], top, retain_graph=True)
    (of_squares,) = torch.autograd.grad(outputs[-1].pow(2).mean(), weights[0])
    arrays = [each.detach().double().numpy() for each in places]
    lengths = np.array([measure_length(each.double().numpy()) for each in gradients])
    return Measured(
        np.array([_spread(each) for each in arrays]),
        lengths[: len(places)],
        lengths[len(places) :],
        measure_length(of_squares.double().numpy()),
        np.stack([each[0] for each in arrays[1:]]),
        np.stack([each[0].double().numpy() for each in gradients[1 : len(places)]]),
    )


def work_out_factors(recipe: Recipe, inputs: NDArray[np.float32]) -> Factors:
    """The factors of every layer for a batch (N, 64), by the chain rule and without autograd."""
    activation = ACTIVATIONS[recipe.activation]
    h = inputs.astype(np.float64)
    kept: list[tuple[Numbers, Numbers, Numbers | None]] = []  # weights, what the activation got, 1 / deviation
    with np.errstate(over="ignore", invalid="ignore"):
        for number, drawn in enumerate(draw_weights(recipe)):
            weight = drawn.double().numpy()
            z, scale = h @ weight.T, None
            if recipe.batch_norm:
                scale = 1 / np.sqrt(z.var(axis=0) + EPSILON)
                z = (z - z.mean(axis=0)) * scale
            kept.append((weight, z, scale))
            h = h + activation.value(z) if recipe.residual and number else activation.value(z)
        g = draw_top(recipe, len(inputs)).numpy()
        lengths = [measure_length(g)]
        factors = []
        for number in reversed(range(recipe.layers)):
            weight, z, scale = kept[number]
            bent = g * activation.slope(z)
            by_sums = bent
            if scale is not None:
                # Every sum moves the mean and the variance of its neuron, and through them the whole batch.
                by_sums = (bent - bent.mean(axis=0) - z * (bent * z).mean(axis=0)) * scale
            down = by_sums @ weight
            steps = [lengths[-1], *(measure_length(each) for each in (bent, by_sums, down))]
            factors.append([_divide(after, before) for before, after in pairwise(steps)])
            g = g + down if recipe.residual and number else down
            lengths.append(measure_length(g))
    slopes, norms, of_weights = np.array(factors[::-1]).T
    return Factors(np.array(lengths[::-1]), slopes, norms, of_weights)


def standardise(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """All numbers together brought to mean 0 and standard deviation 1.

    Raises:
        ValueError: If they are all the same.
    """
    wide = values.astype(np.float64)
    if np.ptp(wide) == 0:
        raise ValueError("all inputs are the same")
    return np.asarray(((wide - wide.mean()) / wide.std()).astype(np.float32))


def measure_length(values: Numbers) -> float:
    """The root of the sum of squares, without squaring what is very large or very small."""
    largest = float(np.abs(values).max())
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(((values / largest) ** 2).sum()))


def geometric_mean(values: Numbers) -> float:
    """Of lengths or factors; 0 where one of them is 0."""
    with np.errstate(divide="ignore"):
        return float(np.exp(np.log(values).mean()))


def _spread(values: Numbers) -> float:
    if np.isinf(values).any():
        return float(np.abs(values).max())  # NaN where there is one
    centred = values - values.mean()
    return measure_length(centred) / values.size**0.5


def _divide(after: float, before: float) -> float:
    """By what a length has changed; 0 where nothing is left to change."""
    return after / before if before else after
