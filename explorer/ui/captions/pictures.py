"""The photo of the Captions page in its own proportions, with what belongs to the attention's grid laid over it."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from explorer.rendering import overlay_map
from explorer.ui.captions.subject import CaptionSubject

SIDE = 560  # pixels of the photo's longer side


@st.cache_data(max_entries=16, show_spinner=False)
def compute_shown(subject: CaptionSubject, side: int = SIDE) -> NDArray[np.uint8]:
    """(H, W, 3) the photo, its longer side `side` pixels."""
    image = subject.picture.intake.image
    scale = side / max(image.size)
    size = [max(1, round(each * scale)) for each in image.size]
    return np.asarray(image.resize((size[0], size[1]), Image.Resampling.BICUBIC))


def draw_glow(
    subject: CaptionSubject, values: NDArray[np.floating], side: int = SIDE, peak: float | None = None
) -> bytes:
    """A map over the grid, (h, w), as an amber glow over the photo, all of which the encoder sees."""
    return overlay_map(compute_shown(subject, side), values, opacity=0.75, peak=peak)
