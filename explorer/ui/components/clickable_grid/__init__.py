"""A grid of maps that answers to pointer and keyboard. Drawing the grid is `explorer.rendering`'s business."""

from collections.abc import Collection, Sequence
from pathlib import Path

import streamlit as st

from explorer.rendering import MapGrid
from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_picture

_mount = mount(Path(__file__).parent)


def clickable_grid(
    *,
    png: bytes,
    cells: MapGrid,
    labels: Sequence[str],
    selected: int | None,
    marked: Collection[int],
    alt: str,
    key: str,
    noun: str = "map",
    smallest: int = 20,
    opens: str | None = None,
) -> int | None:
    """Shows a grid and gives the cell that was clicked since the last run, once.

    Args:
        png: The picture. Sent only when it changes.
        cells: Where the maps lie on it.
        labels: One line for each cell, shown under the grid while the pointer or the keyboard is on it.
        selected: The outlined cell.
        marked: Cells to be hatched, such as those of dead channels.
        alt: What the grid shows, for those who cannot see it.
        key: Of the element, unique on the page.
        noun: What a cell is, for the hint under the grid.
        smallest: CSS pixels of a cell's longer side; where the page would shrink it below, rows are broken earlier.
        opens: Key of the container that a click fills, if it is elsewhere on the page: the page goes there.

    Returns:
        The index of the cell whose click caused this run, or None. The caller keeps what is selected.

    Raises:
        ValueError: If there is not one label for each cell, or `selected` or `marked` name a cell that is not there.
    """
    if len(labels) != cells.count:
        raise ValueError(f"{cells.count} cells but {len(labels)} labels")
    if not all(0 <= cell < cells.count for cell in (*marked, *(() if selected is None else (selected,)))):
        raise ValueError(f"selected {selected} and marked {sorted(marked)} must be among {cells.count} cells")
    with st.container(gap=None):
        picture = send_picture(png, key=f"{key}-grid")
        result = _mount(
            data={
                "picture": picture,
                "width": cells.width,
                "height": cells.height,
                "columns": cells.columns,
                "cellWidth": cells.cell_width,
                "cellHeight": cells.cell_height,
                "gap": cells.gap,
                "count": cells.count,
                "labels": list(labels),
                "selected": selected,
                "marked": sorted(marked),
                "alt": alt,
                "noun": noun,
                "smallest": smallest,
                "opens": opens,
            },
            key=key,
            on_cell_change=keep_event,
        )
    cell = result.get("cell")
    return None if cell is None else int(cell)
