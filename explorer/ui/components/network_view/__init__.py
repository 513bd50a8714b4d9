"""The whole network in one view: columns of thumbnails from the photo to the class probabilities.

Draws what it is given. Which layers make a column and which maps are worth showing is decided by the page. Branches
between columns and the lines of a map that is pointed at are in connections.js, the softmax in classes.js.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy.overview import NetworkColumn
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_numbers, send_picture

_mount = mount(
    Path(__file__).parent, ("../shared/elements.js", "connections.js", "classes.js"), ("button.css",), COLOURS_JS
)

MOST_PROBABILITIES = 10


@dataclass(frozen=True)
class NetworkClick:
    """What the person did: chose a map (`unit` is its channel) or a column (`unit` is None), opened or closed one."""

    column: str
    unit: int | None
    action: Literal["select", "open", "close"]


def network_view(
    *,
    sprite_png: bytes,
    columns: Sequence[NetworkColumn],
    probabilities: Sequence[tuple[str, float]],
    logits: NDArray[np.float32],
    kernels: NDArray[np.float32],
    selected: tuple[str, int | None] | None,
    key: str,
    label: str,
) -> NetworkClick | None:
    """Shows the view and gives what was clicked since the last run, once.

    Args:
        sprite_png: All thumbnails in one picture, see `explorer.rendering.overview_sprite`. Sent only when it changes.
        columns: From left to right.
        probabilities: Class names and probabilities (0 to 1); the ten greatest are shown.
        logits: Of every class, greatest first, from which the probabilities are worked out.
        kernels: What the columns' `reads` point into.
        selected: Key of the outlined column, and the channel of its outlined map.
            With a map outlined the thumbnails get small, to leave room for what the page shows of it.
        key: Of the element, unique on the page.
        label: What the view shows, for those who cannot see it.

    Returns:
        The click that caused this run, or None. The caller keeps what is selected.
    """
    top = sorted(probabilities, key=lambda pair: -pair[1])[:MOST_PROBABILITIES]
    with st.container(gap=None):
        picture = send_picture(sprite_png, key=f"{key}-sprite")
        numbers = send_numbers([logits, kernels], key=f"{key}-numbers")
        result = _mount(
            data={
                "picture": picture,
                "numbersId": numbers,
                "classes": len(logits),
                "label": label,
                "columns": [asdict(column) for column in columns],
                "probabilities": top,
                "selected": selected,
            },
            key=key,
            on_click_change=keep_event,
        )
    return _read_click(result.get("click"))


def _read_click(event: Mapping[str, Any] | None) -> NetworkClick | None:
    if event is None:
        return None
    unit = event.get("unit")
    return NetworkClick(str(event["column"]), None if unit is None else int(unit), event.get("action", "select"))
