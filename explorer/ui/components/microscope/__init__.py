"""The microscope: which numbers made one output cell, worked out in the browser and held against the framework's value.

Pointer, keyboard and play answer in the browser. What a specimen holds is said in `explorer.operations.specimen`; the
arithmetic is in arithmetic.js, pixels and short texts in drawing.js, the maps in maps.js, the opened channels in
cards.js, the sum and the bars in ledger.js, sentences in page.js; component.js is pointer, keyboard, play and pin.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from explorer.operations.specimen import NONE, PAD, Specimen, Step
from explorer.rendering.colours import DIVERGING, SEQUENTIAL, UNDEFINED
from explorer.ui.components.store import STORE_JS, send_numbers, send_picture

__all__ = ["MOST_BYTES", "NONE", "PAD", "Specimen", "Step", "microscope"]

MOST_BYTES: Final = 1_500_000
"""How much input a page should send at once; above it, a specimen without input answers one click at a time."""

_HERE = Path(__file__).parent
_SCRIPTS = ("arithmetic.js", "drawing.js", "page.js", "maps.js", "cards.js", "ledger.js", "component.js")
_COLOURS_JS = "".join(
    f"const {name} = {json.dumps(np.asarray(colours).tolist(), separators=(',', ':'))};\n"
    for name, colours in (("SEQUENTIAL", SEQUENTIAL), ("DIVERGING", DIVERGING), ("UNDEFINED", UNDEFINED))
)
_mount = st.components.v2.component(
    "explorer_microscope",
    html=(_HERE / "component.html").read_text(encoding="utf-8"),
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=STORE_JS + _COLOURS_JS + "".join((_HERE / script).read_text(encoding="utf-8") for script in _SCRIPTS),
)


def microscope(specimen: Specimen, *, pinned: tuple[int, int] | None, key: str) -> tuple[int, int] | None:
    """Shows a specimen and gives the cell that was clicked since the last run, once.

    The input travels in an element of its own, so that another output channel does not send it again.

    Args:
        specimen: What to show. Its input should stay below `MOST_BYTES`.
        pinned: The (row, column) of the output that is held, None to follow the pointer.
        key: Of the element, unique on the page.

    Returns:
        The cell whose click caused this run, or None. The caller keeps what is pinned; a click on the cell that is
        pinned lets it go, so the next value is `None if clicked == pinned else clicked`.

    Raises:
        ValueError: If `pinned` is not on the output.
    """
    height, width = specimen.output_size
    if pinned is not None and not (0 <= pinned[0] < height and 0 <= pinned[1] < width):
        raise ValueError(f"pinned {pinned} is not on an output of {height}x{width}")
    arrays = (specimen.kernel, specimen.output, specimen.final, specimen.rows, specimen.columns)
    picture = specimen.preview if specimen.input is None else specimen.input
    with st.container(gap=None):
        with st.container(gap=None):  # so that the microscope keeps its place when one thing more is sent
            layer = send_numbers([array for array in arrays if array is not None], key=f"{key}-layer")
            sent = {
                "inputId": None if picture is None else send_numbers([picture], key=f"{key}-input"),
                "patchId": None if specimen.patch is None else send_numbers([specimen.patch], key=f"{key}-patch"),
                "backdropId": None
                if specimen.backdrop is None
                else send_picture(specimen.backdrop, key=f"{key}-backdrop"),
            }
        result = _mount(
            data={**_describe(specimen), **sent, "layerId": layer, "pinned": pinned},
            key=key,
            on_cell_change=_keep_event,
        )
    cell = result.get("cell")
    return None if cell is None else (int(cell[0]), int(cell[1]))


def _describe(specimen: Specimen) -> dict[str, Any]:
    return {
        "operation": specimen.operation,
        "inputSize": specimen.input_size,
        "outputSize": specimen.output_size,
        "window": specimen.window,
        "channels": specimen.channels,
        "sent": specimen.input is not None,
        "hasKernel": specimen.kernel is not None,
        "hasFinal": specimen.final is not None,
        "bias": specimen.bias,
        "divisor": specimen.divisor,
        "steps": [asdict(step) for step in specimen.steps],
        "names": specimen.channel_names,
        "colours": specimen.channel_colours,
        "patchCell": specimen.patch_cell,
        "signedInput": specimen.signed_input,
        "signedOutput": specimen.signed_output,
        "title": specimen.title,
    }


def _keep_event() -> None:
    """Streamlit hands over only events that have a callback."""
