"""The pictures at hand: samples, and what this person uploaded.

Uploads are kept by content in one store of the server, so that a reloaded link finds them again, and their files in
the folder that several copies of the dashboard share, where there is one. Who holds a link to a picture can see it, and
nobody can list them. A session lists only its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.images import ImageRejected, Intake, read_apart, read_image
from explorer.samples import SAMPLES, read_sample
from explorer.shared_files import DAYS, KeptFiles, SharedFile, open_shared
from explorer.ui.kit.choose import keep_valid
from explorer.ui.session.quantities import session_id

STORE_BYTES = 512 * 2**20  # of decoded pictures, over all sessions; the longest unused go first
SESSION_BYTES = 256 * 2**20  # of those, what one session may have: 21 at least
_SESSION_KEY = "picture_list"
_SAMPLE_NAMES = {sample.title: sample.name for sample in SAMPLES}


class Picture:
    """One picture a person can choose; told from others, also by caches, by its label and its file's sha256.

    No dataclass: Streamlit would copy and sample the pixels of one at every look into a cache.

    Attributes:
        label: what addresses name; unique, and guessed by nobody.
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


def _bytes_of(picture: Picture) -> int:
    width, height = picture.intake.image.size
    return width * height * 3


@st.cache_resource(show_spinner=False)
def _store() -> KeptFiles[Picture]:
    """Decoded uploads by label."""
    return KeptFiles("picture", SESSION_BYTES, STORE_BYTES, _read_again)


def _read_again(label: str, file: SharedFile) -> tuple[Picture, int] | None:
    """An upload that this copy of the dashboard does not have in memory; the file is judged as when it came."""
    try:
        picture = _read(file)
    except ImageRejected:
        return None
    return (picture, _bytes_of(picture)) if picture.label == label else None


def _read(file: SharedFile) -> Picture:
    """Raise ImageRejected where the file is no usable image."""
    intake = read_apart(file.data)
    # The name alone could belong to two pictures, the digest alone says nothing to a person.
    stem = file.title.replace("\n", " ")[-60:]
    return Picture(f"{stem} · {intake.sha256[:12]}", file.title, "", "", intake)


def say_where_kept() -> str:
    """What becomes of people's pictures, in a sentence."""
    if open_shared().root is None:
        return "They stay on this server and are not stored on disk."
    return f"They stay on this server, which keeps their files for {DAYS:g} days after their last use."


@st.cache_resource(show_spinner=False)
def _sample(name: str) -> Picture:
    sample = next(sample for sample in SAMPLES if sample.name == name)
    return Picture(sample.title, sample.title, sample.name, sample.credit, read_image(read_sample(name)))


def add_picture(title: str, data: bytes) -> Picture:
    """Take one file in and list it for this session.

    Raises:
        ImageRejected: the file is no usable image; nothing changes.
    """
    file = SharedFile(title, data)
    picture = _read(file)
    _store().put_file(picture.label, picture, _bytes_of(picture), session_id(), file)
    _list_for_session(picture.label)
    return picture


def _list_for_session(label: str) -> None:
    labels: list[str] = st.session_state.setdefault(_SESSION_KEY, [])
    if label not in labels:
        labels.append(label)


def take_off(label: str) -> None:
    """List an upload no longer for this session; whoever holds a link to it still finds it."""
    labels: list[str] = st.session_state.get(_SESSION_KEY, [])
    if label in labels:
        labels.remove(label)


def recall(label: str) -> bool:
    """List a picture that an address names; False if the server has it no more."""
    if label in _SAMPLE_NAMES:
        return True
    if _store().recall(label, session_id()) is None:
        return False
    _list_for_session(label)
    return True


def list_pictures() -> list[str]:
    """Labels of the pictures this session can choose: its uploads, newest first, then the samples."""
    uploads = [label for label in st.session_state.get(_SESSION_KEY, []) if _store().get(label)]
    return [*reversed(uploads), *_SAMPLE_NAMES]


def count_lost() -> int:
    """How many uploads of this session had to make room; they are listed no longer, and counted once."""
    labels: list[str] = st.session_state.get(_SESSION_KEY, [])
    lost = [label for label in labels if _store().get(label) is None]
    for label in lost:
        labels.remove(label)
    return len(lost)


def say_lost(count: int) -> str:
    """That so many of a session's pictures had to make room."""
    were = f"{count:,} of your pictures are" if count > 1 else "One of your pictures is"
    return (
        f"{were} no longer on the server, which keeps {SESSION_BYTES // 2**20} MB of pixels for each person and "
        f"{STORE_BYTES // 2**20} MB for all, the newest. Upload what you need again."
    )


def name_pictures(labels: Sequence[str]) -> dict[str, str]:
    """What a person reads for each label: the name of its file, and a number where several files have one name."""
    names: dict[str, str] = {}
    for label in reversed(labels):  # the oldest first, so that a new one renames no other
        title = " ".join(get_picture(label).title.split())
        taken = sum(" ".join(get_picture(other).title.split()) == title for other in names)
        names[label] = f"{title} ({taken + 1})" if taken else title
    return names


def choose_picture_of(
    label: str, options: Sequence[str], key: str, start: str, *, place: DeltaGenerator | None = None, help: str = ""
) -> str:
    """One of the pictures at hand, in a list of names; the address has its label under `key`.

    Streamlit's own binding would write into the address what the list shows, by which no upload is found again.

    Args:
        label: what is chosen.
        options: labels of the pictures.
        key: of the widget and of the address.
        start: what is chosen at first.
        place: where it stands; None for where the page has come to.
        help: a sentence behind a question mark.
    """
    st.session_state.setdefault(key, st.query_params.get(key, start))
    keep_valid(key, options, start)
    names = name_pictures(options)
    chosen: str = (place or st).selectbox(label, options, format_func=names.__getitem__, key=key, help=help or None)
    if chosen == start:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != chosen:
        st.query_params[key] = chosen
    return chosen


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


__all__ = [
    "ImageRejected",
    "Picture",
    "add_picture",
    "choose_picture_of",
    "get_picture",
    "list_pictures",
    "recall",
    "take_off",
]
