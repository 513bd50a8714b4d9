"""The Pooling page: what each kind keeps of a photo or a map, cell by cell, and what it does to a network."""

import streamlit as st

from explorer.ui.kit.choose import choose_view
from explorer.ui.pooling.in_network import show_heads, show_shift, show_surgery
from explorer.ui.pooling.kinds import (
    choose_channel,
    choose_settings,
    choose_source,
    show_cell,
    show_pictures,
    show_sources,
)
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject


def show_kinds(subject: Subject) -> None:
    """Every kind on the photo or a map."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    source = choose_source(subject, row)
    settings = None if source is None else choose_settings(source, row)
    if source is None or settings is None:
        return
    show_pictures(source, settings)
    st.subheader("One cell", anchor=False)
    channel = choose_channel(source)
    show_cell(source, settings, channel)
    st.subheader("Where max pooling took each value from", anchor=False)
    show_sources(source, settings, channel)


def show_network(subject: Subject) -> None:
    """Pooling layers of the network changed, and its head."""
    st.subheader("Change the pooling", anchor=False)
    show_surgery(subject)
    st.subheader("Flatten + dense, or global average", anchor=False)
    show_heads(subject)


PARTS = {
    "pictures": ("Pictures", show_kinds),
    "network": ("Inside a network", show_network),
    "shift": ("Shift", show_shift),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Pooling",
        show_sidebar,
        "Pooling makes maps smaller, and every kind forgets something else: the dim, the fine, or where it was.",
    )
    choose_view(PARTS, "part")(subject)
