"""Attention maps over the photo: one large, and those of all heads as small multiples."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.saliency.drawing import draw_attention
from explorer.ui.kit.choose import choose
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.subject import Subject

LARGE, SMALL = 308, 144  # pixels; three large ones fit side by side
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}


def show_heads(subject: Subject, maps: NDArray[np.float32], bits: NDArray[np.float32], scale: str, name: str) -> None:
    """The map of every head, each with its entropy.

    Args:
        subject: the photo.
        maps: (heads, rows, columns).
        bits: (heads,) entropies.
        scale: "each" head by its own largest value, or all by one that is "shared".
        name: of the block, for the alternative texts.
    """
    peak = float(maps.max()) if scale == "shared" else None
    places = st.container(horizontal=True)
    for head, values in enumerate(maps):
        place = places.container(width=SMALL, gap=None)
        show_png(
            draw_attention(compute_photo(subject, SMALL), values, peak),
            alt=f"What head {head} of {name} attends to on {subject.picture.title}, {bits[head]:.2f} bits",
            place=place,
        )
        place.caption(f"head {head} · {bits[head]:.2f} bits")


def choose_scale(row: DeltaGenerator) -> str:
    """Whether every head has its own scale, or all share one."""
    return choose("Colours of the heads", SCALE_LABELS, "head_scale", "each", place=row)
