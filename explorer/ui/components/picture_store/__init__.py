"""Brings a picture to the browser once, for other components to show.

A component's data is sent anew whenever any part of it changes, so a picture inside it would travel again with every
change of the selection. Alone in an element of its own it does not change, and Streamlit then sends only its hash.
"""

import hashlib
from pathlib import Path
from typing import Final

import streamlit as st

PICTURES_JS: Final = (Path(__file__).parent.parent / "pictures.js").read_text(encoding="utf-8")
"""The browser's half, to be put before the script of a component that shows a picture."""

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "explorer_picture_store",
    js=PICTURES_JS + (_HERE / "component.js").read_text(encoding="utf-8"),
)


def send_picture(png: bytes, *, key: str) -> str:
    """Sends a PNG to the browser unless it is there already.

    Args:
        png: The encoded picture.
        key: Of the element, unique on the page.

    Returns:
        The id under which the browser's `whenPicture` finds it: 16 hexadecimal digits of the content's hash.
    """
    picture_id = hashlib.blake2b(png, digest_size=8).hexdigest()
    _mount(data=picture_id.encode("ascii") + png, key=key)  # raw bytes, so no third on top for base64
    return picture_id
