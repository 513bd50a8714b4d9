"""Pictures on a plane by their features, and how far the plane may be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.picture_features.album import FEWEST
from explorer.picture_features.neighbours import Rows, as_directions
from explorer.slices import Slices

Kind = Literal["pca", "tsne"]
PLANES: Final[Mapping[Kind, str]] = {"pca": "PCA", "tsne": "t-SNE"}
_STEPS: Final = 250  # of gradient descent in a slice, the fewest that scikit-learn makes
_SLICES: Final = 4
_PERPLEXITY: Final = 30.0
_ALIKE: Final = 1e-7  # features of length 1 that differ by less are equal but for rounding
_KEPT: Final = 50  # directions of PCA that t-SNE is given, as van der Maaten & Hinton did


@dataclass(frozen=True, eq=False)
class Plane:
    """Where pictures lie.

    Attributes:
        points: (N, 2).
        explained: share of the variance that both directions have together; None where it means nothing.
    """

    points: NDArray[np.float64]
    explained: float | None


def project_by_pca(features: Rows) -> Plane:
    """The plane in which the directions of the features differ most (Pearson 1901).

    Found by the eigenvectors of the smaller of the two products, pictures by pictures or features by features. Each
    axis points to where its farthest picture lies, since its sign means nothing.

    Args:
        features: (N, D), made as long as 1 first, so that only directions count, as for the neighbours.
    """
    points, explained = _principal(features, 2)
    return Plane(points, float(explained.sum()))


def compare_with_svd(features: Rows, points: NDArray[np.float64]) -> float | None:
    """How far a plane of PCA lies from SciPy's singular value decomposition, which finds it without the products.

    Args:
        features: (N, D), as `project_by_pca` was given them.
        points: (N, 2), where it has put them.

    Returns:
        The largest difference of a coordinate, as a share of the largest coordinate; None where the features have fewer
        than three dimensions or are all alike, so that there is nothing to decompose.
    """
    from scipy.sparse.linalg import svds

    rows = as_directions(features)
    rows = rows - rows.mean(0)
    largest = float(np.abs(points).max())
    if min(rows.shape) < 3 or largest < _ALIKE:
        return None
    left, values, _ = svds(rows, k=2, v0=np.random.default_rng(0).standard_normal(min(rows.shape)))
    theirs = (left * values)[:, np.argsort(-values)]
    theirs *= np.where((theirs * points).sum(0) < 0, -1.0, 1.0)  # the sign of an axis is free
    return float(np.abs(theirs - points).max()) / largest


def project_by_tsne(features: Rows, seed: int = 0) -> Slices[Plane]:
    """The plane that keeps neighbours together (van der Maaten & Hinton 2008), in slices of 250 steps, by scikit-learn.

    It begins with PCA, so that runs with one seed agree; the first slice exaggerates what is near, the others go on
    from where the last one has ended.

    Args:
        features: (N, D), made as long as 1 first: then its distances agree with the cosine.
        seed: of what is left to chance.
    """
    from sklearn.manifold import TSNE

    count = len(features)
    rows, _ = _principal(features, min(_KEPT, count - 1, features.shape[1]))
    begun = np.pad(rows[:, :2], ((0, 0), (0, max(0, 2 - rows.shape[1]))))
    spread = begun[:, 0].std()
    points = (begun / spread * 1e-4 if spread > 0 else _scatter(count, seed)).astype(np.float32)
    for done in range(_SLICES):
        made = TSNE(
            2,
            perplexity=min(_PERPLEXITY, (count - 1) / 3),
            early_exaggeration=12.0 if done == 0 else 1.0,
            max_iter=_STEPS,
            init=points,
            random_state=seed,
            n_jobs=1,
        )
        points = made.fit_transform(rows.astype(np.float32))
        yield done + 1, _SLICES
    return Plane(np.asarray(points, np.float64), None)


def measure_trust(near: NDArray[np.int64], near_on_map: NDArray[np.int64], neighbours: int) -> float:
    """Trustworthiness (Venna & Kaski 2006): whether those that are near on the map are near in truth, 0 to 1.

    T(k) = 1 - 2 / (N k (2N - 3k - 1)) · Σ_i Σ_j (r(i, j) - k), over the j that are among the k nearest of i on the map
    but not by the features, where r(i, j) is j's rank by the features, 1 for the nearest. By chance it is about
    one half.

    Args:
        near, near_on_map: (N, N - 1) as `rank_neighbours` gives them, by the features and on the map.
        neighbours: k, less than N / 2.

    Raises:
        ValueError: k is too large.
    """
    count, k = len(near), neighbours
    if not 0 < k < count / 2:
        raise ValueError(f"Of {count} pictures 1 to {(count - 1) // 2} neighbours can be looked at, not {k}.")
    ranks = np.zeros((count, count), np.int64)
    np.put_along_axis(ranks, near, np.arange(1, count)[None], axis=1)
    beyond = np.take_along_axis(ranks, near_on_map[:, :k], axis=1) - k
    return float(1.0 - 2.0 / (count * k * (2 * count - 3 * k - 1)) * beyond[beyond > 0].sum())


def _principal(features: Rows, kept: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates (N, kept) along the directions of greatest variance, and the share of each in the whole variance."""
    if len(features) < FEWEST:
        raise ValueError(f"A plane of {len(features)} pictures says nothing; it takes {FEWEST}.")
    rows = as_directions(features)
    rows = rows - rows.mean(0)
    wide = rows.shape[1] > len(rows)
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    values, vectors = np.maximum(values[::-1][:kept], 0.0), vectors[:, ::-1][:, :kept]
    points = vectors * np.sqrt(values) if wide else rows @ vectors
    points = np.pad(points, ((0, 0), (0, kept - points.shape[1])))  # fewer features than directions
    farthest = points[np.abs(points).argmax(0), np.arange(kept)]
    whole = float((rows**2).sum())
    return points * np.where(farthest < 0, -1.0, 1.0), values / whole if whole > 0 else np.zeros_like(values)


def _scatter(count: int, seed: int) -> NDArray[np.float64]:
    """Where all features are alike, there is nothing to begin with."""
    return 1e-4 * np.random.default_rng(seed).standard_normal((count, 2))
