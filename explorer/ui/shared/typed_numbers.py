"""Numbers that a person types: what cannot be read is said, and the last that could be stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.reading import NumbersRejected, read_numbers
from explorer.text import as_plain_text


def read_or_keep(text: str | None, least: int, most: int, key: str, start: Sequence[float]) -> Numbers:
    """From `least` to `most` typed numbers; where they cannot be read, which is said, the last that could be.

    Args:
        text: what was typed.
        least, most: how many there may be.
        key: of the session, for the last.
        start: what there is before anything could be read.
    """
    try:
        st.session_state[key] = read_numbers(text or "", least, most)
    except NumbersRejected as rejected:
        st.error(as_plain_text(str(rejected)), icon=":material/block:")
    return np.array(st.session_state.get(key, start))
