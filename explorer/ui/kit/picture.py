"""Pictures whose pixels are numbers."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def show_png(
    png: bytes,
    caption: str | None = None,
    *,
    alt: str,
    width: int | Literal["stretch", "content"] = "stretch",
    place: DeltaGenerator | None = None,
) -> None:
    """A PNG as it is: Streamlit by itself would make a JPEG of it, which shifts colours and costs time at every rerun.

    Args:
        png: the file.
        caption: what stands below it.
        alt: what it shows, for those who do not see it.
        width: in pixels, all there is, or the picture's own.
        place: where it stands; None for where the page has come to.
    """
    (place or st).image(png, caption, alt=alt, width=width, output_format="PNG")
