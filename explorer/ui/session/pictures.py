"""The pictures at hand: samples, and what this person uploaded.

Uploads are kept by content in one store of the server, so that a reloaded link finds them again; who
holds a link to a picture can see it, and nobody can list them. A session lists only its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.images import ImageRejected, Intake, read_image
from explorer.samples import SAMPLES, read_sample

STORE_BYTES = 512 * 2**20  # of decoded pictures, over all sessions; the longest unused go first
_SESSION_KEY = "picture_list"
_SAMPLE_NAMES = {sample.title: sample.name for sample in SAMPLES}


class Picture:
    """One picture a person can choose; told from others, also by caches, by its label and its file's sha256.

    No dataclass: Streamlit would copy and sample the pixels of one at every look into a cache.

    Attributes:
        label: what the chooser shows and addresses name; unique among the pictures of a session.
        title: file name, or the sample's title.
        sample: the sample's name, "" for uploads.
        credit: who made it, "" for uploads.
        intake: the pixels, and what was done to them.
    """

    def __init__(self, label: str, title: str, sample: str, credit: str, intake: Intake) -> None:
        self.label, self.title, self.sample, self.credit, self.intake = label, title, sample, credit, intake

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and (self.label, self.key) == (other.label, other.key)

    def __hash__(self) -> int:
        return hash((self.label, self.key))

    def __deepcopy__(self, memo: object) -> Picture:
        return self  # nothing of it ever changes

    def __reduce__(self) -> tuple[object, ...]:
        return Picture, (self.label, self.key)  # what Streamlit's caches hash

    @property
    def key(self) -> str:
        """The sha256 of the file, for caches."""
        return self.intake.sha256

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8."""
        return np.asarray(self.intake.image)


class _Store:
    """Decoded uploads by label, least recently used first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pictures: OrderedDict[str, Picture] = OrderedDict()

    def put(self, picture: Picture) -> None:
        with self._lock:
            self._pictures[picture.label] = picture
            self._pictures.move_to_end(picture.label)
            while len(self._pictures) > 1 and sum(map(_bytes_of, self._pictures.values())) > STORE_BYTES:
                self._pictures.popitem(last=False)

    def get(self, label: str) -> Picture | None:
        with self._lock:
            if label in self._pictures:
                self._pictures.move_to_end(label)
            return self._pictures.get(label)


def _bytes_of(picture: Picture) -> int:
    width, height = picture.intake.image.size
    return width * height * 3


@st.cache_resource(show_spinner=False)
def _store() -> _Store:
    return _Store()


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Picture:
    sample = next(sample for sample in SAMPLES if sample.name == name)
    return Picture(sample.title, sample.title, sample.name, sample.credit, read_image(read_sample(name)))


def add_picture(title: str, data: bytes) -> Picture:
    """Take one file in and list it for this session.

    Raises:
        ImageRejected: the file is no usable image; nothing changes.
    """
    intake = read_image(data)
    # The name alone could belong to two pictures, the digest alone says nothing to a person.
    stem = title.replace("\n", " ")[-60:]
    picture = Picture(f"{stem} · {intake.sha256[:12]}", title, "", "", intake)
    _store().put(picture)
    _list_for_session(picture.label)
    return picture


def _list_for_session(label: str) -> None:
    labels: list[str] = st.session_state.setdefault(_SESSION_KEY, [])
    if label not in labels:
        labels.append(label)


def recall(label: str) -> bool:
    """List a picture that an address names; False if the server has it no more."""
    if label in _SAMPLE_NAMES:
        return True
    if _store().get(label) is None:
        return False
    _list_for_session(label)
    return True


def list_pictures() -> list[str]:
    """Labels of the pictures this session can choose: its uploads, newest first, then the samples."""
    uploads = [label for label in st.session_state.get(_SESSION_KEY, []) if _store().get(label)]
    return [*reversed(uploads), *_SAMPLE_NAMES]


def get_picture(label: str) -> Picture:
    """The picture with this label.

    Raises:
        KeyError: it is neither a sample nor in the store.
    """
    if label in _SAMPLE_NAMES:
        return _sample(_SAMPLE_NAMES[label])
    picture = _store().get(label)
    if picture is None:
        raise KeyError(label)
    return picture


__all__ = ["ImageRejected", "Picture", "add_picture", "get_picture", "list_pictures", "recall"]
