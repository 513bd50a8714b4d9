"""What is covered of a photo: painted on it, kept in the address, and what stands in its place."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import encode_png
from explorer.saliency import MOST_TEXT, Cover, Fill
from explorer.ui.components import photo_cover
from explorer.ui.kit.choose import choose
from explorer.ui.session.pictures import Picture

FILL_LABELS: dict[Fill, str] = {"blur": "Blur", "grey": "Grey", "noise": "Noise"}
FILL_NOTES: dict[Fill, str] = {
    "blur": "Shapes go, colours stay.",
    "grey": "The mean colour of the training photos; its edges are new to the photo.",
    "noise": "Random colours about the photo's own mean, the same at every look; a texture that was not there.",
}


def choose_fill() -> Fill:
    """What stands in the place of what is covered."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    fill = choose("Cover it with", FILL_LABELS, "fill", "blur", place=row)
    row.caption(FILL_NOTES[fill])
    return fill


def paint_cover(place: DeltaGenerator, photo: NDArray[np.uint8], picture: Picture) -> str:
    """The photo (H, W, 3) to paint on; gives what is covered, as `Cover.to_text` writes it and the address has it."""
    painted = _read(st.query_params.get("cover", ""))
    with place:
        changed = photo_cover(
            png=encode_png(photo),
            cover=painted,
            most=MOST_TEXT,
            alt=f"{picture.title}, to be covered in part",
            key="cover-photo",
        )
    if changed is None or changed == painted:
        return painted
    if text := _read(changed):
        st.query_params["cover"] = text
    elif not changed:
        st.query_params.pop("cover", None)
    st.rerun()


def _read(text: str) -> str:
    """A cover as it is written; nothing where it makes no sense."""
    try:
        return Cover.from_text(text).to_text()
    except ValueError:
        return ""


def say_too_small() -> None:
    """That something is painted and nothing covered."""
    st.info("What you painted is smaller than a pixel of the network: nothing is covered. Paint a larger part.")
