"""What training changed inside a network: the features of pictures as points of a plane, and maps of a layer.

How far weights moved is told by `movement`; here is what comes of it. "Before" is the network as its training began:
pretrained layers with their weights, new ones as they were drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy import LayerFacts, record, summarize_layers
from explorer.transfer.evaluation.movement import likeness, movement
from explorer.transfer.evaluation.similarity import NEIGHBOURS, vote_of_neighbours
from explorer.transfer.experiment import Experiment
from explorer.transfer.strategies import adapt
from explorer.transfer.trial import TransferRejected, Trial
from explorer.zoo import VisionModel, load_model

MOST_POINTS = 600  # t-SNE of more takes longer than one waits

Projection = Literal["pca", "tsne"]
PROJECTIONS: dict[Projection, str] = {"pca": "PCA", "tsne": "t-SNE"}
LEAST_POINTS = 5  # below, t-SNE has nothing to arrange
_PERPLEXITY = 30.0


def starting_network(trial: Trial, classes: Sequence[str], device: str = "auto") -> VisionModel:
    """The network as it was before the first step of its training.

    Args:
        trial: what was trained.
        classes: names of the classes.
        device: as for `load_model`.

    Raises:
        TransferRejected: the trial's strategy cannot be done on its network.
        WeightsUnavailable, DeviceUnavailable, ModelUnknown: as for `load_model`.
    """
    model = load_model(trial.network, device)
    network = adapt(model, classes, trial.strategy, trial.kept, trial.seed).network.requires_grad_(False)
    return replace(model, title=f"{trial.network}, before training", network=network, classes=tuple(classes))


@dataclass(frozen=True)
class Moved:
    """How far the layers of a network moved that began pretrained, in the order in which a picture goes through them.

    Attributes:
        distance: by layer, as `movement` measures it.
        likeness: by layer, the cosine between its weights before and after.
    """

    distance: Mapping[str, float]
    likeness: Mapping[str, float]

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The layers' names and both numbers, for a file."""
        numbers = {"distance": self.distance, "likeness": self.likeness}
        found = {name: np.array(list(values.values())) for name, values in numbers.items()}
        return {"layers": np.array(list(self.distance)), **found}


def moved_from_pretrained(trial: Trial, trained: VisionModel) -> Moved:
    """Compare a trained network with the weights that it began from; layers that began at random are left out.

    Args:
        trial: what was trained.
        trained: what came of it.

    Raises:
        TransferRejected: the trial's strategy cannot be done on its network.
        WeightsUnavailable, ModelUnknown: as for `load_model`.
    """
    adapted = adapt(load_model(trial.network, "cpu"), trained.classes, trial.strategy, trial.kept, trial.seed)
    known = {*adapted.pretrained, *adapted.frozen}
    before = {name: value for name, value in adapted.network.state_dict().items() if name in known}
    after = trained.network.state_dict()
    distance, alike = movement(before, after), likeness(before, after)
    order = in_execution_order(tuple(distance), trained)
    return Moved({layer: distance[layer] for layer in order}, {layer: alike[layer] for layer in order})


@dataclass(frozen=True)
class Separation:
    """How well classes lie apart.

    Attributes:
        silhouette: mean over all points, from -1 to 1: how much nearer a point is to its own class than to the next
            one (Rousseeuw 1987); NaN where every class or only one class is a single point.
        neighbours: share of points whose nearest neighbours would put them into the right class, as
            `similarity.vote_of_neighbours` counts.
        count: how many neighbours were asked.
    """

    silhouette: float
    neighbours: float
    count: int


def separation(features: NDArray[np.floating], labels: NDArray[np.int64]) -> Separation:
    """Measure by Euclidean distance how well the classes lie apart in all dimensions, not only in a plane.

    Args:
        features: (N, D) with N at least 2.
        labels: (N,).
    """
    from sklearn.metrics import silhouette_score

    kinds = len(np.unique(labels))
    silhouette = float(silhouette_score(features, labels)) if 2 <= kinds < len(labels) else float("nan")
    told = vote_of_neighbours(features.astype(np.float64), labels)
    return Separation(silhouette, told, min(NEIGHBOURS, len(labels) - 1))


def project(features: NDArray[np.floating], method: Projection, seed: int = 0) -> NDArray[np.float64]:
    """Arrange points in a plane.

    "pca" turns the cloud so that it is widest along the first axis and keeps distances where it can. "tsne" keeps
    neighbours together (van der Maaten & Hinton 2008); sizes of groups and distances between them mean little there.
    Its perplexity is 30, or a third of the points where there are few.

    Args:
        features: (N, D).
        method: which.
        seed: of t-SNE; PCA has no chance in it.

    Returns:
        (N, 2).

    Raises:
        TransferRejected: fewer than five points for t-SNE, or two for PCA.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    count = len(features)
    least = LEAST_POINTS if method == "tsne" else 2
    if count < least:
        raise TransferRejected(f"{PROJECTIONS[method]} needs at least {least} pictures; there are {count}.")
    values = features.astype(np.float64)
    if not np.ptp(values, axis=0).any():
        return np.zeros((count, 2))  # all points are one; neither method can say more
    plane = np.zeros((count, 2))
    if method == "pca":
        kept = min(2, *values.shape)
        plane[:, :kept] = PCA(kept, svd_solver="full").fit_transform(values)
        return plane
    perplexity = min(_PERPLEXITY, (count - 1) / 3)
    # One thread: the steps are so short that several would mostly wait for each other where a training takes the cores.
    with threadpool_limits(1, user_api="openmp"):
        arranged = TSNE(2, perplexity=perplexity, init=_begin(values), random_state=seed).fit_transform(values)
    return np.asarray(arranged, dtype=np.float64)


def _begin(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where t-SNE begins: PCA's plane, as small as its authors advise, with whatever number of dimensions."""
    plane = project(values, "pca")
    return plane / np.std(plane[:, 0]) * 1e-4


def common_layers(before: VisionModel, after: VisionModel) -> tuple[LayerFacts, ...]:
    """Layers of the same name and shape in both, in the order in which a picture goes through them."""
    shapes = {facts.name: facts.shape for facts in summarize_layers(before, _blank(before))}
    return tuple(facts for facts in summarize_layers(after, _blank(after)) if shapes.get(facts.name) == facts.shape)


def _blank(model: VisionModel) -> Tensor:
    side = model.preprocessing.size
    return torch.zeros(1, 3, side, side)


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps of one layer before and after a training, for the same picture.

    Attributes:
        before, after: (C, H, W) float32.
        signed: whether any value of either is below zero.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]

    @property
    def signed(self) -> bool:
        return bool(min(self.before.min(), self.after.min()) < 0)

    @property
    def changed(self) -> NDArray[np.float64]:
        """(C,) root mean square of the difference of each map."""
        difference = self.after.astype(np.float64) - self.before
        return np.asarray(np.sqrt(np.square(difference).mean(axis=(1, 2))))

    @property
    def order(self) -> NDArray[np.intp]:
        """Channels, the most changed first."""
        return np.argsort(-self.changed, kind="stable")


def maps_of(before: VisionModel, after: VisionModel, x: Tensor, layer: str) -> Maps:
    """What a layer makes of a picture in both networks.

    Args:
        before, after: networks that both have the layer, with the same shape.
        x: (1, 3, S, S), normalised.
        layer: one of `common_layers`.

    Raises:
        LayerUnknown: one of them has no such layer.
    """
    first, last = (record(model, x, layers=[layer])[layer].maps.float().cpu().numpy() for model in (before, after))
    return Maps(first, last)


def in_execution_order(layers: Sequence[str], model: VisionModel) -> tuple[str, ...]:
    """Layers in the order in which a picture goes through them.

    A part of a layer that is recorded as one, such as attention, comes where that layer does; what takes no part in the
    forward pass comes last.

    Args:
        layers: paths of modules, as `movement` names them.
        model: the network they are of.
    """
    places: dict[str, int] = {}
    for place, facts in enumerate(summarize_layers(model, _blank(model))):
        places.setdefault(facts.path, place)

    def place_of(layer: str) -> int:
        """Its own place, or that of the module it is in."""
        while layer not in places and layer:
            layer = layer.rpartition(".")[0]
        return places[layer] if layer else len(places)

    return tuple(sorted(layers, key=place_of))


def choose_places(experiment: Experiment, count: int, group: str) -> NDArray[np.int64]:
    """Which pictures are shown: at most `MOST_POINTS`, evenly taken."""
    places = experiment.test_places if group == "test" else np.arange(count)
    if len(places) > MOST_POINTS:
        places = places[np.linspace(0, len(places) - 1, MOST_POINTS).round().astype(np.int64)]
    return np.asarray(places, dtype=np.int64)
