"""The panels of the Filters page for one filter beyond its solid: what is inside, what it is good for."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.anatomy import (
    Convolution,
    Edit,
    FilterSummary,
    PredictionChange,
    describe_response,
    frequency_response,
    strongest_slices,
)
from explorer.anatomy.filter_grids import drawn_as_matrix
from explorer.anatomy.filter_products import name_channel
from explorer.rendering import kernel_numbers, magnify_map
from explorer.text import count_text, shape_text
from explorer.ui.components import clickable_grid
from explorer.ui.filters.compute import Filters, compute_similar
from explorer.ui.filters.grid import CARD
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.picture import show_png
from explorer.ui.session.subject import Subject
from explorer.ui.shared.knowledge import show_knowledge
from explorer.ui.shared.prediction_change import show_change
from explorer.ui.shared.recorded import compute_edited, compute_probabilities

SILENCED = {
    "none": "Keep all",
    "filter": "This filter",
    "duplicates": "Its near-duplicates too",
    "group": "Its group too",
}
LARGEST_NUMBERS = 11  # rows or columns of a kernel up to which its numbers are written out
_SIMILAR = 6


def choose_slice(convolution: Convolution, filters: Filters, number: int, part: int | None) -> int:
    """The slice to look into: the chosen one where the filter has it, or its strongest."""
    if part is not None and part < convolution.depth:
        return part
    return int(strongest_slices(filters.values[number : number + 1])[0])


def show_numbers(convolution: Convolution, filters: Filters, number: int, part: int) -> None:
    """One slice, its weights written out."""
    kernel = filters.values[number, part]
    st.markdown(f"**Slice {part}**, over {name_channel(convolution, number, part)}, in numbers")
    if kernel.size == 1:
        st.markdown(f"Its one weight is `{kernel[0, 0]:.9g}`.")
        return
    if max(kernel.shape) > LARGEST_NUMBERS:
        st.caption(f"{shape_text(kernel.shape)} numbers are too many to write out; they are in the arrays below.")
        return
    show_chart(kernel_numbers(kernel), f"numbers-{convolution.path}-{number}-{part}")


def show_response(convolution: Convolution, filters: Filters, number: int, part: int) -> None:
    """Which waves one slice passes."""
    kernel = filters.values[number, part]
    st.markdown(f"**Slice {part}**, the waves it passes")
    if kernel.size == 1:
        st.caption("A single weight passes every wave alike; there is nothing to see in its frequency response.")
        return
    response = frequency_response(np.nan_to_num(kernel, posinf=0.0, neginf=0.0))
    band = describe_response(response)
    if band is None:
        st.caption("Every weight is zero: it passes nothing.")
        return
    show_png(
        magnify_map(response, False, 256),
        alt=f"Frequency response of slice {part} of filter {number} of {convolution.path}",
        width=256,
    )
    st.caption("Even areas in the centre, the finest stripes at the rim; dark is stopped, yellow passes most.")
    st.markdown(band.describe())


def show_similar(convolution: Convolution, filters: Filters, summary: FilterSummary, number: int) -> int | None:
    """The filters most like this one; gives the one that was clicked."""
    st.markdown("**Most similar filters**")
    found, grid = compute_similar(filters, convolution, number, _SIMILAR)
    if summary.dead[number] or not np.isfinite(summary.norms[number]) or not found:
        st.caption("There is nothing to compare: it, or every other filter, has no direction.")
        return None
    clicked = clickable_grid(
        png=grid.png,
        cells=grid,
        labels=[f"filter {other}: cosine {cosine:.3f}" for other, cosine in found],
        selected=None,
        marked=(),
        alt=f"The {len(found)} filters of {convolution.path} most similar to filter {number}",
        key="similar",
        noun="filter",
        opens=CARD,
    )
    row = ", ".join(f"{cosine:.2f} for {other}" for other, cosine in found)
    matrix = "" if not drawn_as_matrix(convolution) else " A row for each, on its own scale."
    st.caption(f"Their cosines: {row}.{matrix}")
    return None if clicked is None else found[clicked][0]


def silenced_channels(summary: FilterSummary, number: int, silenced: str) -> tuple[int, ...]:
    """The filters that a choice switches off."""
    if silenced == "none":
        return ()
    others = {"duplicates": summary.duplicates_of, "group": summary.group_of}.get(silenced)
    return tuple(sorted({number, *(others(number) if others else ())}))


def show_silenced(subject: Subject, convolution: Convolution, summary: FilterSummary, number: int) -> tuple[int, ...]:
    """Switch the filter off, or it and its like, and see what becomes of the prediction; gives what is off."""
    st.subheader("Cause and effect", anchor=False)
    if not convolution.layer:
        st.caption("This convolution takes no part in a prediction; there is nothing to switch off.")
        return ()
    duplicates, group = summary.duplicates_of(number), summary.group_of(number)
    chosen = choose(
        "Switch off",
        SILENCED,
        "silence",
        "none",
        help="Sets the maps of these filters to zero, everywhere, and runs the network again.",
    )
    channels = silenced_channels(summary, number, chosen)
    same = count_text(len(duplicates), "near-duplicate") if duplicates else "no near-duplicate"
    alike = (
        f"shares its group with {count_text(len(group) - 1, 'other')}" if len(group) > 1 else "has a group of its own"
    )
    behind = " Silenced after the batch norm, so that nothing goes on." if convolution.norm else ""
    st.caption(f"Filter {number} has {same} and {alike}.{behind}")
    before = compute_probabilities(subject)
    after = compute_edited(subject, Edit(convolution.edited_layer, channels=channels)) if channels else before
    change = PredictionChange.of_best(before, after)
    show_knowledge(subject, float(before.max()))
    begun = f"Without {count_text(len(channels), 'filter')} of {convolution.out_channels}, "
    show_change(subject, change, "silence-bars", begun=begun, changed=bool(channels))
    return channels
