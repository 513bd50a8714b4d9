"""What is covered of a photo: kept in the address, and what stands in its place."""

from __future__ import annotations

import streamlit as st

from explorer.saliency import Cover, Fill
from explorer.ui.kit.choose import choose

FILL_LABELS: dict[Fill, str] = {"blur": "Blur", "grey": "Grey", "noise": "Noise"}
FILL_NOTES: dict[Fill, str] = {
    "blur": "Shapes go, colours stay.",
    "grey": "The mean colour of the training photos; its edges are new to the photo.",
    "noise": "Random colours about the photo's own mean, the same at every look; a texture that was not there.",
}


def read_cover() -> Cover:
    """What the address says is covered; nothing where it makes no sense."""
    try:
        return Cover.from_text(st.query_params.get("cover", ""))
    except ValueError:
        return Cover()


def choose_fill() -> Fill:
    """What stands in the place of what is covered."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    fill = choose("Cover it with", FILL_LABELS, "fill", "blur", place=row)
    row.caption(FILL_NOTES[fill])
    return fill


def keep_cover(text: str) -> None:
    """Put a cover into the address; what makes no sense is left out."""
    try:
        text = Cover.from_text(text).to_text()
    except ValueError:
        return
    if text:
        st.query_params["cover"] = text
    else:
        st.query_params.pop("cover", None)
