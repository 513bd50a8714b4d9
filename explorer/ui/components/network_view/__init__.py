"""The whole network in one view: columns of thumbnails from the photo to the class probabilities.

Draws what it is given. Which layers make a column and which maps are worth showing is decided by the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from explorer.ui.components.store import STORE_JS, send_picture

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "explorer_network_view",
    html=(_HERE / "component.html").read_text(encoding="utf-8"),
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=STORE_JS + (_HERE / "component.js").read_text(encoding="utf-8"),
)

MOST_PROBABILITIES = 10


@dataclass(frozen=True)
class NetworkColumn:
    """One column of the view: the photo, a layer, or a stage of several layers.

    Attributes:
        key: What a click on the column returns; unique in the view.
        title: The heading, such as "layer1".
        kind: What it does, in a word or two, such as "conv" or "stage".
        shape: Of the output without the batch: (C, H, W) or (C,).
        facts: Name and value pairs for the hover text, such as ("parameters", "1,728").
        boxes: (x, y, width, height) of each thumbnail in the sprite.
        units: The channel number of each thumbnail.
        values: A short text for each thumbnail, such as "mean 0.31".
        opens: A closed stage; a click on its heading asks to open it.
        closes: The first column of an opened stage; offers to close it.
        depth: Number of channels.
    """

    key: str
    title: str
    kind: str
    shape: tuple[int, ...]
    facts: tuple[tuple[str, str], ...]
    boxes: Sequence[tuple[int, int, int, int]]
    units: Sequence[int]
    values: Sequence[str]
    opens: bool
    closes: bool
    depth: int

    def __post_init__(self) -> None:
        """Checks that there is a box, a unit and a text for each thumbnail."""
        if not len(self.boxes) == len(self.units) == len(self.values):
            raise ValueError(
                f"column {self.key!r} has {len(self.boxes)} boxes, {len(self.units)} units, {len(self.values)} values"
            )


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
    selected: tuple[str, int | None] | None,
    key: str,
    label: str,
) -> NetworkClick | None:
    """Shows the view and gives what was clicked since the last run, once.

    Args:
        sprite_png: All thumbnails in one picture, see `explorer.rendering.overview_sprite`. Sent only when it changes.
        columns: From left to right.
        probabilities: Class names and probabilities (0 to 1); the ten greatest are shown.
        selected: Key of the outlined column, and the channel of its outlined map.
        key: Of the element, unique on the page.
        label: What the view shows, for those who cannot see it.

    Returns:
        The click that caused this run, or None. The caller keeps what is selected.
    """
    top = sorted(probabilities, key=lambda pair: -pair[1])[:MOST_PROBABILITIES]
    with st.container(gap=None):
        picture = send_picture(sprite_png, key=f"{key}-sprite")
        result = _mount(
            data={
                "picture": picture,
                "label": label,
                "columns": [asdict(column) for column in columns],
                "probabilities": top,
                "selected": selected,
            },
            key=key,
            on_click_change=_keep_event,
        )
    return _read_click(result.get("click"))


def _keep_event() -> None:
    """Streamlit hands over only events that have a callback."""


def _read_click(event: Mapping[str, Any] | None) -> NetworkClick | None:
    if event is None:
        return None
    unit = event.get("unit")
    return NetworkClick(str(event["column"]), None if unit is None else int(unit), event.get("action", "select"))
