"""A ZIP file with one folder of pictures a class: its uploader, and the list of what was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from explorer.text import count_text
from explorer.ui.kit.slow import Tell, watched
from explorer.ui.session.quantities import release

_TOLD: Final = 200  # left-out files that are listed


def upload_zip(key: str, most: int, note: str, take: Callable[[bytes, str, Tell], None]) -> None:
    """An uploader; a new one after each file, whose name stands where its pictures are told.

    Args:
        key: of this uploader among others.
        most: bytes of a file.
        note: beside its label.
        take: given a file, its name and what to tell its progress to; keeps the pictures, or why they were refused.
    """
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    file = st.file_uploader(
        "A ZIP file with one folder for each class",
        type=["zip"],
        key=f"{key}_file_{turn}",
        max_upload_size=most // 2**20,
        help=note,
    )
    if file is not None:
        with watched("Reading the pictures") as tell:
            take(file.getvalue(), file.name, tell)
        release(f"{key}_file_{turn}")
        st.session_state[f"{key}_turn"] = turn + 1
        st.rerun()


def list_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """Names and reasons, to be opened; nothing where nothing was left out."""
    if not skipped:
        return
    with st.expander(f"Left out: {count_text(len(skipped), 'file')}", icon=":material/report:"):
        for name, why in skipped[:_TOLD]:
            st.text(f"{name[-120:]}: {why}")  # never as Markdown: a file name is untrusted text
        if len(skipped) > _TOLD:
            st.caption(f"and {len(skipped) - _TOLD:,} more")
