"""The networks that write dates, and what they have written, kept for the whole server."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.sequences.attention.dates import Reading
from explorer.sequences.attention.loading import load_date_network
from explorer.sequences.attention.network import DateNetwork
from explorer.sequences.attention.steps import Run, write
from explorer.ui.kit.cache import once


@st.cache_resource(show_spinner=False)
def load(attends: bool) -> DateNetwork:
    """The network with or without attention; shared, so never changed."""
    return load_date_network(attends)


def compute_run(reading: Reading, attends: bool, led: Mapping[int, int] | None = None) -> Run:
    """What a network writes, by itself or with the attention of some characters led elsewhere."""
    asked = ("dates", reading, attends, tuple(sorted((led or {}).items())))
    return once(asked, lambda: write(load(attends), reading, weigh(reading, led or {})))


def weigh(reading: Reading, led: Mapping[int, int]) -> dict[int, Numbers]:
    """Weights (T,) by the places of written characters: all on the typed one to which each was led."""
    every = np.eye(len(reading.numbers))
    return {place: every[goal] for place, goal in led.items()}
