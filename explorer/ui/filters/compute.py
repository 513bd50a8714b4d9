"""What the Filters page shows, computed once for every set of weights and kept as plain arrays and PNG bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import (
    Convolution,
    FilterOrder,
    FilterSummary,
    filter_weights,
    find_convolutions,
    norm_scale,
    summarise_filters,
)
from explorer.anatomy.filter_grids import FilterGrid, draw_filters, draw_similar
from explorer.rendering import MapGrid, Scale
from explorer.ui.session.subject import Subject, open_network


@dataclass(frozen=True)
class Filters:
    """The weights of one convolution. Hashable, and without the photo: the key of what is computed of them.

    Attributes:
        network, device, weights: as in `Subject`.
        path: of the convolution.
        norm: path of the batch normalisation after it, or "".
    """

    network: str
    device: str
    weights: str
    path: str
    norm: str

    @property
    def values(self) -> NDArray[np.float32]:
        """(out, in / groups, kh, kw)."""
        return filter_weights(open_network(self.network, self.device, self.weights).network.get_submodule(self.path))


def convolutions_of(subject: Subject) -> tuple[Convolution, ...]:
    """Every convolution of the network at this resolution."""
    model = subject.model
    return find_convolutions(model, model.preprocessing.size)


def filters_of(subject: Subject, convolution: Convolution) -> Filters:
    """The weights behind one convolution of the page."""
    return Filters(subject.network, subject.device, subject.weights, convolution.path, convolution.norm)


@st.cache_data(max_entries=128, show_spinner="Comparing the filters …")
def compute_summary(filters: Filters) -> FilterSummary:
    """Norms, dead filters, groups and near-duplicates."""
    network = open_network(filters.network, filters.device, filters.weights).network
    return summarise_filters(filters.values, norm_scale(network.get_submodule(filters.norm)) if filters.norm else None)


@st.cache_data(max_entries=24, show_spinner=False)
def compute_filter_grid(
    filters: Filters, convolution: Convolution, order: FilterOrder, scale: Scale, page: int, part: int | None
) -> FilterGrid:
    """One page of the filters; the arguments are those of `draw_filters`."""
    return draw_filters(convolution, filters.values, compute_summary(filters), order, scale, page, part)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_similar(
    filters: Filters, convolution: Convolution, number: int, count: int
) -> tuple[tuple[tuple[int, float], ...], MapGrid]:
    """The filters most similar to one, with their cosines, and a grid of them."""
    return draw_similar(convolution, filters.values, number, count)
