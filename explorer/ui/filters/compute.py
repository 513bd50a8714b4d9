"""What the Filters page shows, computed once for every set of weights and kept as plain arrays and PNG bytes."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import (
    Convolution,
    Edit,
    FilterOrder,
    FilterSummary,
    filter_weights,
    find_convolutions,
    most_similar,
    norm_scale,
    record,
    strongest_slices,
    summarise_filters,
    unit_filters,
)
from explorer.rendering import SHEET_ASPECT, Mosaic, Scale, colour_kernels, mosaic, weight_matrix
from explorer.text import significant
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.shared.recorded import recording_of

FILTERS_ON_A_PAGE = 512
ROWS_ON_A_PAGE = 256  # filters of a 1x1 convolution, each a row of a matrix of up to 2048 columns
GAP = 4  # pixels between kernels: they have no frame of their own
_SHEET_WIDTH, _NARROW_WIDTH = 500, 300  # pixels; the places on the page that sheets stand in
_LARGEST_CELL, _SMALLEST_CELL = 96, 24  # pixels
_CLASSES = 5  # before and after, so five to ten are compared


@dataclass(frozen=True)
class Filters:
    """The weights of one convolution. Hashable, and without the photo: the key of what is computed of them.

    Attributes:
        network, device, weights: as in `Subject`.
        path: of the convolution.
        norm: path of the batch normalisation after it, or "".
        colour: whether a filter is over the red, green and blue of a photo.
    """

    network: str
    device: str
    weights: str
    path: str
    norm: str
    colour: bool

    @property
    def values(self) -> NDArray[np.float32]:
        """(out, in / groups, kh, kw)."""
        return filter_weights(open_network(self.network, self.device, self.weights).network.get_submodule(self.path))


@dataclass(frozen=True)
class FilterSheet:
    """One page of the filters of a convolution.

    Attributes:
        mosaic: the picture, and where each filter lies on it.
        filters: number of each filter on the page.
        labels: a line for each.
        drawn: what a cell shows.
        scale: what the colours go by.
    """

    mosaic: Mosaic
    filters: tuple[int, ...]
    labels: tuple[str, ...]
    drawn: str
    scale: Scale


def convolutions_of(subject: Subject) -> tuple[Convolution, ...]:
    """Every convolution of the network at this resolution."""
    model = subject.model
    return find_convolutions(model, model.preprocessing.size)


def filters_of(subject: Subject, convolution: Convolution) -> Filters:
    """The weights behind one convolution of the page."""
    return Filters(
        subject.network, subject.device, subject.weights, convolution.path, convolution.norm, convolution.sees_photo
    )


@st.cache_data(max_entries=128, show_spinner="Comparing the filters …")
def compute_summary(filters: Filters) -> FilterSummary:
    """Norms, dead filters, groups and near-duplicates."""
    network = open_network(filters.network, filters.device, filters.weights).network
    return summarise_filters(filters.values, norm_scale(network.get_submodule(filters.norm)) if filters.norm else None)


def drawn_as_matrix(convolution: Convolution) -> bool:
    """Whether the filters are best seen as rows of a matrix: their kernels are single cells."""
    return convolution.pointwise and convolution.depth > 1 and not convolution.sees_photo


def pages_of(convolution: Convolution) -> int:
    """How many sheets the filters take."""
    return -(-convolution.out_channels // (ROWS_ON_A_PAGE if drawn_as_matrix(convolution) else FILTERS_ON_A_PAGE))


@st.cache_data(max_entries=24, show_spinner=False)
def compute_filter_sheet(
    filters: Filters, convolution: Convolution, order: FilterOrder, scale: Scale, page: int, part: int | None
) -> FilterSheet:
    """One page of the filters, in the wanted order.

    Args:
        filters: whose weights.
        convolution: what they belong to.
        order, scale: as chosen on the page.
        page: counted from 1.
        part: the slice to show of every filter; None for all colours, all weights, or each filter's strongest slice.
    """
    summary, weights = compute_summary(filters), filters.values
    matrix = drawn_as_matrix(convolution) and part is None
    many = ROWS_ON_A_PAGE if drawn_as_matrix(convolution) else FILTERS_ON_A_PAGE
    shown = summary.order(order)[(page - 1) * many : page * many]
    magnify = _magnify(convolution.kernel, len(shown), _SHEET_WIDTH)
    slices = np.full(len(weights), part or 0) if part is not None else strongest_slices(weights)
    if matrix:
        picture, drawn = weight_matrix(weights[shown, :, 0, 0], scale=scale), "Every row is a filter, every column an"
        drawn += " input channel it reads."
    elif filters.colour and part is None:
        picture, drawn = (
            colour_kernels(weights[shown], scale=scale, magnify=magnify, gap=GAP),
            "Every filter in its colours.",
        )
    else:
        scale = "shared" if convolution.pointwise else scale  # a single weight would always be its own largest
        picture = mosaic(weights[shown, slices[shown]], signed=True, scale=scale, magnify=magnify, gap=GAP)
        if convolution.depth == 1:
            drawn = "Every filter has one slice."
        elif part is None:
            drawn = "Of every filter its strongest slice."
        else:
            drawn = f"Of every filter slice {part}."
    with_slice = convolution.depth > 1 and not matrix and not (filters.colour and part is None)
    labels = tuple(_label(summary, int(number), int(slices[number]) if with_slice else None) for number in shown)
    return FilterSheet(picture, tuple(shown.tolist()), labels, drawn, scale)


def _magnify(kernel: tuple[int, int], count: int, width: int) -> int:
    """Pixels of a weight, so that a sheet of `count` kernels is about as wide as its place on the page."""
    cell = min(_LARGEST_CELL, width / sqrt(SHEET_ASPECT * max(1, count)) - GAP)
    return max(1, round(max(cell, _SMALLEST_CELL) / max(kernel)))


def _label(summary: FilterSummary, number: int, part: int | None) -> str:
    said = f"filter {number}{'' if part is None else f', slice {part}'}: norm {significant(summary.norms[number])}"
    return said + (", dead" if summary.dead[number] else f", group {summary.groups[number]}")


@st.cache_data(max_entries=64, show_spinner=False)
def compute_similar(filters: Filters, number: int, count: int) -> tuple[tuple[tuple[int, float], ...], Mosaic]:
    """The filters most similar to one, with their cosines, and a sheet of them."""
    weights = filters.values
    found = most_similar(unit_filters(weights), number, count)
    shown = weights[[other for other, _ in found]]
    side = max(weights.shape[2:])
    magnify = max(1, _LARGEST_CELL // side)
    if not found:  # the others have no direction
        picture = mosaic(np.zeros((0, 1, 1)), signed=True)
    elif filters.colour:
        picture = colour_kernels(shown, magnify=magnify, columns=3, gap=GAP)
    elif side == 1 and weights.shape[1] > 1:
        row_height = 20 * -(-weights.shape[1] // _NARROW_WIDTH)  # what is left of it where the sheet is shrunk is 20
        picture = weight_matrix(shown[:, :, 0, 0], scale="each", row_height=row_height)
    else:
        # The slice that is strongest in the chosen filter, so that like is seen beside like.
        part = int(strongest_slices(weights[number : number + 1])[0])
        scale: Scale = "shared" if side == 1 else "each"
        picture = mosaic(shown[:, part], signed=True, scale=scale, magnify=magnify, columns=3, gap=GAP)
    return tuple(found), picture


@st.cache_data(max_entries=64, show_spinner=False)
def compute_silenced(
    subject: Subject, layer: str, channels: tuple[int, ...]
) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
    """Class probabilities with all channels and without some: names, before, after.

    The classes are the first five of both, the most probable before first.
    """
    model = subject.model
    before = recording_of(subject).probabilities
    after = record(model, subject.input, layers=[], edits=[Edit(layer, channels=channels)]).probabilities
    most = min(_CLASSES, len(before))
    top = dict.fromkeys([*before.topk(most).indices.tolist(), *after.topk(most).indices.tolist()])
    shown = sorted(top, key=lambda i: -float(before[i]))
    return (
        tuple(model.classes[i] for i in shown),
        tuple(float(before[i]) for i in shown),
        tuple(float(after[i]) for i in shown),
    )
