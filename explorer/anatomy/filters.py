"""The filters of one convolution among themselves: how strong, how alike, which do nothing. Weights only, no image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from explorer.text import count_text, significant

FilterOrder = Literal["index", "norm", "group"]

DEAD: Final = 1e-3  # of the median: trained filters lie within a factor of 100 of it, abandoned ones millions below
NEAR_DUPLICATE: Final = 0.95  # cosine: an angle of 18 degrees
SIMILAR: Final = 0.5  # mean cosine between two groups for them to be joined: 60 degrees
_ROWS_AT_ONCE = 256
_NAMED = 12  # filters in one sentence


@dataclass(frozen=True, eq=False)
class FilterSummary:
    """What can be said of N filters by their weights.

    Attributes:
        norms: L2 norm of each, (N,).
        dead: whether it is negligible, (N,); see `find_dead`.
        muted: whether the batch normalisation after it multiplies it by next to nothing, (N,).
        groups: number of the group of similar filters each belongs to, the largest group 0, (N,).
        duplicates: the pairs whose cosine is above 0.95, (P, 2), the smaller number first.
    """

    norms: NDArray[np.float32]
    dead: NDArray[np.bool_]
    muted: NDArray[np.bool_]
    groups: NDArray[np.intp]
    duplicates: NDArray[np.intp]

    def order(self, by: FilterOrder) -> NDArray[np.intp]:
        """Numbers of the filters: as they are, strongest first, or group by group; ties by number."""
        if by == "index":
            return np.arange(len(self.norms))
        if by == "group":
            return np.argsort(self.groups, kind="stable")
        return np.argsort(np.where(np.isfinite(self.norms), -self.norms, np.inf), kind="stable")

    def duplicates_of(self, number: int) -> tuple[int, ...]:
        """The near-duplicates of one filter, itself not among them."""
        with_it = self.duplicates[(self.duplicates == number).any(axis=1)]
        return tuple(sorted(int(a + b) - number for a, b in with_it))

    def group_of(self, number: int) -> tuple[int, ...]:
        """All filters of one filter's group, itself among them."""
        return tuple(int(other) for other in np.flatnonzero(self.groups == self.groups[number]))

    def describe(self, number: int, part: int | None = None) -> str:
        """One filter in a line, seen by one of its slices perhaps."""
        said = f"filter {number}{'' if part is None else f', slice {part}'}: norm {significant(self.norms[number])}"
        alike = len(self.group_of(number)) - 1
        return said + (", dead" if self.dead[number] else f", similar to {count_text(alike, 'other')}" if alike else "")

    def describe_all(self) -> list[str]:
        """How many filters do nothing, how many are there twice, how many are alike: a sentence each."""
        total, twice = len(self.norms), len(np.unique(self.duplicates))
        sizes = np.bincount(self.groups)
        dead, muted = np.flatnonzero(self.dead), np.flatnonzero(self.muted & ~self.dead)
        said = [
            f"{len(dead)} of {total} filters are dead, with a norm below a thousandth of the median{_names(dead)}."
            if len(dead)
            else f"None of {total} filters is dead: no norm is below a thousandth of the median."
        ]
        if len(muted):
            said.append(
                f"{len(muted)} of {total} are scaled to next to nothing by the batch norm after them{_names(muted)}."
            )
        said.append(
            f"{twice} of {total} have a near-duplicate, a filter at a cosine above {NEAR_DUPLICATE:g} "
            f"({count_text(len(self.duplicates), 'pair')})."
            if twice
            else f"None has a near-duplicate, a filter at a cosine above {NEAR_DUPLICATE:g}."
        )
        said.append(
            f"{sizes[sizes > 1].sum()} of {total} share {count_text(int((sizes > 1).sum()), 'group')} of similar "
            f"filters, the largest with {sizes.max()} members."
            if sizes.max() > 1
            else "No two are similar enough to share a group."
        )
        return said


def _names(numbers: NDArray[np.intp]) -> str:
    return f" ({', '.join(map(str, numbers[:_NAMED].tolist()))}{' …' if len(numbers) > _NAMED else ''})"


def summarise_filters(weights: NDArray[np.floating], scale: NDArray[np.floating] | None = None) -> FilterSummary:
    """Norms, dead and muted filters, groups and near-duplicates of filters (N, D, kh, kw).

    Args:
        weights: as `filter_weights` gives them.
        scale: what the batch normalisation after the layer multiplies each channel by, (N,).
    """
    units = unit_filters(weights)
    norms = filter_norms(weights)
    return FilterSummary(
        norms=norms,
        dead=find_dead(norms),
        muted=find_dead(np.abs(scale)) if scale is not None else np.zeros(len(norms), dtype=np.bool_),
        groups=group_filters(units),
        duplicates=near_duplicates(units),
    )


def filter_norms(weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """The L2 norm of every filter (N, D, kh, kw), (N,)."""
    flat = weights.reshape(len(weights), -1)
    return np.asarray(np.linalg.norm(flat, axis=1), dtype=np.float32)


def find_dead(norms: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of N strengths are at most a thousandth of their median, (N,); of all zeros, all."""
    finite = norms[np.isfinite(norms)]
    median = float(np.median(finite)) if len(finite) else 0.0
    return np.asarray(norms <= DEAD * median)


def unit_filters(weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """Filters (N, D, kh, kw) as vectors of length one, (N, D * kh * kw), whose products are cosines.

    Dead filters, and those with a value that is not finite, become zero: they have no direction, so they are like
    no other.
    """
    flat = weights.reshape(len(weights), -1).astype(np.float32)
    norms = filter_norms(weights)
    usable = np.isfinite(norms) & ~find_dead(norms)
    units = np.zeros_like(flat)
    units[usable] = flat[usable] / norms[usable, None]
    return units


def near_duplicates(units: NDArray[np.floating], threshold: float = NEAR_DUPLICATE) -> NDArray[np.intp]:
    """The pairs of `unit_filters` with a cosine above the threshold, (P, 2), the smaller number first.

    Some hundred rows at a time, so that the cosines of 2048 filters never lie in memory at once.
    """
    found = [np.zeros((0, 2), dtype=np.intp)]
    for start in range(0, len(units), _ROWS_AT_ONCE):
        cosines = units[start : start + _ROWS_AT_ONCE] @ units[start:].T  # of each with those from `start` on
        rows, columns = np.nonzero(np.triu(cosines, 1) > threshold)
        found.append(np.stack([rows, columns], axis=1) + start)
    return np.concatenate(found)


def group_filters(units: NDArray[np.floating], threshold: float = SIMILAR) -> NDArray[np.intp]:
    """Groups of similar filters by average linkage (UPGMA, Sokal and Michener 1958) on the distance 1 - cosine.

    Two groups are joined as long as the mean cosine between their members is above the threshold.

    Args:
        units: from `unit_filters`, (N, D).
        threshold: mean cosine.

    Returns:
        The group of each, (N,): 0 for the largest, groups of one size by their first member.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # half a second to import

    count = len(units)
    if count < 2:
        return np.zeros(count, dtype=np.intp)
    upper = [units[i] @ units[i + 1 :].T for i in range(count - 1)]
    distances = 1.0 - np.clip(np.concatenate(upper), -1.0, 1.0).astype(np.float64)
    # `fcluster` joins at a distance up to its threshold; ours are joined only below it.
    tree = linkage(distances, method="average")
    labels = fcluster(tree, np.nextafter(1.0 - threshold, 0.0), criterion="distance")
    names, first, place, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.intp)
    rank[np.lexsort((first, -sizes))] = np.arange(len(names))
    return np.asarray(rank[place], dtype=np.intp)


def most_similar(units: NDArray[np.floating], number: int, count: int) -> list[tuple[int, float]]:
    """The filters nearest to one of `unit_filters`, with their cosines, greatest first.

    The filter itself and those without a direction are left out.
    """
    cosines = units @ units[number]
    pointed = np.asarray(units.any(axis=1))
    order = [int(other) for other in np.argsort(-cosines, kind="stable") if other != number and pointed[other]]
    return [(other, float(np.clip(cosines[other], -1.0, 1.0))) for other in order[:count]]


def strongest_slices(weights: NDArray[np.floating]) -> NDArray[np.intp]:
    """The slice with the largest L2 norm of every filter (N, D, kh, kw), (N,); the first of equals."""
    energy = np.square(weights, dtype=np.float64).sum(axis=(2, 3))
    return np.asarray(np.argmax(np.where(np.isfinite(energy), energy, -1.0), axis=1))
