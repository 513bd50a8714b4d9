"""A person's own pictures for the Transfer page: a ZIP file, or files and photos dropped onto named classes.

They live in the session, so they are still there when another part or page was shown in between.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.text import as_plain_text, count_text
from explorer.transfer.data.own_classes import OwnClass, OwnClasses
from explorer.transfer.data.pictures import LEAST_CLASSES, LEAST_PICTURES, MOST_CLASSES, MOST_PICTURES, PictureSet
from explorer.transfer.data.sources import LIMITS, Intake, IntakeRejected, read_zip
from explorer.ui.kit.picture import show_png
from explorer.ui.kit.slow import Tell
from explorer.ui.session.quantities import refuse_pictures, release
from explorer.ui.session.zip_upload import list_skipped, say_zip, upload_zip

_ZIP, _REFUSED = "transfer_zip", "transfer_zip_refused"
_CLASSES = "transfer_classes"


def bring_zip() -> PictureSet | None:
    """The uploader, and what is kept of the last file that could be read; a bad one changes nothing."""

    def take(data: bytes, name: str, tell: Tell) -> bool:
        try:
            intake = read_zip(data, name, tell)
            if full := refuse_pictures(intake.pictures, sum(map(len, intake.pictures.files))):
                raise IntakeRejected(full)
            st.session_state[_ZIP] = intake
            st.session_state.pop(_REFUSED, None)
        except IntakeRejected as problem:
            st.session_state[_REFUSED] = problem
            return False
        return True

    note = (
        f"At least {LEAST_CLASSES} folders with {LEAST_PICTURES} pictures each, at most {MOST_PICTURES:,} "
        f"pictures and {LIMITS.bytes // 2**20} MB. What is no picture is left out and listed."
    )
    upload_zip(_ZIP, LIMITS.bytes, note, take)
    kept: Intake | None = st.session_state.get(_ZIP)
    refused: IntakeRejected | None = st.session_state.get(_REFUSED)
    invitation = f"Choose a ZIP file with one folder for each class, at least {LEAST_PICTURES} pictures in each."
    say_zip(kept.pictures.title if kept else None, refused, invitation)
    if refused is not None:
        list_skipped(refused.skipped)
    if kept is None:
        return None
    if refused is None:
        tell_intake(kept)
    return kept.pictures


def bring_classes() -> PictureSet | None:
    """Named classes with a dropper each, and the camera; gives a set as soon as two classes have enough."""
    own: OwnClasses = st.session_state.setdefault(_CLASSES, OwnClasses())
    for place, each in enumerate(own.classes):
        if place % 2 == 0:  # a row of its own, so that the order stays where columns stand under each other
            columns = st.columns(2)
        with columns[place % 2], st.container(border=True):
            _show_class(own, each)
    st.button(
        "Add a class",
        key="class_add",
        icon=":material/add:",
        on_click=own.add,
        disabled=len(own.classes) >= MOST_CLASSES,
    )
    _show_camera(own)
    list_skipped(own.skipped)
    composed = own.compose()
    if isinstance(composed, IntakeRejected):
        if any(each.files for each in own.classes):
            st.warning(as_plain_text(str(composed)), icon=":material/photo_library:")
        else:
            st.info(
                f"Name your classes and drop at least {LEAST_PICTURES} pictures onto each.",
                icon=":material/photo_library:",
            )
        return None
    tell_intake(composed)
    return composed.pictures


def take_in(own: OwnClasses, each: OwnClass, files: Sequence[tuple[str, bytes]]) -> None:
    """Put files onto a class, where the server has room for them."""
    if full := refuse_pictures(own, own.size + sum(len(file) for _, file in files)):
        own.skipped = [(name, full) for name, _ in files]
    else:
        own.take_in(each, files)


def _show_class(own: OwnClasses, each: OwnClass) -> None:
    def rename() -> None:
        each.name = str(st.session_state[f"class_name_{each.number}"])
        own.version += 1

    def drop() -> None:
        dropped = st.session_state[key] or []
        take_in(own, each, [(file.name, file.getvalue()) for file in dropped])
        release(key)
        each.turn += 1

    def empty() -> None:
        each.empty()
        own.version += 1

    st.text_input("Name", each.name, key=f"class_name_{each.number}", max_chars=60, on_change=rename)
    key = f"class_files_{each.number}_{each.turn}"
    st.file_uploader("Pictures", accept_multiple_files=True, max_upload_size=20, key=key, on_change=drop)
    if each.preview:
        show_png(each.preview, alt=f"The last pictures of {each.name}", width="content")
    row = st.container(horizontal=True, vertical_alignment="center")
    missing = LEAST_PICTURES - len(each.files)
    row.caption(count_text(len(each.files), "picture") + (f", {missing} more needed" if missing > 0 else ""))
    if each.files:
        row.button("Empty", key=f"class_empty_{each.number}", type="tertiary", on_click=empty)
    if len(own.classes) > LEAST_CLASSES:
        row.button("Remove", key=f"class_remove_{each.number}", type="tertiary", on_click=own.remove, args=(each,))


def _show_camera(own: OwnClasses) -> None:
    with st.expander("Camera", icon=":material/photo_camera:"):
        # Asked for only when wanted: the browser lights the camera as soon as the widget is there.
        if not st.toggle("Use the camera", key="class_camera_on"):
            return
        numbers = {each.number: each for each in own.classes}
        if st.session_state.get("class_camera_for") not in numbers:
            st.session_state["class_camera_for"] = own.classes[0].number
        chosen = st.radio(
            "Photos go to",
            list(numbers),
            format_func=lambda number: as_plain_text(numbers[number].name),
            horizontal=True,
            key="class_camera_for",
        )
        shot = st.camera_input("Take a photo", key="class_camera")
        if shot is not None and shot.file_id not in own.shots:
            own.shots.add(shot.file_id)
            take_in(own, numbers[chosen], [(f"photo-{len(own.shots)}.jpg", shot.getvalue())])
            st.rerun()


def tell_intake(intake: Intake) -> None:
    """What was done to the pictures, and what was left out."""
    if intake.note:
        st.caption(as_plain_text(intake.note))
    list_skipped(intake.skipped)
