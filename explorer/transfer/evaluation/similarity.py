"""How well features that nobody trained on these pictures separate their classes.

That is what "a similar task" comes down to: where a pretrained network's features already tell the classes apart, a new
head is enough. Three measures of features and labels; where the features come from is in `features`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import split
from explorer.transfer.features import features_of
from explorer.transfer.trial import TransferRejected
from explorer.zoo import VisionModel

MOST = 1000  # pictures that are measured: a probe on more takes minutes and says the same
NEIGHBOURS, FOLDS = 5, 5
_STEPS = 300  # of the probe's solver; it has found the accuracy long before it has found the last digit of the weights

Features = NDArray[np.floating]


@dataclass(frozen=True)
class Similarity:
    """What was measured of the features of some pictures.

    Attributes:
        probe: accuracy of a linear probe on pictures it was not fitted to.
        probe_deviation: standard deviation of that over the folds.
        neighbours: accuracy of the vote of the five nearest other pictures.
        cka: linear CKA of features and classes, 0 to 1.
        chance: accuracy of always naming the largest class.
        pictures, classes, dimensions: how many there were.
    """

    probe: float
    probe_deviation: float
    neighbours: float
    cka: float
    chance: float
    pictures: int
    classes: int
    dimensions: int

    @property
    def separation(self) -> float:
        """The probe's way from chance, 0, to no error, 1; a probe below chance counts as 0."""
        return max(0.0, (self.probe - self.chance) / (1 - self.chance)) if self.chance < 1 else 0.0

    @property
    def numbers(self) -> tuple[tuple[str, str, str], ...]:
        """Name, value and meaning of each measure, for people."""
        return (
            (
                "Linear probe",
                f"{100 * self.probe:.1f} %",
                "Accuracy of a logistic regression on the features, each picture held out once; "
                f"{100 * self.chance:.1f} % by always naming the largest class.",
            ),
            (
                "Five neighbours",
                f"{100 * self.neighbours:.1f} %",
                "Pictures whose five nearest others, by their features, mostly belong to the same class.",
            ),
            (
                "Linear CKA",
                f"{self.cka:.2f}",
                "How alike features and classes are as descriptions of the pictures, from 0 to 1 (Kornblith et al. "
                "2019).",
            ),
        )


def measure_similarity(features: Features, labels: NDArray[np.int64], seed: int = 0) -> Similarity:
    """All three measures.

    Args:
        features: (N, D), see `features_of`. Of more than 1,000 pictures, 1,000 are drawn, as many of each class as its
            share.
        labels: (N,) classes; at least two of them, each with at least two pictures.
        seed: of the draw and of the folds.

    Raises:
        TransferRejected: too few classes or pictures, or features that are not finite.
    """
    _check(features, labels)
    places = draw_places(labels, MOST, seed)
    chosen, own = features[places].astype(np.float64), labels[places]
    probe, deviation = linear_probe(chosen, own, seed)
    counts = np.unique(own, return_counts=True)[1]
    return Similarity(
        probe,
        deviation,
        vote_of_neighbours(chosen, own),
        linear_cka(chosen, np.eye(int(labels.max()) + 1)[own]),
        float(counts.max() / counts.sum()),
        len(own),
        len(counts),
        features.shape[1],
    )


def draw_places(labels: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Sorted places of at most about `most` pictures, as many of each class as its share, at least two of each."""
    if len(labels) <= most:
        return np.arange(len(labels))
    random = np.random.default_rng(seed)
    drawn = []
    for each in np.unique(labels):
        own = np.flatnonzero(labels == each)
        count = min(len(own), max(2, round(most * len(own) / len(labels))))
        drawn.append(random.choice(own, count, replace=False))
    return np.sort(np.concatenate(drawn))


def linear_probe(features: Features, labels: NDArray[np.int64], seed: int = 0) -> tuple[float, float]:
    """Accuracy of a logistic regression on standardised features, cross-validated (Alain and Bengio 2016).

    Means and deviations are taken from the pictures it is fitted to. There are five folds, fewer where a class has
    fewer pictures.

    Returns:
        Share of right answers over all pictures, each told by a probe that has not seen it, and its standard deviation
        over the folds.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    right, shares = np.zeros(len(labels), dtype=bool), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for fitted, held_out in StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, labels):
            # C well below 1: there are often more features than pictures.
            probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=_STEPS))
            probe.fit(features[fitted], labels[fitted])
            right[held_out] = probe.predict(features[held_out]) == labels[held_out]
            shares.append(right[held_out].mean())
    return float(right.mean()), float(np.std(shares, ddof=1))


def vote_of_neighbours(features: Features, labels: NDArray[np.int64], count: int = NEIGHBOURS) -> float:
    """Share of pictures that most of their nearest other pictures name rightly, by Euclid on standardised features.

    Where two classes have as many votes, the one of the lower number wins.
    """
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    count = min(count, len(labels) - 1)
    lengths = (scaled**2).sum(axis=1)
    distances = lengths[:, None] + lengths[None, :] - 2 * scaled @ scaled.T  # (N, N), squared
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :count]  # (N, k)
    classes = int(labels.max()) + 1
    votes = np.stack([np.bincount(row, minlength=classes) for row in labels[nearest]])  # (N, K)
    return float((votes.argmax(axis=1) == labels).mean())


def linear_cka(first: Features, second: Features) -> float:
    """How alike two descriptions of the same N things are, whatever rotation or scale they come in.

    With columns centred, ||Y'X||² / (||X'X|| ||Y'Y||) in Frobenius norms (Kornblith et al. 2019, "Similarity of Neural
    Network Representations Revisited", equation 5 and following). With far more columns than things it tends to be too
    high, so it is to be compared between features of one width, not with 0.

    Args:
        first: (N, D).
        second: (N, E), such as classes one-hot.

    Returns:
        0 to 1; 0 where one of the two is constant.

    Raises:
        ValueError: they are not of the same number of things.
    """
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise ValueError(f"{first.shape} and {second.shape} do not describe the same things")
    # By N x N products, since N is bounded here and D is not: ||Y'X||² is the sum of (XX') * (YY').
    one, other = (np.asarray(each - each.mean(axis=0), dtype=np.float64) for each in (first, second))
    left, right = one @ one.T, other @ other.T
    scale = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float((left * right).sum() / scale) if scale > 0 else 0.0


def _check(features: Features, labels: NDArray[np.int64]) -> None:
    if features.ndim != 2 or len(features) != len(labels):
        raise ValueError(f"features {features.shape} do not fit {len(labels)} labels")
    counts = np.unique(labels, return_counts=True)[1]
    if len(counts) < 2 or counts.min() < 2:
        raise TransferRejected("Telling how well classes separate takes two classes with two pictures each.")
    if not np.isfinite(features).all():
        raise TransferRejected("Some of the network's features are not finite numbers, so they cannot be compared.")


def measure_pictures(
    model: VisionModel, pictures: PictureSet, split_seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], Similarity]:
    """Features and labels of at most `MOST` training pictures, and how similar a task they are.

    Args:
        model: a network that has not learned from them.
        pictures: the whole set; its test pictures are left for the test.
        split_seed: of `splitting.split`.

    Raises:
        TransferRejected: too few pictures, or features that are no numbers.
    """
    training = split(pictures.labels, split_seed).training
    places = training[draw_places(pictures.labels[training], MOST, split_seed)]
    features, labels = features_of(model, pictures, places), pictures.labels[places]
    return features, labels, measure_similarity(features, labels)
