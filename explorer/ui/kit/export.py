"""What a page hands over: the picture, the arrays, and a snippet that gives the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

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
    data: bytes | str | Callable[[], bytes | str],
    file_name: str,
    key: str,
    *,
    help: str | None = None,
) -> None:
    """A button for a file, whose suffix says what it holds; a function waits until the file is wanted."""
    mime, icon = _KINDS.get(Path(file_name).suffix, ("application/octet-stream", "download"))
    if callable(data):
        data = _held(data, mime, file_name, key)
    # A download changes nothing on the page, so the page does not run again; that run could drop the next download.
    place.download_button(
        label, data, file_name, mime, key=key, help=help, on_click="ignore", icon=f":material/{icon}:"
    )


def _held(make: Callable[[], bytes | str], mime: str, file_name: str, key: str) -> Callable[[], bytes | str]:
    """Makes the file when it is wanted, and has the server hold it until this session's page runs again.

    Streamlit by itself deletes what is made on demand after two more runs of anybody's page: in a class that is before
    the browser has asked for it.
    """
    context, files = get_script_run_ctx(), runtime.get_instance().media_file_mgr

    def make_and_hold() -> bytes | str:
        made = make()
        data = made.encode() if isinstance(made, str) else made
        # Files are held for the session of the thread that adds them, and this function runs in none.
        thread = Thread(target=files.add, args=(data, mime, f"download {key}", file_name, True))
        add_script_run_ctx(thread, context)
        thread.start()
        thread.join()
        return made

    return make_and_hold


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
