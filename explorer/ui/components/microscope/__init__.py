"""The microscope: which numbers made one output cell, worked out in the browser and held against the framework's value.

Pointer, keyboard and play answer in the browser. What a channel view holds is said in
`explorer.operations.channel_view`; the arithmetic is in arithmetic.js, short texts in drawing.js, the maps
in maps.js, the opened channels in cards.js, the sum and the bars in ledger.js, sentences in page.js; component.js is
pointer, keyboard, play and pin.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import streamlit as st

from explorer.operations.channel_view import NONE, PAD, ChannelView, Step
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_numbers, send_picture

__all__ = ["MOST_BYTES", "NONE", "PAD", "ChannelView", "Step", "microscope"]

MOST_BYTES: Final = 1_500_000
"""How much input a page should send at once; above it, a channel view without input answers one click at a time."""

_mount = mount(
    Path(__file__).parent,
    (
        *("../shared/elements.js", "../shared/canvas.js", "../shared/colour_maps.js"),
        *("arithmetic.js", "drawing.js", "page.js", "maps.js", "cards.js", "ledger.js"),
    ),
    ("button.css", "drawing.css", "maps.css"),
    COLOURS_JS,
)


def microscope(channel_view: ChannelView, *, pinned: tuple[int, int] | None, key: str) -> tuple[int, int] | None:
    """Shows a channel view and gives the cell that was clicked since the last run, once.

    The input travels in an element of its own, so that another output channel does not send it again.

    Args:
        channel view: What to show. Its input should stay below `MOST_BYTES`.
        pinned: The (row, column) of the output that is held, None to follow the pointer.
        key: Of the element, unique on the page.

    Returns:
        The cell whose click caused this run, or None. The caller keeps what is pinned; a click on the cell that is
        pinned lets it go, so the next value is `None if clicked == pinned else clicked`.

    Raises:
        ValueError: If `pinned` is not on the output.
    """
    height, width = channel_view.output_size
    if pinned is not None and not (0 <= pinned[0] < height and 0 <= pinned[1] < width):
        raise ValueError(f"pinned {pinned} is not on an output of {height}x{width}")
    arrays = (channel_view.kernel, channel_view.output, channel_view.final, channel_view.rows, channel_view.columns)
    picture = channel_view.preview if channel_view.input is None else channel_view.input
    with st.container(gap=None):
        with st.container(gap=None):  # so that the microscope keeps its place when one thing more is sent
            layer = send_numbers([array for array in arrays if array is not None], key=f"{key}-layer")
            sent = {
                "inputId": None if picture is None else send_numbers([picture], key=f"{key}-input"),
                "patchId": None
                if channel_view.patch is None
                else send_numbers([channel_view.patch], key=f"{key}-patch"),
                "backdropId": None
                if channel_view.backdrop is None
                else send_picture(channel_view.backdrop, key=f"{key}-backdrop"),
            }
        result = _mount(
            data={**_describe(channel_view), **sent, "layerId": layer, "pinned": pinned},
            key=key,
            on_cell_change=keep_event,
        )
    cell = result.get("cell")
    return None if cell is None else (int(cell[0]), int(cell[1]))


def _describe(channel_view: ChannelView) -> dict[str, Any]:
    return {
        "operation": channel_view.operation,
        "inputSize": channel_view.input_size,
        "outputSize": channel_view.output_size,
        "window": channel_view.window,
        "channels": channel_view.channels,
        "sent": channel_view.input is not None,
        "hasKernel": channel_view.kernel is not None,
        "hasFinal": channel_view.final is not None,
        "bias": channel_view.bias,
        "divisor": channel_view.divisor,
        "steps": [asdict(step) for step in channel_view.steps],
        "names": channel_view.channel_names,
        "colours": channel_view.channel_colours,
        "patchCell": channel_view.patch_cell,
        "signedInput": channel_view.signed_input,
        "signedOutput": channel_view.signed_output,
        "title": channel_view.title,
    }
