"""The Convolution page: a kernel of one's own on the photo, or any convolution of the network, cell by cell."""

import streamlit as st

from explorer.ui.convolution.controls import choose_experiment, settle
from explorer.ui.convolution.network_layer import show_layer_convolution
from explorer.ui.convolution.own_kernel import (
    ask_sizes,
    offer_experiment,
    photo_size,
    show_activation,
    show_borders,
    show_experiment,
    show_maps,
    show_overlaps,
    show_sizes,
)
from explorer.ui.kit.choose import choose
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

LOOK_LABELS = {"own": "Kernels on your photo", "layer": "A layer of the network"}


def show_own(subject: Subject) -> None:
    """Kernels chosen or written by the person, on their photo."""
    controls, picture, editor = st.container(), st.container(), st.container()
    with controls:
        wanted = choose_experiment(subject.picture, editor)
        experiment = settle(wanted, photo_size(wanted))
    with picture:
        if ask_sizes(experiment):
            return
        unit = show_maps(experiment)
        show_experiment(experiment, unit)
        show_sizes(experiment)
    show_activation(experiment, unit)
    if experiment.settings.transposed:
        st.subheader("How many stamps meet in a cell", anchor=False)
        show_overlaps(experiment, unit)
    else:
        st.subheader("Five ways to treat the border", anchor=False)
        show_borders(experiment, unit)
    offer_experiment(experiment)


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Convolution",
        show_sidebar,
        "Point at a cell of the output: what it was made of lights up on the input, and the sum is worked out.",
    )
    look = choose("Look at", LOOK_LABELS, "look", "own", hidden=True)
    if look == "layer":
        show_layer_convolution(subject)
    else:
        show_own(subject)
