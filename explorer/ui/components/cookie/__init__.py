"""Writes a cookie in the browser, which Streamlit only reads. Shows nothing."""

from pathlib import Path

import streamlit as st

_mount = st.components.v2.component(
    "explorer_cookie", js=(Path(__file__).parent / "component.js").read_text(encoding="utf-8")
)


def write_cookie(name: str, value: str, *, seconds: int, key: str) -> None:
    """Writes a cookie of this site; where the browser keeps none, nothing happens.

    Args:
        name, value: Letters, digits and ".", "_", "-".
        seconds: How long it is kept; browsers keep none for more than 400 days.
        key: Of the element, unique on the page.
    """
    _mount(data={"name": name, "value": value, "seconds": seconds}, key=key)
