"""The Neurons page: one number forward to the loss, and its blame back to every weight."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.choose import choose_part
from explorer.ui.neurons.backward import show_backward
from explorer.ui.neurons.digits import show_digits
from explorer.ui.neurons.one_neuron import show_one_neuron
from explorer.ui.neurons.softmax import show_softmax
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

PARTS: dict[str, tuple[str, Callable[[Subject], None]]] = {
    "neuron": ("One neuron", show_one_neuron),
    "backward": ("Backward", show_backward),
    "softmax": ("Softmax and losses", show_softmax),
    "digits": ("Digits", show_digits),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Neurons",
        show_sidebar,
        "A neuron adds up products and a bias, and bends the sum. Its gradient says which weights are to blame.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        part = choose_part({key: label for key, (label, _) in PARTS.items()})
        choose_asking()
    # One part at a time: what is not looked at is not computed.
    PARTS[part][1](subject)
