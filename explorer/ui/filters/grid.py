"""The panels of the Filters page for a whole convolution; those for one filter are in `solid` and `one_filter`."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.anatomy import Convolution, FilterOrder, FilterSummary, connection_matrix
from explorer.anatomy.filter_grids import FilterGrid
from explorer.rendering import Scale, connection_picture, dot_side, histogram
from explorer.text import significant
from explorer.ui.components import clickable_grid
from explorer.ui.filters.compute import compute_filter_grid, compute_summary, filters_of
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject

CARD, SLICE_CARD = "one-filter", "one-slice"  # keys of the places that a click on a filter or a slice fills


def show_shape(convolution: Convolution) -> None:
    """The shape and why it is so, the parameters worked out, and what a dense layer would take."""
    c = convolution
    st.markdown(c.describe())
    formula = "out × (in / groups × height × width) + biases"
    st.markdown(f"Parameters: {formula} = `{c.parameter_sum}` = **{c.parameters:,}**")
    if c.dense_parameters is None:
        st.caption("This convolution takes no part in a prediction; it was only used in training.")
    else:
        st.markdown(
            f"A dense layer from every input cell to every output cell would take `{c.dense_sum}` = "
            f"**{c.dense_parameters:,}** parameters, {significant(c.dense_parameters / c.parameters)} times as many: "
            "a filter looks at a small window only, and the same filter serves every place."
        )
    st.markdown(" · ".join(f"{name} `{value}`" for name, value in c.settings().items()))


def show_counts(summary: FilterSummary) -> None:
    """How many filters do nothing, how many are there twice, how many are alike."""
    if not np.isfinite(summary.norms).all():
        st.warning("Some weights of this convolution are not finite numbers.")
    st.markdown("\n".join(f"- {line}" for line in summary.describe_all()))


def show_norms(convolution: Convolution, summary: FilterSummary) -> None:
    """How strong the filters are, all at once."""
    bins = min(60, max(8, len(summary.norms) // 2))
    show_chart(histogram(summary.norms, "Norms of the filters", bins=bins), f"norms-{convolution.path}")


def show_filter_grid(
    subject: Subject,
    convolution: Convolution,
    order: FilterOrder,
    scale: Scale,
    page: int,
    part: int | None,
    selected: int,
) -> tuple[FilterGrid, int | None]:
    """One page of the filters; gives it and the filter that was clicked."""
    filters = filters_of(subject, convolution)
    grid = compute_filter_grid(filters, convolution, order, scale, page, part)
    dead = compute_summary(filters).dead
    clicked = clickable_grid(
        png=grid.grid.png,
        cells=grid.grid,
        labels=grid.labels,
        selected=grid.filters.index(selected) if selected in grid.filters else None,
        marked={place for place, number in enumerate(grid.filters) if dead[number]},
        alt=f"{len(grid.filters)} filters of {convolution.path} of {subject.network}",
        key="filters",
        noun="filter",
        opens=CARD,
    )
    if convolution.sees_photo and part is None:
        colours = "Grey is zero: a filter looks like the patch of a photo that it answers to most."
    else:
        colours = "Blue is below zero, white zero, red above."
    each = "Each is drawn on its own scale." if grid.scale == "each" else "All are drawn on one scale."
    hatched = " Dead filters are hatched." if dead.any() else ""
    st.caption(f"{grid.drawn} {colours} {each}{hatched}")
    return grid, None if clicked is None else grid.filters[clicked]


def show_connections(convolution: Convolution) -> None:
    """Which inputs each output sees."""
    c = convolution
    matrix = connection_matrix(c)
    reads = "one input channel" if c.depth == 1 else f"{c.depth} input channels"
    st.markdown(
        f"**Every output channel sees {reads} of {c.in_channels}.** That is {int(matrix.sum()):,} connections of "
        f"{matrix.size:,}; without groups there would be all of them, and {c.groups} times as many weights."
    )
    dot = dot_side(matrix.shape)
    show_png(
        connection_picture(matrix),
        alt=f"Connection matrix of {c.path}: a row for each of {c.out_channels} outputs, "
        f"a column for each of {c.in_channels} inputs",
        width="content",
    )
    st.caption(
        "Rows are output channels, columns input channels; yellow where one reads the other."
        + (f" A dot stands for {dot} × {dot} channels." if dot > 1 else "")
    )
