"""How much of people's files the server holds: so much a session, so much in all, and the oldest go first."""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

UPLOADS_OF_SESSION = 700 * 2**20  # bytes on their way to a page; the largest file that any page takes has 600 MB
UPLOADS = 2 * 2**30  # bytes of all sessions
PICTURE_SETS = 3 * 2**30  # bytes of the pictures that people train on, of all sessions


def session_id() -> str:
    """Of the session whose page runs; "" where none does."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def release(key: str) -> None:
    """Let go of the bytes of uploaded files that have been read, or refused; their uploader lists them as before.

    Streamlit would hold them as long as a file is listed: once in its manager, and once more in the session, of whose
    objects a page is given copies.

    Args:
        key: of the uploader or the camera.
    """
    context, value = get_script_run_ctx(), st.session_state.get(key)
    for file in value if isinstance(value, list) else [value]:
        if not isinstance(file, UploadedFile):  # which the browser lists, and another copy of the dashboard had
            continue
        file.truncate(0)
        if context is not None and hasattr(
            context.uploaded_file_mgr, "add_file"
        ):  # which its protocol does not promise
            empty = UploadedFileRec(file.file_id, file.name, file.type, b"")
            context.uploaded_file_mgr.add_file(context.session_id, empty)


@st.cache_resource(show_spinner=False)
def _sets() -> WeakKeyDictionary[object, int]:
    """Bytes of the pictures of each session that trains on some; what a session lets go of is gone from here."""
    return WeakKeyDictionary()


def refuse_pictures(owner: object, size: int) -> str:
    """Why a session may not hold so many pictures to train on; "" where it may, and they count from now on.

    What others train on cannot go to make room, so the newest is refused here.

    Args:
        owner: what holds the pictures, and is let go of with them.
        size: bytes of their files.
    """
    sets = _sets()
    if size + sum(other for each, other in list(sets.items()) if each is not owner) > PICTURE_SETS:
        return (
            f"The server holds {PICTURE_SETS // 2**30} GB of pictures that people train on, the most that it does: try "
            "again when somebody has left, or with fewer."
        )
    sets[owner] = size
    return ""


@st.cache_resource(show_spinner=False)
def _lost() -> dict[str, list[str]]:
    """Names of files that had to go before a page read them, by session."""
    return {}


@st.cache_resource(show_spinner=False)
def bound_uploads() -> None:
    """Let the server hold no more of what is uploaded than `UPLOADS`, and `UPLOADS_OF_SESSION`; once for the server.

    Streamlit has a bound for one file only, and takes any number of them, from any page.
    """
    context = get_script_run_ctx()
    manager: Any = context.uploaded_file_mgr if context is not None else None
    if hasattr(manager, "file_storage"):
        bound(manager, _lost())


def bound(manager: Any, lost: dict[str, list[str]]) -> None:
    """Let a `MemoryUploadedFileManager` hold no more than the bounds of this module.

    Args:
        manager: whose `add_file` is replaced.
        lost: gets the names of files that had to go, by session.
    """
    add, lock = manager.add_file, threading.Lock()
    came: dict[tuple[str, str], None] = {}  # in the order in which they came

    def add_within_bounds(session_id: str, file: UploadedFileRec) -> None:
        with lock:
            add(session_id, file)
            came.setdefault((session_id, file.file_id))
            files = {key: manager.file_storage.get(key[0], {}).get(key[1]) for key in came}
            for key in [key for key, held in files.items() if held is None]:
                del came[key], files[key]
            sizes = {key: len(held.data) for key, held in files.items() if held.data}
            for key in list(sizes)[:-1]:
                own = sum(size for (session, _), size in sizes.items() if session == session_id)
                if (own > UPLOADS_OF_SESSION and key[0] == session_id) or sum(sizes.values()) > UPLOADS:
                    lost.setdefault(key[0], []).append(files[key].name)
                    manager.remove_file(*key)
                    del came[key], sizes[key]

    manager.add_file = add_within_bounds


def tell_lost() -> None:
    """Say which files of this session had to go before they were read; once."""
    if names := _lost().pop(session_id(), []):
        st.warning(
            f"{len(names):,} of the files had to go before they were read: files of one person may take "
            f"{UPLOADS_OF_SESSION // 2**20} MB on their way, and those of all {UPLOADS // 2**30} GB. Choose fewer at a "
            "time.",
            icon=":material/block:",
        )
