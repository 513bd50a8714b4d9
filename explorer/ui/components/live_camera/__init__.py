"""A camera whose frames are answered one after another: the video, or what a network sees of it, and a bar a class."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering.colours import AMBER
from explorer.rendering.scaling import NOT_A_NUMBER
from explorer.ui.components.colours import COLOURS_JS
from explorer.ui.components.mounting import mount
from explorer.ui.components.store import send_numbers, send_picture

_SCALE = f"const AMBER = {json.dumps(AMBER.tolist(), separators=(',', ':'))};\nconst NOT_A_NUMBER = {NOT_A_NUMBER};\n"
_mount = mount(Path(__file__).parent, scripts=("../shared/colour_maps.js", "view.js"), constants=COLOURS_JS + _SCALE)
MOST_BYTES = 2**20  # of a frame; the browser's are a twentieth of that
MOST_FROZEN = 2**23  # of one that is to be kept: a PNG of at most 1,280 pixels a side


@dataclass(frozen=True)
class Frame:
    """A picture of the camera.

    Attributes:
        number: its own, to be answered with.
        file: a JPEG, a PNG where it was frozen, or whatever a browser sent.
    """

    number: int
    file: bytes


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network makes of a picture, ready to be drawn; levels are those of `explorer.rendering.scaling`.

    Attributes:
        names: of the likeliest classes, shown as plain text.
        shares: of them, 0 to 1.
        region: the part of the picture that the network sees, as shares of its sides: left, top, right, bottom.
        glow: (h, w) uint8, 255 glows fully.
        maps: (C, h', w') uint8 levels, of 255.
        signed: whether the maps' middle level is zero.
    """

    names: Sequence[str]
    shares: Sequence[float]
    region: tuple[float, float, float, float]
    glow: NDArray[np.uint8]
    maps: NDArray[np.uint8]
    signed: bool

    def describe(self) -> dict[str, Any]:
        """All but the levels."""
        shapes = {"glowShape": self.glow.shape, "mapsShape": self.maps.shape}
        return {"region": self.region, "signed": self.signed, **{name: list(shape) for name, shape in shapes.items()}}


@dataclass(frozen=True, eq=False)
class View:
    """What stands in the video's place.

    Attributes:
        png: a picture that stands there while no camera runs, or a frame of it is frozen.
        alt: what it shows.
        still: what the network makes of it.
        answer: what it makes of the frame that is answered; None where there is none.
    """

    png: bytes
    alt: str
    still: Seen
    answer: Seen | None = None


def live_camera(
    *,
    names: Sequence[str],
    shares: Sequence[float],
    answered: int,
    key: str,
    on_frame: Callable[[], None],
    view: View | None = None,
    on_freeze: Callable[[], None] = lambda: None,
) -> None:
    """Shows the camera once the person has started it, and a bar for each class.

    The browser sends a frame, waits for its answer, and sends the newest one then: a slow network is asked less often,
    and no frame waits for its turn.

    Args:
        names: Of the classes, shown as plain text.
        shares: What was answered last, 0 to 1, one for each name; empty before anything was.
        answered: Number of the frame that `shares` are about; -1 for none.
        key: Of the element, unique on the page.
        on_frame: Called before the run that a frame causes; `sent_frame` gives the frame.
        view: What the network sees, with a heatmap and maps, in place of the video; and frames can be frozen.
        on_freeze: Called before the run that a frozen frame causes; `sent_frame(key, frozen=True)` gives it.
    """
    with st.container(gap=None):
        _mount(
            data={
                "names": list(names),
                "shares": _rounded(shares),
                "answered": answered,
                "view": None if view is None else _pack(view, key),
            },
            key=key,
            on_frame_change=on_frame,
            on_frozen_change=on_freeze,
        )


def _pack(view: View, key: str) -> dict[str, Any]:
    still, answer = view.still, view.answer
    return {
        "still": {
            # Elements of their own: they do not travel again with every frame.
            "picture": send_picture(view.png, key=f"{key}-picture"),
            "levels": send_numbers([still.glow, still.maps], key=f"{key}-levels"),
            "alt": view.alt,
            "names": list(still.names),
            "shares": _rounded(still.shares),
            **still.describe(),
        },
        "answer": None
        if answer is None
        else {"glow": _to_base64(answer.glow), "maps": _to_base64(answer.maps), **answer.describe()},
    }


def _rounded(shares: Sequence[float]) -> list[float]:
    return [round(float(each), 4) for each in shares]


def _to_base64(levels: NDArray[np.uint8]) -> str:
    return base64.b64encode(levels.tobytes()).decode("ascii")


def sent_frame(key: str, frozen: bool = False) -> Frame | None:
    """The frame whose arrival causes this run; None where there is none, or it is nothing that a camera gives.

    Args:
        key: of the camera.
        frozen: whether it is one that the person wants to keep.
    """
    sent: Any = st.session_state.get(key, {}).get("frozen" if frozen else "frame")
    try:
        number, text = int(sent["number"]), str(sent["file"])
        most = MOST_FROZEN if frozen else MOST_BYTES
        return Frame(number, base64.b64decode(text, validate=True)) if len(text) <= most else None
    except (TypeError, KeyError, ValueError, binascii.Error):
        return None
