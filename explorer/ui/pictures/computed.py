"""What is computed of an album, with a bar where it takes time, and kept within bounds."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from math import inf
from typing import Final

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from explorer.anatomy import summarize_layers
from explorer.kept import Kept
from explorer.picture_features.album import Album
from explorer.picture_features.depth import Depth, compare_layers
from explorer.picture_features.features import SECONDS, Features, choose_side, read_features, spread_layers, with_layer
from explorer.picture_features.neighbours import (
    clip_neighbours,
    distances_by_cosine,
    distances_on_map,
    rank_neighbours,
    share_kept,
)
from explorer.picture_features.planes import (
    Kind,
    Plane,
    compare_with_svd,
    measure_trust,
    project_by_pca,
    project_by_tsne,
)
from explorer.slices import finish
from explorer.ui.kit.cache import once
from explorer.ui.kit.slow import Tell, obtain, watched
from explorer.ui.session.quantities import session_id
from explorer.ui.session.subject import Subject

NEIGHBOURS: Final = 8
_OF_SESSION, _IN_ALL = 64 * 2**20, 256 * 2**20  # bytes of features
_WHOLE: Final = "pictures_whole"  # the album that is looked at however long it takes, in the session
_QUICK: Final = 100  # pictures of which layers are compared in no time


@dataclass(frozen=True, eq=False)
class Seen:
    """An album as a network sees it.

    Attributes:
        subject: the network, with the size of the square that it was given.
        features: of the pictures that were reached.
        labels: (M,) of those.
        key: says everything that they depend on.
    """

    subject: Subject
    features: Features
    labels: NDArray[np.int64]
    key: Hashable

    @property
    def neighbours(self) -> int:
        """How many count as the nearest."""
        return clip_neighbours(len(self.labels), NEIGHBOURS)


@dataclass(frozen=True, eq=False)
class Believed:
    """A plane, and how far it may be believed.

    Attributes:
        plane: where the pictures lie.
        trust: trustworthiness.
        kept: share of each picture's nearest that are its nearest on the map.
        off: how far a singular value decomposition puts PCA's points elsewhere, as a share; None for t-SNE, and where
            there is nothing to decompose.
    """

    plane: Plane
    trust: float
    kept: float
    off: float | None


@st.cache_resource(show_spinner=False)
def _kept_features() -> Kept[Hashable, Features]:
    return Kept(_OF_SESSION, _IN_ALL)


def look_at_all(album: Album) -> None:
    """Let `see` take as long as it takes for this album, in this session."""
    st.session_state[_WHOLE] = album.key


def see(subject: Subject, album: Album, asked: str) -> Seen | None:
    """The features of an album by the network's stages and one more layer; None where a person has stopped it."""
    seconds = inf if st.session_state.get(_WHOLE) == album.key else SECONDS
    model = subject.model
    side = model.preprocessing.size if model.only_size else choose_side(len(album), model.preprocessing.size)
    small = replace(subject, size=side)
    model = small.model
    facts = summarize_layers(model, torch.zeros(1, 3, side, side))
    layers = with_layer(facts, spread_layers(facts), asked)
    key = ("features", album.key, small.network, small.device, small.weights, small.fit, side, seconds, layers)
    kept = _kept_features()

    def compute(tell: Tell) -> bool:
        found = finish(read_features(model, album, layers, seconds), tell)
        kept.put(key, found, found.size, session_id())
        return True

    if kept.get(key) is None:
        label = f"Looking at {len(album):,} pictures"
        if obtain(key, label, "pictures", compute, st.empty(), "see") is None:
            return None
    if kept.get(key) is None:  # it was computed before, and had to make room since
        with watched("Looking at the pictures once more") as tell:
            compute(tell)
    found = kept.get(key)
    assert found is not None
    return Seen(small, found, album.labels[found.places], (key, len(found.places)))


def compare(seen: Seen) -> Depth | None:
    """Nearest pictures by every layer; None where a person has stopped it."""

    def compute(tell: Tell) -> Depth:
        return finish(compare_layers(seen.features, seen.labels, seen.neighbours), tell)

    quick = len(seen.labels) <= _QUICK
    return obtain(("depth", seen.key), "Comparing the layers", "layers", compute, st.empty(), "depth", quick=quick)


def lay_out(seen: Seen, layer: str, kind: Kind) -> Believed | None:
    """A plane with its trustworthiness; None where a person has stopped it."""
    rows = seen.features.layers[layer]
    plane: Plane | None
    if kind == "pca":
        plane = once(("pca", seen.key, layer), lambda: project_by_pca(rows))
    else:
        plane = obtain(
            ("tsne", seen.key, layer),
            "t-SNE",
            "slices of 250 steps",
            lambda tell: finish(project_by_tsne(rows), tell),
            st.empty(),
            "tsne",
        )
    if plane is None:
        return None
    there: Plane = plane

    def judge() -> Believed:
        near = rank_neighbours(distances_by_cosine(rows))
        shown = rank_neighbours(distances_on_map(there.points))
        k = seen.neighbours
        off = compare_with_svd(rows, there.points) if kind == "pca" else None
        return Believed(there, measure_trust(near, shown, k), share_kept(near, shown, k), off)

    return once(("trust", seen.key, layer, kind), judge)
