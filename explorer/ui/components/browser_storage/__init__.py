"""Keeps one text in the browser's own storage, which outlives tabs and sessions; the server keeps none of it on disk.

Several tabs may write: a tab first tells the server what the storage holds, and writes only what the server has made
of exactly that. Shows nothing itself, but reads a sentence out to screen readers.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explorer.ui.components.mounting import keep_event, mount

_mount = mount(Path(__file__).parent, styles=("unseen.css",))


@dataclass(frozen=True)
class Stored:
    """What the browser has told.

    Attributes:
        text: what its storage holds; "" for nothing.
        revision: number of this message, from 1.
        refused: whether the browser lets nothing be stored, as in some private windows.
    """

    text: str
    revision: int
    refused: bool


def read_storage(key: str) -> Stored | None:
    """What the browser told last; None where it has not yet been asked.

    Args:
        key: of the element, as `keep_in_storage` has it.
    """
    sent = st.session_state.get(key, {}).get("stored")
    if not isinstance(sent, dict):
        return None
    text, revision = sent.get("text"), sent.get("revision")
    if not isinstance(text, str) or not isinstance(revision, int):
        return None
    return Stored(text, revision, sent.get("refused") is True)


def keep_in_storage(text: str | None, *, name: str, session: str, seen: int, said: str, key: str) -> None:
    """Stores a text, and has the browser tell what its storage holds whenever another tab has changed it.

    Args:
        text: what is to be stored; None to leave the storage as it is.
        name: under which the browser keeps it.
        session: another one for every session, which has to be told anew.
        seen: revision of the last message that `text` takes into account; 0 for none.
        said: a sentence that screen readers say when it changes.
        key: of the element, unique on the page.
    """
    _mount(
        data={"text": text, "name": name, "session": session, "seen": seen, "said": said},
        key=key,
        on_stored_change=keep_event,
    )
