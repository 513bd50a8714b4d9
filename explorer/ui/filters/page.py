"""The Filters page: every convolution's weights as pictures, then one filter and what it does to the prediction."""

from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from explorer.anatomy import Convolution
from explorer.anatomy.filter_grids import filter_snippet, pages_of
from explorer.ui.filters.compute import Filters, compute_summary, convolutions_of, filters_of
from explorer.ui.filters.grid import (
    CARD,
    SLICE_CARD,
    show_connections,
    show_counts,
    show_filter_grid,
    show_norms,
    show_shape,
)
from explorer.ui.filters.one_filter import choose_slice, show_numbers, show_response, show_silenced, show_similar
from explorer.ui.filters.solid import compute_products, offer_solid, show_products, show_solid
from explorer.ui.kit.choose import choose, choose_one, settings_popover
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.opening import network_lines, opening_lines
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

ORDER_LABELS = {"index": "Number", "norm": "Norm", "group": "Similarity group"}
# What a link may name in one word, whatever the session has chosen before.
EXAMPLES = {"5x5x25": {"model": "five-by-five", "conv": "features.conv1_2", "filter": 26}}
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}


def choose_convolution(subject: Subject) -> Convolution:
    """One of all convolutions of the network."""
    found = {convolution.path: convolution for convolution in convolutions_of(subject)}
    return found[choose_one("Convolution", list(found), "conv")]


def choose_drawing() -> None:
    """How the grid of all filters is drawn."""
    first, second = st.columns([3, 2])
    choose_one(
        "Order of filters",
        ORDER_LABELS,
        "filter_order",
        place=first,
        help="A group holds filters whose cosines to one another are above 0.5 on average.",
    )
    second.number_input(
        "Slice",
        min_value=0,
        value=None,
        key="slice",
        bind="query-params",
        placeholder="strongest",
        help="The slice to show of every filter. Empty: the colours of a first layer, else the strongest slice.",
    )
    choose(
        "Colours",
        SCALE_LABELS,
        "filter_scale",
        "each",
        help="Every filter by its own largest weight, or all filters by one measure.",
    )


def show_every_filter(subject: Subject, convolution: Convolution, number: int) -> bytes:
    """All filters of the convolution, to choose one; gives the grid."""
    row = st.container(horizontal=True, vertical_alignment="center")
    row.subheader(f"All {convolution.out_channels} filters", anchor=False, width="content")
    with settings_popover(row):
        choose_drawing()
    wanted = st.session_state["slice"]
    if wanted is not None and wanted >= convolution.depth:
        st.info(f"A filter here has {convolution.depth} slices, from 0; there is no slice {wanted}.")
        wanted = None
    page = st.pagination(pages_of(convolution), key="filters_grid") if pages_of(convolution) > 1 else 1
    order, scale = st.session_state["filter_order"], st.session_state["filter_scale"]
    grid, clicked = show_filter_grid(subject, convolution, order, scale, page, wanted, number)
    if clicked is not None and clicked != number:
        choose_next(filter=clicked)
    return grid.grid.png


def show_inside(convolution: Convolution, filters: Filters, number: int, part: int) -> None:
    """What can be said of one filter by its weights alone."""
    summary = compute_summary(filters)
    st.subheader(f"Inside filter {number}", anchor=False)
    row = st.container(horizontal=True)
    row.metric("norm", f"{summary.norms[number]:.3g}", width=130)
    row.metric(
        "rank by norm", f"{1 + (summary.norms > summary.norms[number]).sum()} of {len(summary.norms)}", width=230
    )
    row.metric("near-duplicates", len(summary.duplicates_of(number)), width=150)
    row.metric("similar filters", f"{len(summary.group_of(number)) - 1}", width=150)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        other = show_similar(convolution, filters, summary, number)
        if other is not None:
            choose_next(filter=other)
    with middle, st.container(key=SLICE_CARD):
        show_numbers(convolution, filters, number, part)
    with right:
        show_response(convolution, filters, number, part)


def take_example() -> None:
    """Do what a link's one word says."""
    if example := EXAMPLES.get(st.query_params.pop("example", "")):
        # Into both: what the session has chosen before would win over the address, and the address would not follow.
        st.session_state.update(example)
        for key, value in example.items():
            with suppress(StreamlitAPIException):  # of a control that was there already, the address does follow
                st.query_params[key] = str(value)


def show() -> None:
    """The whole page."""
    take_example()
    subject = begin_page(
        "Filters",
        show_sidebar,
        "What a convolution has learned is in its filters: solids of weights that slide over the maps below them. "
        "Click a filter to see it whole, slice by slice, and what becomes of the prediction without it.",
    )
    first, second = st.columns([4, 1])
    with first:
        convolution = choose_convolution(subject)
    number = second.number_input("Filter", min_value=0, value=0, key="filter", bind="query-params")
    filters = filters_of(subject, convolution)
    summary = compute_summary(filters)
    there = number < convolution.out_channels
    products = compute_products(subject, convolution.layer, number) if there else None
    solid = b""
    left, right = st.columns(2, gap="large")
    with left, st.container(key=CARD):
        if there:
            solid = show_solid(convolution, filters, summary, number, products)
        else:
            st.info(
                f"This convolution has {convolution.out_channels} filters, from 0; there is no filter {number} here."
            )
    with right:
        grid = show_every_filter(subject, convolution, number)
    part = choose_slice(convolution, filters, number if there else 0, st.session_state["slice"])
    silenced: tuple[int, ...] = ()
    if there:
        if products is None:
            st.caption("It makes no map: this convolution takes no part in a prediction.")
        else:
            clicked = show_products(subject, convolution, filters, number, part, products)
            if clicked is not None and clicked != st.session_state["slice"]:
                choose_next(slice=clicked)
            offer_solid(subject, convolution, number, solid, products)
        silenced = show_silenced(subject, convolution, summary, number)
        show_inside(convolution, filters, number, part)
    st.subheader(f"All filters of {convolution.path}", anchor=False)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_shape(convolution)
        show_counts(summary)
    with right:
        if convolution.groups > 1:
            show_connections(convolution)
        show_norms(convolution, summary)
    offer(
        f"{subject.file_stem}-{convolution.path}-filters",
        grid,
        lambda: arrays_as_npz(
            weights=filters.values, norms=summary.norms, groups=summary.groups, duplicates=summary.duplicates
        ),
        filter_snippet(
            opening_lines(subject) if silenced else network_lines(subject),
            convolution,
            number if there else 0,
            part,
            silenced,
        ),
        key="offer",
    )
