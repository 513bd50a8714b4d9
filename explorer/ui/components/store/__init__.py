"""Brings a picture or an array to the browser once, for other components to show.

A component's data is sent anew whenever any part of it changes, so a picture inside it would travel again with every
change of the selection. Alone in an element of its own it does not change, and Streamlit then sends only its hash.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

_HERE = Path(__file__).parent

STORE_JS: Final = (_HERE / "store.js").read_text(encoding="utf-8")
"""The browser's half, to be put before the script of a component that shows what was sent."""

_mount = st.components.v2.component(
    "explorer_store", js=STORE_JS + (_HERE / "component.js").read_text(encoding="utf-8")
)


def send_picture(png: bytes, *, key: str) -> str:
    """Sends a PNG to the browser unless it is there already.

    Args:
        png: The encoded picture.
        key: Of the element, unique on the page.

    Returns:
        The id under which the browser's `whenPicture` finds it: 16 hexadecimal digits of the content's hash.
    """
    return _send(png, key)


def send_numbers(arrays: Sequence[NDArray[Any]], *, key: str) -> str:
    """Sends arrays to the browser, one after the other as float32, unless they are there already.

    Args:
        arrays: Of any shapes; the reader has to know them.
        key: Of the element, unique on the page.

    Returns:
        The id under which the browser's `whenNumbers` finds one flat Float32Array.
    """
    return _send(b"".join(np.asarray(array, dtype="<f4").tobytes() for array in arrays), key)


def send_doubles(array: NDArray[np.float64], *, key: str) -> str:
    """The same of one array as float64, for `whenDoubles`, which gives one flat Float64Array."""
    return _send(array.astype("<f8").tobytes(), key)


def _send(content: bytes, key: str) -> str:
    content_id = hashlib.blake2b(content, digest_size=8).hexdigest()
    _mount(data=content_id.encode("ascii") + content, key=key)  # raw bytes, so no third on top for base64
    return content_id
