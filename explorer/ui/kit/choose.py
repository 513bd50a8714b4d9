"""Choices that pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st


def choose_part(labels: Mapping[str, str]) -> str:
    """Which part of a page to show, "part" in the address; the first is shown at first.

    Args:
        labels: what a person reads, by the name of the part.
    """
    names = list(labels)
    keep_valid("part", names, names[0])
    part: str | None = st.segmented_control(
        "Part",
        names,
        default=names[0],
        format_func=labels.__getitem__,
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    return part or names[0]  # an address may leave it empty


def keep_valid(key: str, options: Sequence[Any], default: Any) -> None:
    """Put a widget back to its default where an address or an earlier choice names what is not on offer."""
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = default
