"""What a page hands over: the picture, the arrays, and a snippet that gives the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.ui.kit.snippet import show_snippet


def arrays_as_npz(**arrays: NDArray[np.generic]) -> bytes:
    """Named arrays as one compressed NPZ file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def offer(
    name: str,
    png: bytes | Callable[[], bytes],
    npz: Callable[[], bytes],
    snippet: str,
    key: str,
    json: Callable[[], str] | None = None,
) -> None:
    """Buttons for the picture, the arrays and perhaps JSON, and the snippet to copy; functions wait until wanted."""
    row = st.container(horizontal=True)
    # A download changes nothing on the page, so the page does not run again; that run could drop the next download.
    row.download_button(
        "PNG", png, f"{name}.png", "image/png", key=f"{key}-png", on_click="ignore", icon=":material/image:"
    )
    row.download_button(
        "Arrays (NPZ)",
        npz,
        f"{name}.npz",
        "application/octet-stream",
        key=f"{key}-npz",
        on_click="ignore",
        icon=":material/data_array:",
    )
    if json is not None:
        row.download_button(
            "JSON",
            json,
            f"{name}.json",
            "application/json",
            key=f"{key}-json",
            on_click="ignore",
            icon=":material/data_object:",
        )
    show_snippet(snippet)
