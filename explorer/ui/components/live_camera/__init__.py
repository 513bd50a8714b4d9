"""A camera whose frames are answered one after another: the video, and a bar for each class under it."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.mounting import mount

_mount = mount(Path(__file__).parent)
MOST_BYTES = 2**20  # of a frame; the browser's are a twentieth of that


@dataclass(frozen=True)
class Frame:
    """A picture of the camera.

    Attributes:
        number: its own, to be answered with.
        file: a JPEG, or whatever a browser sent.
    """

    number: int
    file: bytes


def live_camera(
    *, names: Sequence[str], shares: Sequence[float], answered: int, key: str, on_frame: Callable[[], None]
) -> None:
    """Shows the camera's video once the person has started it, and a bar for each class.

    The browser sends a frame, waits for its answer, and sends the next one: a slow network is asked less often.

    Args:
        names: Of the classes, shown as plain text.
        shares: What was answered last, 0 to 1, one for each name; empty before anything was.
        answered: Number of the frame that `shares` are about; -1 for none.
        key: Of the element, unique on the page.
        on_frame: Called before the run that a frame causes; `sent_frame` gives the frame.
    """
    _mount(
        data={"names": list(names), "shares": [round(each, 4) for each in shares], "answered": answered},
        key=key,
        on_frame_change=on_frame,
    )


def sent_frame(key: str) -> Frame | None:
    """The frame whose arrival causes this run; None where there is none, or it is nothing that a camera gives."""
    sent: Any = st.session_state.get(key, {}).get("frame")
    try:
        number, text = int(sent["number"]), str(sent["jpeg"])
        return Frame(number, base64.b64decode(text, validate=True)) if len(text) <= MOST_BYTES else None
    except (TypeError, KeyError, ValueError, binascii.Error):
        return None
