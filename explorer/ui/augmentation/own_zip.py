"""The person's own image folder for the experiment: a ZIP file, kept for the session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import streamlit as st

from explorer.augmentation import ImageFolder, Pictures, PipelineRejected, read_image_zip
from explorer.augmentation.image_zip import LEAST_PICTURES, MAX_BYTES
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.slow import Tell
from explorer.ui.session.zip_upload import say_zip, upload_zip

_KEPT, _REFUSED = "augmentation_zip", "augmentation_zip_refused"
_TOLD = 12  # classes that are named


@dataclass(frozen=True, eq=False)
class OwnFolder:
    """A folder that was read.

    Attributes:
        title: the file's name.
        key: a digest of the pictures, for caches.
        folder: what was in it.
    """

    title: str
    key: str
    folder: ImageFolder

    @property
    def pictures(self) -> Pictures:
        """All pictures of the folder."""
        return self.folder.pictures


def choose_own() -> OwnFolder | None:
    """The uploader, and what is kept of the last file that could be read; None before there is one."""

    def take(data: bytes, name: str, _: Tell) -> bool:
        try:
            folder = read_image_zip(data)
        except PipelineRejected as problem:
            st.session_state[_REFUSED] = str(problem)
            return False
        st.session_state[_KEPT] = OwnFolder(name, hashlib.sha256(data).hexdigest(), folder)
        st.session_state.pop(_REFUSED, None)
        return True

    note = (
        f"At least two folders with {LEAST_PICTURES} pictures each. They stay on this server; what is trained on lies "
        "there until it is deleted, at most 7 days; every picture's middle square is brought to 32 × 32 pixels."
    )
    upload_zip(_KEPT, MAX_BYTES, note, take)
    own: OwnFolder | None = st.session_state.get(_KEPT)
    invitation = f"Choose a ZIP file with one folder for each class, at least {LEAST_PICTURES} pictures in each."
    say_zip(own.title if own else None, st.session_state.get(_REFUSED), invitation)
    if own is None:
        return None
    st.caption(as_plain_text(say_folder(own)))
    return own


def say_folder(own: OwnFolder) -> str:
    """What was found, and what was left out."""
    classes = own.pictures.classes
    names = ", ".join(classes[:_TOLD]) + (", …" if len(classes) > _TOLD else "")
    pictures = count_text(len(own.pictures.labels), "picture")
    return f"{own.title}: {pictures} of {len(classes)} classes ({names}). {own.folder.note}".strip()
