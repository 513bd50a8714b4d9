"""What a page hands over: the picture, the arrays, and a snippet that gives the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.ui.kit.snippet import show_snippet

_KINDS = {  # MIME type and icon
    ".csv": ("text/csv", "table"),
    ".html": ("text/html", "description"),
    ".json": ("application/json", "data_object"),
    ".npz": ("application/octet-stream", "data_array"),
    ".png": ("image/png", "image"),
    ".py": ("text/x-python", "code"),
    ".txt": ("text/plain", "description"),
    ".zip": ("application/zip", "folder_zip"),
}


def arrays_as_npz(**arrays: NDArray[np.generic]) -> bytes:
    """Named arrays as one compressed NPZ file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def download(
    place: DeltaGenerator,
    label: str,
    data: bytes | str | Callable[[], bytes] | Callable[[], str],
    file_name: str,
    key: str,
    *,
    help: str | None = None,
) -> None:
    """A button for a file, whose suffix says what it holds; a function waits until the file is wanted."""
    mime, icon = _KINDS.get(Path(file_name).suffix, ("application/octet-stream", "download"))
    # A download changes nothing on the page, so the page does not run again; that run could drop the next download.
    place.download_button(
        label, data, file_name, mime, key=key, help=help, on_click="ignore", icon=f":material/{icon}:"
    )


def offer(
    name: str,
    png: bytes | Callable[[], bytes] | None,
    npz: Callable[[], bytes],
    snippet: str,
    key: str,
    json: Callable[[], str] | None = None,
) -> DeltaGenerator:
    """Buttons for the arrays, perhaps a picture and JSON, and the snippet to copy; functions wait until wanted.

    Returns:
        The row of buttons, for another file.
    """
    row = st.container(horizontal=True)
    if png is not None:
        download(row, "PNG", png, f"{name}.png", f"{key}-png")
    download(row, "Arrays (NPZ)", npz, f"{name}.npz", f"{key}-npz")
    if json is not None:
        download(row, "JSON", json, f"{name}.json", f"{key}-json")
    show_snippet(snippet, f"{key}-python")
    return row
