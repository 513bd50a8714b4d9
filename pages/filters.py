"""The Filters page: every convolution's weights as pictures, then one filter and what it does to the prediction."""

import streamlit as st

from explorer.anatomy import FILTER_ORDERS, Convolution
from explorer.ui.downloads import arrays_as_npz, offer
from explorer.ui.filter_analysis import WIDE, compute_summary, convolutions_of, filters_of, pages_of
from explorer.ui.filter_card import (
    SILENCED,
    choose_slice,
    filter_snippet,
    show_cause,
    show_numbers,
    show_response,
    show_silenced,
    show_similar,
    show_slices,
)
from explorer.ui.filter_panels import show_connections, show_counts, show_filter_sheet, show_norms, show_shape
from explorer.ui.navigation import enter_by_the_front_door
from explorer.ui.sidebar import keep_valid, show_sidebar
from explorer.ui.subject import Subject

ORDER_LABELS = {"index": "Number", "norm": "Norm", "group": "Similarity group"}
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}


def choose_convolution(subject: Subject) -> Convolution:
    """One of all convolutions of the network."""
    found = {convolution.path: convolution for convolution in convolutions_of(subject)}
    keep_valid("conv", list(found), next(iter(found)))
    return found[st.selectbox("Convolution", list(found), key="conv", bind="query-params")]


def choose_drawing() -> None:
    """How the sheet is drawn, and what on it is looked at."""
    first, second, third, fourth = st.columns([2, 2, 1, 1])
    first.selectbox(
        "Order of filters",
        FILTER_ORDERS,
        format_func=ORDER_LABELS.__getitem__,
        key="filter_order",
        bind="query-params",
        help="A group holds filters whose cosines to one another are above 0.5 on average.",
    )
    second.segmented_control(
        "Colours",
        list(SCALE_LABELS),
        default="each",
        format_func=SCALE_LABELS.__getitem__,
        key="filter_scale",
        bind="query-params",
        required=True,
        help="Every filter by its own largest weight, or all filters by one measure.",
    )
    third.number_input("Filter", min_value=0, value=0, key="filter", bind="query-params")
    fourth.number_input(
        "Slice",
        min_value=0,
        value=None,
        key="slice",
        bind="query-params",
        placeholder="strongest",
        help="The slice to show of every filter. Empty: the colours of a first layer, else the strongest slice.",
    )


def go_to(**chosen: int) -> None:
    """Take over what was clicked; a widget's value can only be set before the widget is drawn."""
    st.session_state["clicked"] = chosen
    st.rerun()


def show_one_filter(subject: Subject, convolution: Convolution, number: int, wanted: int | None) -> tuple[int, ...]:
    """One filter, from its map to its weights; gives the filters that are switched off."""
    filters = filters_of(subject, convolution)
    summary = compute_summary(filters)
    part = choose_slice(convolution, filters, number, wanted)
    st.subheader(f"{convolution.path}, filter {number}", anchor=False)
    show_cause(subject, convolution, filters, summary, number)
    silenced = show_silenced(subject, convolution, summary, number)
    st.subheader(f"Inside filter {number}", anchor=False)
    row = st.container(horizontal=True)
    row.metric("norm", f"{summary.norms[number]:.3g}", width=130)
    row.metric(
        "rank by norm", f"{1 + (summary.norms > summary.norms[number]).sum()} of {len(summary.norms)}", width=230
    )
    row.metric("near-duplicates", len(summary.duplicates_of(number)), width=150)
    row.metric("similarity group", f"{summary.groups[number]}", width=150)
    wide = st.container() if convolution.depth > WIDE else None
    left, middle, right = st.columns(3, gap="medium")
    if convolution.depth > 1:
        with wide or left:
            st.markdown("**Its slices**")
            clicked = show_slices(convolution, filters, number, part)
            if clicked is not None and clicked != wanted:
                go_to(slice=clicked)
    with left:
        other = show_similar(convolution, filters, summary, number)
        if other is not None:
            go_to(filter=other)
    with middle:
        show_numbers(convolution, filters, number, part)
    with right:
        show_response(convolution, filters, number, part)
    return silenced


enter_by_the_front_door()
st.title("Filters", anchor=False)
subject = show_sidebar(with_network=True)
if subject is None:
    st.stop()
for key, value in st.session_state.pop("clicked", {}).items():
    st.session_state[key] = value
st.markdown(
    "What a convolution has learned is in its filters: small grids of weights that slide over their input. "
    "Click a filter to look inside it, see the map it makes of the photo, and switch it off."
)
convolution = choose_convolution(subject)
choose_drawing()
keep_valid("silence", list(SILENCED), "none")
number, wanted = st.session_state["filter"], st.session_state["slice"]
if wanted is not None and wanted >= convolution.depth:
    st.info(f"A filter here has {convolution.depth} slices, from 0; there is no slice {wanted}.")
    wanted = None
filters = filters_of(subject, convolution)
summary = compute_summary(filters)
left, right = st.columns([3, 2], gap="large")
with left:
    page = st.pagination(pages_of(convolution), key="filters_sheet") if pages_of(convolution) > 1 else 1
    order, scale = st.session_state["filter_order"], st.session_state["filter_scale"]
    sheet, clicked = show_filter_sheet(subject, convolution, order, scale, page, wanted, number)
    if clicked is not None and clicked != number:
        go_to(filter=clicked)
    if convolution.groups > 1:
        show_connections(convolution)
    else:
        show_norms(convolution, summary)
with right:
    show_shape(convolution)
    show_counts(convolution, summary)
    if convolution.groups > 1:
        show_norms(convolution, summary)
downloads = st.container()  # filled at the end: the snippet tells of what is switched off further down
silenced: tuple[int, ...] = ()
if number < convolution.out_channels:
    silenced = show_one_filter(subject, convolution, number, wanted)
else:
    st.info(f"This convolution has {convolution.out_channels} filters, from 0; there is no filter {number} here.")
    number = 0
with downloads:
    offer(
        f"{subject.file_stem}-{convolution.path}-filters",
        sheet.mosaic.png,
        lambda: arrays_as_npz(
            weights=filters.values, norms=summary.norms, groups=summary.groups, duplicates=summary.duplicates
        ),
        filter_snippet(subject, convolution, number, choose_slice(convolution, filters, number, wanted), silenced),
        key="offer",
    )
