"""Attention maps over the photo: one large, and those of all heads as small multiples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.rendering import contact_sheet, decode_png, encode_png, enlarge, overlay_map
from explorer.text import significant
from explorer.ui.kit.choose import choose
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.session.subject import Subject

LARGE, SMALL = 308, 144  # pixels; three large ones fit side by side
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}


def draw_attention(
    subject: Subject, values: NDArray[np.float32], side: int = LARGE, peak: float | None = None
) -> bytes:
    """A map (rows, columns) as an amber glow over what the network sees, as a PNG of `side` x `side` pixels."""
    return overlay_map(compute_photo(subject, side), values, opacity=0.75, peak=peak)


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
        place.image(
            draw_attention(subject, values, SMALL, peak),
            alt=f"What head {head} of {name} attends to on {subject.picture.title}, {bits[head]:.2f} bits",
            width="stretch",
        )
        place.caption(f"head {head} · {bits[head]:.2f} bits")


def say_entropy(bits: NDArray[np.float32], alike: float, what: str) -> str:
    """What the entropies mean, and which heads are at the ends."""
    return (
        f"Entropy says how widely a head looks: {alike:.2f} bits is every one of {what} alike, 0 bits a single one. "
        f"Head {int(bits.argmin())} looks most closely ({significant(bits.min())} bits), head {int(bits.argmax())} "
        f"most widely ({significant(bits.max())} bits)."
    )


def draw_sheet(subject: Subject, maps: Sequence[NDArray[np.float32]], columns: int) -> bytes:
    """Maps over the photo side by side, every one on its own scale, as one PNG."""
    pictures = [decode_png(draw_attention(subject, values, LARGE // 2)) for values in maps]
    return encode_png(contact_sheet([enlarge(each, LARGE // 2, LARGE // 2) for each in pictures], columns))


def choose_scale(row: DeltaGenerator) -> str:
    """Whether every head has its own scale, or all share one."""
    scale = choose("Colours of the heads", SCALE_LABELS, "head_scale", "each", place=row)
    return scale
