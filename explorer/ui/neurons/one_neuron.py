"""The Neurons page's part on one neuron: its sum, and what the activation makes of it."""

from __future__ import annotations

import streamlit as st

from explorer.neurons.activations import ACTIVATIONS
from explorer.rendering import CHART_CONFIG, slope_curves
from explorer.ui.kit.choose import choose_one
from explorer.ui.session.subject import Subject


def show_one_neuron(subject: Subject) -> None:
    """The activation and its slope, with the tangent at the sum."""
    name = choose_one("Activation", {name: each.title for name, each in ACTIVATIONS.items()}, "activation", "sigmoid")
    z = st.slider("Sum", -6.0, 6.0, 2.0, 0.1, key="sum", bind="query-params")
    activation = ACTIVATIONS[name]
    st.plotly_chart(slope_curves(activation.value, activation.slope, z, activation.title), config=CHART_CONFIG)
