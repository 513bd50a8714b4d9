"""Which pictures are on the map: those at hand, a ZIP file, or a set that lies on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.datasets import has_dataset
from explorer.images import ImageRejected
from explorer.picture_features.album import LIMITS, MOST, Album, AlbumRejected, Reading, gather_album, read_album
from explorer.samples import SAMPLES
from explorer.text import as_plain_text, count_text
from explorer.transfer.data.built_in import list_built_in, load_built_in
from explorer.transfer.data.torchvision_sets import TORCHVISION
from explorer.transfer.trial import TransferRejected
from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_one, choose_step, settings_popover
from explorer.ui.kit.slow import Tell
from explorer.ui.session.opening import pictures_lines
from explorer.ui.session.pictures import Picture, get_picture, list_pictures
from explorer.ui.session.quantities import refuse_pictures
from explorer.ui.session.subject import Subject
from explorer.ui.session.zip_upload import leave_zip, list_skipped, say_zip, upload_zip

OWN, ZIP = "own", "zip"
_ENOUGH: Final = 20  # pictures of one's own, which need no others around them
_EACH: Final = (6, 12, 25, 50, 100, 200)  # pictures of a class
_KEPT, _REFUSED = "pictures_zip", "pictures_zip_refused"


@dataclass(frozen=True, eq=False)
class Choice:
    """What is put on the map.

    Attributes:
        album: the pictures.
        lines: Python that makes `album`, for a subject; its `pictures` are those at hand.
        at_hand: those of the pictures that are in the sidebar.
        no_class: what those without a class are called.
    """

    album: Album
    lines: tuple[str, ...]
    at_hand: tuple[Picture, ...] = ()
    no_class: str = "your pictures and the samples"

    def opening(self, subject: Subject) -> list[str]:
        """The first lines of a snippet: `model`, `preprocessing` and `album`."""
        return [*pictures_lines(subject, self.at_hand), *self.lines]

    def in_sidebar(self, place: int) -> Picture | None:
        """The sidebar's picture that stands at a place of the album; they come after those with a class."""
        number = place - int((self.album.labels >= 0).sum())
        return self.at_hand[number] if 0 <= number < len(self.at_hand) else None


def choose_album(row: DeltaGenerator) -> Choice | None:
    """The chooser with its settings; None where there is nothing to look at yet, which is said."""
    labels = list_pictures()
    sets = {name: title for name, title in list_built_in().items() if name not in TORCHVISION}
    titles = {OWN: "Your pictures and the samples", ZIP: "Your ZIP file", **sets}
    known = "imagenette" if has_dataset("imagenette") else "shapes"
    start = OWN if len(labels) - len(SAMPLES) >= _ENOUGH else known
    of = choose_one("Pictures", titles, "of", start, place=row, width=300, help=_say_sets(sets))
    settings = settings_popover(row)
    with settings:
        choose_asking()
    if of == ZIP:
        return _bring_zip()
    leave_zip()
    at_hand = tuple(get_picture(label) for label in labels)
    if of == OWN:
        made = "album = gather_album('Your pictures', loose)"
        album: Album = once(
            ("album", OWN, at_hand), lambda: gather_album("Your pictures", [(p.title, p.intake.image) for p in at_hand])
        )
        return Choice(album, (*_LOOSE, made), at_hand)
    each = choose_step("Of each class", _EACH, "each", 12, place=settings, help="Pictures that are on the map.")
    try:
        album = once(("album", of, each, at_hand), lambda: _load(of, each, at_hand))
    except (TransferRejected, AlbumRejected) as problem:
        st.error(as_plain_text(str(problem)), icon=":material/block:")
        return None
    lines = (
        "from explorer.transfer.data.built_in import load_built_in",
        f"known = load_built_in({of!r}, {each})",
        *_LOOSE,
        "album = gather_album(known.title, loose, known.files, known.names, known.labels, known.classes)",
    )
    return Choice(album, lines, at_hand)


_LOOSE: Final = (
    "from explorer.images import open_image",
    "from explorer.picture_features.album import gather_album",
    "loose = [(name, open_image(data)) for name, data in pictures]",
)


def _say_sets(sets: Mapping[str, str]) -> str:
    return (
        f"{', '.join(sets.values())} are on this machine; your own pictures and the samples are put among them. A ZIP "
        f"file is coloured by its folders. A map holds {MOST:,} pictures."
    )


def _load(name: str, each: int, at_hand: tuple[Picture, ...]) -> Album:
    known = load_built_in(name, each)
    loose = [(picture.title, picture.intake.image) for picture in at_hand]
    return gather_album(known.title, loose, known.files, known.names, known.labels, known.classes)


def _bring_zip() -> Choice | None:
    """The uploader, and what is kept of the last file that could be read; a bad one changes nothing."""

    def take(data: bytes, name: str, tell: Tell) -> bool:
        try:
            reading = read_album(data, name, tell)
            if full := refuse_pictures(reading, reading.album.size):
                raise AlbumRejected(full)
            st.session_state[_KEPT] = reading
            st.session_state.pop(_REFUSED, None)
        except (AlbumRejected, ImageRejected) as problem:
            st.session_state[_REFUSED] = str(problem)
            return False
        return True

    note = (
        f"At most {MOST:,} pictures and {LIMITS.bytes // 2**20} MB. What is no picture is left out and listed. "
        "A picture in no folder has no class. The pictures stay on this server, in its memory, until you leave."
    )
    upload_zip(_KEPT, LIMITS.bytes, note, take)
    kept: Reading | None = st.session_state.get(_KEPT)
    invitation = "Choose a ZIP file of pictures, best with one folder for each class."
    say_zip(kept.album.title if kept else None, st.session_state.get(_REFUSED), invitation)
    if kept is None:
        return None
    _say_reading(kept)
    path = f"Path({kept.album.title!r}).read_bytes()"
    lines = (
        "from pathlib import Path",
        "from explorer.picture_features.album import read_album",
        f"album = read_album({path}, {kept.album.title!r}).album",
    )
    return Choice(kept.album, lines, no_class="in no folder")


def _say_reading(reading: Reading) -> None:
    album = reading.album
    pictures, folders = count_text(len(album), "picture"), count_text(len(album.classes), "folder")
    st.caption(as_plain_text(f"{album.title}: {pictures} in {folders}. {reading.note}".strip()))
    list_skipped(reading.skipped)
