"""Scikit-learn's handwritten digits, and the two kinds of network that learn them here: an MLP and a CNN."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.slices import Slices, finish

Kind = Literal["mlp", "cnn"]
Place = Literal["ground", "bare"]

SMALL: Final = 8  # rows and columns of the digits as they come
DIGIT: Final = 14  # of a digit on its ground
GROUND: Final = 24  # of the ground
FARTHEST: Final = (GROUND - DIGIT) // 2  # cells to the ground's border
HELD_OUT: Final = 450
EPOCHS: Final[dict[tuple[Kind, Place], int]] = {
    ("mlp", "ground"): 10,
    ("cnn", "ground"): 4,
    ("mlp", "bare"): 10,
    ("cnn", "bare"): 10,
}
BATCH: Final = 32
RATE: Final = 0.01  # the largest of OneCycleLR


@dataclass(frozen=True)
class Digits:
    """The data.

    Attributes:
        images: (1797, 8, 8) float32, 0 for paper and 1 for ink.
        labels: (1797,) which digit.
        training, held_out: places of those that are learned from, and of the others; the same in every run.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    training: NDArray[np.intp]
    held_out: NDArray[np.intp]


@dataclass(frozen=True)
class Recipe:
    """All that a trained network depends on.

    Attributes:
        kind: "mlp" has one hidden layer of 32 neurons, "cnn" convolutions and the maximum over all places.
        place: "ground" for digits of 14 x 14 in the middle of 24 x 24 cells, "bare" for the 8 x 8 as they come.
        poolings: 2 x 2 max poolings between the layers of a CNN on the ground: 0, 1 or 2.
        shuffled: whether the pixels of all digits are put into one other order, drawn once.
        seed: of the first weights, the order of the batches and the shuffling.
    """

    kind: Kind
    place: Place = "ground"
    poolings: int = 0
    shuffled: bool = False
    seed: int = 0

    @property
    def side(self) -> int:
        """Rows and columns of what the network gets."""
        return GROUND if self.place == "ground" else SMALL


@dataclass(frozen=True)
class Trained:
    """A network as training left it; nobody writes into it.

    Attributes:
        recipe: what it was made by.
        network: (N, 1, side, side) to logits (N, 10).
        start: first-layer weights before the first step, float32.
        right: how many held-out digits it gets right, moved to the right by 0, 1, ... cells; on bare digits at 0 only.
    """

    recipe: Recipe
    network: nn.Sequential
    start: NDArray[np.float32]
    right: tuple[int, ...]

    @property
    def weights(self) -> int:
        """How many numbers training sets, biases among them."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def first(self) -> NDArray[np.float32]:
        """First-layer weights as pictures: (32, side, side) of an MLP, (filters, k, k) of a CNN."""
        return first_pictures(self.network)

    @property
    def accuracies(self) -> tuple[float, ...]:
        """`right` as shares of the held-out digits."""
        return tuple(count / HELD_OUT for count in self.right)


@cache
def load_digits() -> Digits:
    """The digits of `sklearn.datasets.load_digits`, a quarter of each class held out."""
    from sklearn import datasets, model_selection

    found = datasets.load_digits()
    places = np.arange(len(found.target))
    training, held_out = model_selection.train_test_split(
        places, test_size=HELD_OUT, stratify=found.target, random_state=0
    )
    return Digits((found.images / 16).astype(np.float32), found.target.astype(np.int64), training, held_out)


def prepare(images: NDArray[np.float32], recipe: Recipe, columns: int = 0) -> Tensor:
    """What a network gets of digits: (N, 8, 8) to (N, 1, side, side).

    Args:
        images: 0 for paper and 1 for ink.
        recipe: of the network: on its ground, shuffled or not.
        columns: cells to the right by which they are moved on their ground, before any shuffling.

    Raises:
        ValueError: If the digits would be moved over the border, or are bare and to be moved.
    """
    if not abs(columns) <= (FARTHEST if recipe.place == "ground" else 0):
        raise ValueError(f"digits cannot be moved by {columns} cells")
    x = torch.from_numpy(images)[:, None]
    if recipe.place == "ground":
        enlarged = F.interpolate(x, size=DIGIT, mode="bilinear", align_corners=False)
        x = F.pad(enlarged, (FARTHEST + columns, FARTHEST - columns, FARTHEST, FARTHEST))
    return x.flatten(1)[:, shuffling(recipe)].view_as(x) if recipe.shuffled else x


def shuffling(recipe: Recipe) -> Tensor:
    """(side²,) which old pixel stands at each new place."""
    return torch.randperm(recipe.side**2, generator=torch.Generator().manual_seed(recipe.seed))


def build(recipe: Recipe, generator: torch.Generator) -> nn.Sequential:
    """The network before training: weights as He et al. (2015) draw them, biases 0."""
    layers: list[nn.Module]
    if recipe.kind == "mlp":
        layers = [nn.Flatten(), nn.Linear(recipe.side**2, 32), nn.ReLU(), nn.Linear(32, 10)]
    else:
        on_ground = recipe.place == "ground"
        sizes, channels = ((5, 5, 3), (1, 8, 16, 32)) if on_ground else ((3, 3), (1, 16, 32))
        layers = []
        for number, (size, (given, made)) in enumerate(zip(sizes, pairwise(channels), strict=True)):
            layers += [nn.Conv2d(given, made, size, padding=size // 2), nn.ReLU()]
            if number < recipe.poolings:
                layers.append(nn.MaxPool2d(2))
        layers += [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels[-1], 10)]
    for layer in layers:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def first_pictures(network: nn.Sequential) -> NDArray[np.float32]:
    """The first layer's weights, a picture for each of its neurons or filters, copied."""
    layer = next(layer for layer in network if isinstance(layer, (nn.Linear, nn.Conv2d)))
    weight = layer.weight.detach().numpy()
    side = round((weight.size // len(weight)) ** 0.5)
    return np.array(weight.reshape(len(weight), side, side))


def train_in_slices(recipe: Recipe) -> Slices[Trained]:
    """Train one network by Adam on cross-entropy, and count what it gets right.

    The same recipe gives the same weights on the same machine.

    Yields:
        How many steps are done, of how many.

    Returns:
        The network.
    """
    data = load_digits()
    known = prepare(data.images[data.training], recipe)
    labels = torch.from_numpy(data.labels[data.training])
    generator = torch.Generator().manual_seed(recipe.seed)
    network = build(recipe, generator)
    start = first_pictures(network)
    a_round = len(labels) // BATCH
    steps = EPOCHS[recipe.kind, recipe.place] * a_round
    optimiser = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    shifts = range(FARTHEST + 1) if recipe.place == "ground" else (0,)
    whole = steps + len(shifts)
    done = 0
    while done < steps:
        for batch in torch.randperm(len(labels), generator=generator)[: a_round * BATCH].split(BATCH):
            loss = F.cross_entropy(network(known[batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            done += 1
            yield done, whole
    network.eval().requires_grad_(False)
    right = []
    for columns in shifts:
        right.append(_count_right(network, recipe, columns))
        done += 1
        yield done, whole
    return Trained(recipe, network, start, tuple(right))


def _count_right(network: nn.Sequential, recipe: Recipe, columns: int) -> int:
    data = load_digits()
    with torch.inference_mode():
        logits = network(prepare(data.images[data.held_out], recipe, columns))
    return int((logits.argmax(dim=1).numpy() == data.labels[data.held_out]).sum())


def train(recipe: Recipe) -> Trained:
    """The network of a recipe, without a pause."""
    return finish(train_in_slices(recipe))


def compute_logits(trained: Trained, image: NDArray[np.float32], columns: int = 0) -> NDArray[np.float64]:
    """(10,) what PyTorch makes of one digit (8, 8) in float64, moved to the right by `columns`; see `prepare`."""
    network = deepcopy(trained.network).double()
    with torch.inference_mode():
        logits: NDArray[np.float64] = network(prepare(image[None], trained.recipe, columns).double())[0].numpy()
    return logits


def count_silent(mlp: Trained) -> int:
    """How many hidden neurons no training digit brings above 0: through ReLU they get no gradient any more."""
    data = load_digits()
    hidden = mlp.network[:-1](prepare(data.images[data.training], mlp.recipe))
    return int((hidden.amax(dim=0) == 0).sum())


def reorder(mlp: Trained) -> Trained:
    """An MLP for shuffled pixels, without any training: the columns of its first layer shuffled like the pixels."""
    recipe = replace(mlp.recipe, shuffled=True)
    order = shuffling(recipe)
    network = deepcopy(mlp.network)
    first = network[1]
    assert isinstance(first, nn.Linear)
    first.weight.data = first.weight.data[:, order]
    start = mlp.start.reshape(len(mlp.start), -1)[:, order.numpy()].reshape(mlp.start.shape)
    return replace(mlp, recipe=recipe, network=network, start=start)
