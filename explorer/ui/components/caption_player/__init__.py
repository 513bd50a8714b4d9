"""A caption to be led through word by word: the photo goes dark except where the network looked before each.

Hovering, stepping and playing are answered in the browser alone; the server hears nothing of them. Texts are made in
wording.js, pixels in spotlight.js, the numbers beside the photo in facts.js; component.js chooses and plays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from explorer.rendering.film_strip import DARKEST, SLIMMEST
from explorer.ui.components.mounting import mount
from explorer.ui.components.store import send_numbers, send_picture

if TYPE_CHECKING:
    from explorer.captioning import Caption

_CONSTANTS_JS = f"const DARKEST = {DARKEST};\nconst SLIMMEST = {SLIMMEST};\n"
_mount = mount(Path(__file__).parent, ("wording.js", "spotlight.js", "facts.js"), ("unseen.css",), _CONSTANTS_JS)


def caption_player(*, png: bytes, caption: Caption, alt: str, key: str) -> None:
    """Shows a photo, the words of a caption to hover, tap, step through or play, and what is known of each word.

    Several may stand on a page, side by side too: each is as wide as its column.

    Args:
        png: The photo, in any proportions; the attention's grid lies over all of it. Sent only when it changes.
        caption: What to play. What is NaN in it is shown as "–"; without words the photo stands alone.
        alt: What the photo shows, for those who cannot see it.
        key: Of the element, unique on the page.
    """
    with st.container(gap=None):
        with st.container(gap=None):  # so that the player keeps its place
            picture = send_picture(png, key=f"{key}-photo")
            attention = send_numbers([caption.attention], key=f"{key}-attention")
        _mount(data={"picture": picture, "attention": attention, "alt": alt, **describe(caption)}, key=key)


def describe(caption: Caption) -> dict[str, Any]:
    """What the browser is told of a caption besides its attention, as plain data."""
    return {
        "words": list(caption.words),
        "grid": list(caption.attention.shape[1:]),
        "probabilities": _plain(caption.probabilities),
        "alternatives": [[[each.word, each.probability] for each in others] for others in caption.alternatives],
        "entropy": _plain(caption.entropy),
        "gates": _plain(caption.gates),
        "moves": _plain(caption.moves),
        "unknown": list(caption.unknown),
        "first": caption.first_noun,
    }


def _plain(values: Iterable[float]) -> list[float | None]:
    """Numbers as JSON has them, five digits of each; None for what is none."""
    return [float(f"{value:.5g}") if math.isfinite(value) else None for value in values]
