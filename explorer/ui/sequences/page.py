"""The Sequences page: what a network that reads one character after another remembers, and where it looks."""

from __future__ import annotations

from explorer.ui.sequences.attention.part import show_attention
from explorer.ui.sequences.directions.part import show_directions
from explorer.ui.sequences.memory.part import show_memory
from explorer.ui.sequences.unrolled.part import show_unrolled
from explorer.ui.sequences.words.part import show_words
from explorer.ui.shared.parts import show_parts

PARTS = {
    "attention": ("Attention", show_attention),
    "unrolled": ("Unrolled", show_unrolled),
    "memory": ("Memory", show_memory),
    "directions": ("Both directions", show_directions),
    "words": ("Words", show_words),
}


def show() -> None:
    """The whole page."""
    show_parts(
        "Sequences",
        "A network reads one character after another: what it remembers, for how long, and where it looks.",
        PARTS,
    )
