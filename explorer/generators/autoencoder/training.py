"""Autoencoders trained on the patches of one photo, in slices: a linear one, and one with hidden layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.generators.autoencoder.coder import Coder, Layer
from explorer.generators.autoencoder.patches import DEPTH, Patches, measure_error
from explorer.neurons.activations import Numbers
from explorer.slices import Slices

Kind = Literal["linear", "mlp"]
HIDDEN: Final = 128  # neurons on either side of the code
BATCH: Final = 128
RATES: Final[dict[Kind, float]] = {"linear": 0.01, "mlp": 0.003}
SEEDS: Final = 3
STEPS: Final = (100, 400, 1600, 3200)
_MEASURED: Final = 40  # times during a training


@dataclass(frozen=True)
class Recipe:
    """All that a trained autoencoder depends on, but for its photo.

    Attributes:
        kind: "linear" has one dense layer to the code and one back, "mlp" a hidden layer with ReLU before and after.
        size: numbers of the code.
        steps: of Adam, 128 patches each.
        seed: of the first weights, the batches and the noise.
        noise: standard deviation of what is added to each number that goes in; what shall come out has none.
    """

    kind: Kind
    size: int = 16
    steps: int = 1600
    seed: int = 0
    noise: float = 0.0


@dataclass(frozen=True, eq=False)
class Run:
    """What is known of one training.

    Attributes:
        recipe: what was trained.
        steps: (M,) after which the error was measured, 0 first.
        errors: (M,) of all patches, in float32.
        error: of all patches, worked out by hand in float64.
        by_torch: the same by PyTorch's own layers in float64.
    """

    recipe: Recipe
    steps: Numbers
    errors: Numbers
    error: float
    by_torch: float


@dataclass(frozen=True, eq=False)
class Trained:
    """An autoencoder as training left it.

    Attributes:
        run: how it came about.
        layers: weights and biases in float32, as they were trained.
        mean, spread: (192,) what is subtracted from patches, and by what they are divided, before they go in.
    """

    run: Run
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    mean: Numbers
    spread: float

    @property
    def coder(self) -> Coder:
        """In float64, for patches as they are: their scaling is part of the first and of the last layer."""
        layers: list[Layer] = [(weight.astype(np.float64), bias.astype(np.float64)) for weight, bias in self.layers]
        (first, bias), (last, last_bias) = layers[0], layers[-1]
        layers[0] = first / self.spread, bias - first @ self.mean / self.spread
        layers[-1] = last * self.spread, last_bias * self.spread + self.mean
        half = len(layers) // 2
        return Coder(tuple(layers[:half]), tuple(layers[half:]))


def build(recipe: Recipe, generator: torch.Generator) -> nn.Sequential:
    """The network before training: weights as Glorot and Bengio (2010) draw them, biases 0."""
    layers: list[nn.Module] = (
        [nn.Linear(DEPTH, recipe.size), nn.Linear(recipe.size, DEPTH)]
        if recipe.kind == "linear"
        else [
            *(nn.Linear(DEPTH, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, recipe.size)),
            *(nn.Linear(recipe.size, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, DEPTH)),
        ]
    )
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def train_in_slices(patches: Patches, recipe: Recipe) -> Slices[Trained]:
    """Train by Adam on the mean squared error, its rate falling along half a cosine to 0.

    The same patches and recipe give the same numbers on the same machine.

    Yields:
        How many steps are done, of how many.

    Returns:
        The autoencoder.
    """
    mean, spread = patches.values.mean(axis=0), float(patches.values.std())
    x = torch.from_numpy(((patches.values - mean) / spread).astype(np.float32))
    generator = torch.Generator().manual_seed(recipe.seed)
    network = build(recipe, generator)
    optimiser = torch.optim.Adam(network.parameters(), RATES[recipe.kind])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    measured = []

    def measure(step: int) -> None:
        with torch.inference_mode():
            measured.append((step, F.mse_loss(network(x), x).item() * spread**2))

    every = max(1, recipe.steps // _MEASURED)
    measure(0)
    for step in range(1, recipe.steps + 1):
        batch = x[torch.randint(len(x), (BATCH,), generator=generator)]
        given = batch
        if recipe.noise:
            given = batch + torch.randn(batch.shape, generator=generator) * (recipe.noise / spread)
        loss = F.mse_loss(network(given), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % every == 0 or step == recipe.steps:
            measure(step)
        yield step, recipe.steps
    layers = tuple(
        (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        for layer in network
        if isinstance(layer, nn.Linear)
    )
    steps, errors = np.array(measured, np.float64).T
    trained = Trained(Run(recipe, steps, errors, 0.0, 0.0), layers, mean, spread)
    error = measure_error(trained.coder.run(patches.values), patches.values)
    double: Tensor = torch.from_numpy((patches.values - mean) / spread)
    with torch.inference_mode():
        by_torch = F.mse_loss(network.double()(double), double).item() * spread**2
    return replace(trained, run=replace(trained.run, error=error, by_torch=by_torch))
