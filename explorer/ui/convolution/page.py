"""The Convolution page: a kernel of one's own on the photo, or any convolution of the network, cell by cell."""

import streamlit as st

from explorer.ui.convolution.controls import OWN, choose_experiment, edit_kernels, settle
from explorer.ui.convolution.network_layer import show_layer_convolution
from explorer.ui.convolution.own_kernel import (
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
    wanted = choose_experiment(subject.picture)
    experiment = settle(wanted, photo_size(wanted))
    # Open once a number was changed: that run draws one control more, and the browser takes the rest for new.
    with st.expander("Edit a kernel cell by cell", icon=":material/grid_on:", expanded=OWN in wanted.names):
        edit_kernels(wanted.names, wanted.kernels)
    if not show_sizes(experiment):
        return
    unit = show_maps(experiment)
    show_experiment(experiment, unit)
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
        "Point at a cell of the output: the numbers it was made of light up on the input, and their sum is worked out "
        "to the last multiply-add.",
    )
    look = choose("Look at", LOOK_LABELS, "look", "own", hidden=True)
    if look == "layer":
        show_layer_convolution(subject)
    else:
        show_own(subject)
