"""The panels of the Filters page for a whole convolution; those for one of its filters are in `filter_card`."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import (
    NEAR_DUPLICATE,
    Convolution,
    FilterOrder,
    FilterSummary,
    connection_matrix,
)
from explorer.rendering import (
    CHART_CONFIG,
    Scale,
    connection_picture,
    dot_side,
    histogram,
)
from explorer.text import count_text, shape_text, significant
from explorer.ui.components import clickable_mosaic
from explorer.ui.filters.compute import (
    FilterSheet,
    compute_filter_sheet,
    compute_summary,
    filters_of,
)
from explorer.ui.session.subject import Subject

_NAMED = 12


def show_shape(convolution: Convolution) -> None:
    """The shape and why it is so, the parameters worked out, and what a dense layer would take."""
    c = convolution
    st.markdown(f"**{count_text(c.out_channels, 'filter')} of {shape_text((*c.kernel, c.depth))}.** {_reason(c)}")
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
    facts = {
        "input": shape_text(c.input_shape) if c.input_shape else "",
        "output": shape_text(c.output_shape) if c.output_shape else "",
        "stride": _pair_text(c.stride),
        "padding": c.padding if isinstance(c.padding, str) else _pair_text(c.padding),
        "dilation": _pair_text(c.dilation),
        "groups": str(c.groups),
    }
    st.markdown(" · ".join(f"{name} `{value}`" for name, value in facts.items() if value))


def _reason(c: Convolution) -> str:
    """Why a convolution has the shape it has."""
    made = f"one filter for each of the {c.out_channels} output channels"
    if c.depthwise:
        said = f"Depthwise: every filter reads one of the {c.in_channels} input channels, so its depth is 1; {made}."
    elif c.groups > 1:
        said = (
            f"Grouped: the {c.in_channels} input channels are split into {c.groups} groups, and a filter reads the "
            f"{c.depth} of its own; {made}."
        )
    else:
        channels = "the red, green and blue of the photo" if c.sees_photo else f"all {c.in_channels} input channels"
        said = f"Depth {c.depth}, because every filter reads {channels}; {made}."
    if c.pointwise:
        said += " A 1 × 1 kernel sees one cell at a time: it mixes channels and leaves space alone."
    if c.transposed:
        said += " Transposed: every input cell stamps the kernels onto the output."
    return said


def _pair_text(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else shape_text(pair)


def show_counts(convolution: Convolution, summary: FilterSummary) -> None:
    """How many filters do nothing, how many are there twice, how many are alike."""
    total = len(summary.norms)
    if not np.isfinite(summary.norms).all():
        st.warning("Some weights of this convolution are not finite numbers.")
    twice = len(np.unique(summary.duplicates))
    sizes = np.bincount(summary.groups)
    dead = np.flatnonzero(summary.dead)
    said = [
        f"{len(dead)} of {total} filters are dead, with a norm below a thousandth of the median{_names(dead)}."
        if len(dead)
        else f"None of {total} filters is dead: no norm is below a thousandth of the median."
    ]
    muted = np.flatnonzero(summary.muted & ~summary.dead)
    if len(muted):
        said.append(
            f"{len(muted)} of {total} are scaled to next to nothing by the batch norm after them{_names(muted)}."
        )
    said.append(
        f"{twice} of {total} have a near-duplicate, a filter at a cosine above {NEAR_DUPLICATE:g} "
        f"({count_text(len(summary.duplicates), 'pair')})."
        if twice
        else f"None has a near-duplicate, a filter at a cosine above {NEAR_DUPLICATE:g}."
    )
    said.append(
        f"{sizes[sizes > 1].sum()} of {total} share {count_text(int((sizes > 1).sum()), 'group')} of similar filters, "
        f"the largest with {sizes.max()} members."
        if sizes.max() > 1
        else "No two are similar enough to share a group."
    )
    st.markdown("\n".join(f"- {line}" for line in said))


def show_norms(convolution: Convolution, summary: FilterSummary) -> None:
    """How strong the filters are, all at once."""
    bins = min(60, max(8, len(summary.norms) // 2))
    st.plotly_chart(
        histogram(summary.norms, "Norms of the filters", bins=bins),
        config=CHART_CONFIG,
        key=f"norms-{convolution.path}",
    )


def _names(numbers: NDArray[np.intp]) -> str:
    if not len(numbers):
        return ""
    return f" ({', '.join(map(str, numbers[:_NAMED].tolist()))}{' …' if len(numbers) > _NAMED else ''})"


def show_filter_sheet(
    subject: Subject,
    convolution: Convolution,
    order: FilterOrder,
    scale: Scale,
    page: int,
    part: int | None,
    selected: int,
) -> tuple[FilterSheet, int | None]:
    """One page of the filters; gives it and the filter that was clicked."""
    filters = filters_of(subject, convolution)
    sheet = compute_filter_sheet(filters, convolution, order, scale, page, part)
    dead = compute_summary(filters).dead
    clicked = clickable_mosaic(
        png=sheet.mosaic.png,
        cells=sheet.mosaic,
        labels=sheet.labels,
        selected=sheet.filters.index(selected) if selected in sheet.filters else None,
        marked={place for place, number in enumerate(sheet.filters) if dead[number]},
        alt=f"{len(sheet.filters)} filters of {convolution.path} of {subject.network}",
        key="filters",
        noun="filter",
    )
    if filters.colour and part is None:
        colours = "Grey is zero: a filter looks like the patch of a photo that it answers to most."
    else:
        colours = "Blue is below zero, white zero, red above."
    each = "Each is drawn on its own scale." if sheet.scale == "each" else "All are drawn on one scale."
    hatched = " Dead filters are hatched." if dead.any() else ""
    st.caption(f"{sheet.drawn} {colours} {each}{hatched}")
    return sheet, None if clicked is None else sheet.filters[clicked]


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
    st.image(
        connection_picture(matrix),
        alt=f"Connection matrix of {c.path}: a row for each of {c.out_channels} outputs, "
        f"a column for each of {c.in_channels} inputs",
    )
    st.caption(
        "Rows are output channels, columns input channels; yellow where one reads the other."
        + (f" A dot stands for {dot} × {dot} channels." if dot > 1 else "")
    )
