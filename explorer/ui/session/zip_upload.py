"""A ZIP file with one folder of pictures a class: its uploader, and the list of what was left out.

Where copies of the dashboard share people's files, the address names the file, so that a link brings its pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from explorer.shared_files import DAYS, SharedFile, open_shared
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.slow import Tell, watched
from explorer.ui.session.quantities import release

_TOLD: Final = 200  # left-out files that are listed
_ZIP: Final = "zip"  # of the address: the first digits of the file's sha256
_DIGITS: Final = 16


def upload_zip(key: str, most: int, note: str, take: Callable[[bytes, str, Tell], bool]) -> None:
    """An uploader; a new one after each file, whose name stands where its pictures are told.

    Args:
        key: of this uploader among others.
        most: bytes of a file.
        note: beside its label.
        take: given a file, its name and what to tell its progress to; keeps the pictures, or why they were refused, and
            gives whether it keeps them.
    """
    shared, named = open_shared(), f"{key}_named"  # the digits of what the session has
    asked = st.query_params.get(_ZIP, "")
    if asked and asked != st.session_state.get(named):
        file = shared.find(f"zip/{asked}")
        if file is None:
            st.warning("The pictures of this link are no longer on the server. Upload the ZIP file again.")
        else:
            _read(file, take)
            st.session_state[named] = asked
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    stays = f" The file stays on this server for {DAYS:g} days after its last use, for whoever has the link."
    uploaded = st.file_uploader(
        "A ZIP file with one folder for each class",
        type=["zip"],
        key=f"{key}_file_{turn}",
        max_upload_size=most // 2**20,
        help=note if shared.root is None else f"{note}{stays}",
    )
    if uploaded is not None:
        file = SharedFile(uploaded.name, uploaded.getvalue())
        if _read(file, take):
            digits = hashlib.sha256(file.data).hexdigest()[:_DIGITS] if shared.root is not None else ""
            st.session_state[named] = digits if shared.put(f"zip/{digits}", file) else ""
            leave_zip()
        release(f"{key}_file_{turn}")
        st.session_state[f"{key}_turn"] = turn + 1
        st.rerun()
    digits = st.session_state.get(named, "")
    if digits and st.query_params.get(_ZIP) != digits:
        st.query_params[_ZIP] = digits


def _read(file: SharedFile, take: Callable[[bytes, str, Tell], bool]) -> bool:
    with watched("Reading the pictures") as tell:
        return take(file.data, file.title, tell)


def say_zip(title: str | None, refused: object, invitation: str) -> None:
    """What became of the last file that was refused; the invitation where there has been none.

    Args:
        title: of the file whose pictures are kept; None where there is none.
        refused: why the last file is not; None where it is.
        invitation: what to choose.
    """
    if refused is not None:
        still = f" The pictures of {title} are still here." if title is not None else ""
        st.error(as_plain_text(f"{refused}{still}"), icon=":material/block:")
    elif title is None:
        st.info(invitation, icon=":material/folder_zip:")


def leave_zip() -> None:
    """Name no ZIP file in the address any more."""
    st.query_params.pop(_ZIP, None)


def list_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """Names and reasons, to be opened; nothing where nothing was left out."""
    if not skipped:
        return
    with st.expander(f"Left out: {count_text(len(skipped), 'file')}", icon=":material/report:"):
        for name, why in skipped[:_TOLD]:
            st.text(f"{name[-120:]}: {why}")  # never as Markdown: a file name is untrusted text
        if len(skipped) > _TOLD:
            st.caption(f"and {len(skipped) - _TOLD:,} more")
