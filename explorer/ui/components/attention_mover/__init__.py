"""A photo under a grid: a spot of attention is set or dragged onto one of its cells, by pointer or keyboard.

What a spot weighs is said in `explorer.captioning.spot`; here it only has a place and a radius.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_picture

_mount = mount(Path(__file__).parent, styles=("photo.css", "unseen.css"))


def attention_mover(
    *, png: bytes, grid: tuple[int, int], spot: tuple[int, int] | None, radius: float, alt: str, key: str
) -> tuple[int, int] | None:
    """Shows a photo with a spot on it, and gives the cell onto which the person moved it since the last run, once.

    Nothing goes to the server while the spot is dragged or led by the arrow keys; where it is dropped goes, once.

    Args:
        png: The photo, in any proportions. Sent only when it changes.
        grid: Rows and columns that are laid over all of it.
        spot: Row and column of the cell that the spot is on; None for no spot yet.
        radius: Standard deviation of the spot's glow, in cells.
        alt: What the photo shows, for those who cannot see it.
        key: Of the element, unique on the page.

    Returns:
        Row and column of the drop that caused this run, within the grid; or None. The caller keeps it.

    Raises:
        ValueError: If the spot is not on the grid.
    """
    if spot is not None and not _is_on(grid, *spot):
        raise ValueError(f"spot {spot} must be on a grid of {grid[0]} x {grid[1]} cells")
    with st.container(gap=None):
        picture = send_picture(png, key=f"{key}-photo")
        result = _mount(
            data={
                "picture": picture,
                "rows": grid[0],
                "columns": grid[1],
                "spot": None if spot is None else list(spot),
                "radius": radius,
                "alt": alt,
            },
            key=key,
            on_spot_change=keep_event,
        )
    return read_drop(result.get("spot"), grid)


def read_drop(sent: Any, grid: tuple[int, int]) -> tuple[int, int] | None:
    """What a browser sent, as a cell; None where it is none."""
    if not isinstance(sent, list) or len(sent) != 2 or not all(isinstance(each, (int, float)) for each in sent):
        return None
    row, column = int(sent[0]), int(sent[1])
    return (row, column) if _is_on(grid, row, column) else None


def _is_on(grid: tuple[int, int], row: int, column: int) -> bool:
    return 0 <= row < grid[0] and 0 <= column < grid[1]
