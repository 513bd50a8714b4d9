"""The Generators page's part on growing maps: three ways, on a constant picture and in a decoder that learns."""

from __future__ import annotations

import streamlit as st

from explorer.ui.app import link_to
from explorer.ui.generators.growing.decoder import show_decoder
from explorer.ui.generators.growing.phases import show_phases
from explorer.ui.kit.choose import choose_view
from explorer.ui.session.subject import Subject

VIEWS = {"phases": ("A picture of ones", show_phases), "decoder": ("The same training", show_decoder)}

_TRANSPOSED = {"look": "Kernels on your photo", "transposed": "true", "stride": "2", "ksize": "3", "padding": "1"}


def show_growing(subject: Subject) -> None:
    """One view at a time, and where a transposed convolution goes over the photo cell by cell."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    choose_view(VIEWS, "growing_view", place=row)(subject, row)
    link_to("convolution", "A transposed convolution on the photo, cell by cell", _TRANSPOSED)
