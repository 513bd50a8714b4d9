"""What the Pooling page shows, computed once for every setting and kept as plain arrays and numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy.heads import Acceptance, Head, describe_head, try_sizes
from explorer.anatomy.surgery import Change, NothingToReplace, SizeRefused, pooling_layers
from explorer.anatomy.surgery_effect import (
    PredictionDrift,
    SurgeryEffect,
    compare_shifted,
    compare_surgery,
    possible_changes,
)
from explorer.operations import LayerBreakdown, break_down_module
from explorer.operations.photo import to_tensor
from explorer.operations.pooling import POOLINGS, Pooling, PoolingKind, build_pooling, pooling_input
from explorer.operations.pooling_comparison import PoolingComparison, compare_poolings
from explorer.operations.shifting import MOST, pooled_drift
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.shared.recorded import compute_maps

PHOTO_SIDE = 128  # pixels of the longer side: small enough to see cells, large enough to know the photo
SIDES = tuple(range(32, 257, 32))


@dataclass(frozen=True)
class Source:
    """What is pooled: the photo, or one map of a layer. Hashable: the key of the caches.

    Attributes:
        picture: the photo.
        subject: whose layer it is; None for the photo.
        layer: its name; "" for the photo.
        unit: the map.
    """

    picture: Picture
    subject: Subject | None = None
    layer: str = ""
    unit: int = 0

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.layer}, map {self.unit}" if self.layer else self.picture.title


@st.cache_data(max_entries=24, show_spinner=False)
def compute_source(source: Source) -> NDArray[np.float32]:
    """(3, H, W) in [0, 1] of a photo, (1, H, W) of a map."""
    if source.subject is None:
        photo: NDArray[np.float32] = to_tensor(source.picture.intake.image, PHOTO_SIDE).numpy()
        return photo
    return compute_maps(source.subject, source.layer)[source.unit][None].copy()


def source_tensor(source: Source) -> Tensor:
    """What is pooled, for PyTorch."""
    return torch.from_numpy(compute_source(source))


@st.cache_data(max_entries=16, show_spinner=False)
def compute_view(source: Source, window: int, stride: int, padding: int) -> PoolingComparison:
    """Every kind of pooling on the source, for settings that are possible."""
    return compare_poolings(source_tensor(source), window, stride, padding)


@st.cache_resource(max_entries=8, show_spinner=False)
def compute_pooling_breakdown(source: Source, pooling: Pooling) -> LayerBreakdown:
    """One kind taken apart."""
    x = source_tensor(source)
    module = build_pooling(pooling, x.shape[0], (x.shape[1], x.shape[2]))
    return break_down_module(module, pooling_input(x, pooling))


@st.cache_data(max_entries=32, show_spinner="Running both networks …")
def compute_effect(subject: Subject, change: Change) -> SurgeryEffect | str:
    """What a change of the pooling layers does; why it or the changed network is impossible."""
    try:
        return compare_surgery(subject.model, change, subject.input)
    except (NothingToReplace, SizeRefused) as problem:
        return str(problem)


@st.cache_data(max_entries=32, show_spinner=False)
def list_changes(subject: Subject) -> tuple[Change, ...]:
    """The changes that this network has layers for."""
    return possible_changes(subject.model, subject.input)


@st.cache_data(max_entries=32, show_spinner=False)
def list_pooling_layers(subject: Subject) -> tuple[str, ...]:
    """Names of all pooling layers."""
    return tuple(facts.name for facts in pooling_layers(subject.model, subject.input))


@st.cache_data(max_entries=16, show_spinner="Trying sizes from 32 to 256 pixels …")
def compute_sizes(network: str, device: str, weights: str) -> tuple[Head | None, tuple[Acceptance, ...]]:
    """The head at the size trained on, and which sizes are accepted; neither depends on the picture."""
    model = open_network(network, device, weights)
    trained = model.preprocessing.size
    head = describe_head(model, torch.zeros(1, 3, trained, trained))
    return head, () if head is None else tuple(try_sizes(model, trained, SIDES))


@st.cache_data(max_entries=16, show_spinner="Moving the photo …")
def compute_prediction_drift(subject: Subject, rows: int, columns: int) -> PredictionDrift:
    """How the prediction moves with the photo, for the network and its changed copies."""
    return compare_shifted(subject.model, subject.input, rows, columns)


@st.cache_data(max_entries=32, show_spinner=False)
def compute_pooled_drift(
    source: Source, window: int, stride: int, padding: int, rows: int, columns: int
) -> dict[PoolingKind, list[float]]:
    """How far pooled maps are from moving with the photo, for every kind."""
    x = source_tensor(source)
    return {kind: pooled_drift(x, Pooling(kind, window, stride, padding), rows, columns, MOST) for kind in POOLINGS}


def photo_of(subject: Subject) -> Source:
    """The subject's photo, whatever the network."""
    return Source(subject.picture)


def map_of(subject: Subject, layer: str, unit: int) -> Source:
    """One map of a layer of the subject's network."""
    return replace(photo_of(subject), subject=subject, layer=layer, unit=unit)
