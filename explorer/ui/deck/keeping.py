"""Progress as a file, to save and to load, and the cards as text for Anki."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from explorer.deck.anki import write_anki
from explorer.deck.answers import MOST_BYTES, LogRefused, Progress, count_unsaved, read, write
from explorer.text import as_plain_text, count_text
from explorer.ui.deck.dates import write_day
from explorer.ui.deck.progress import Kept, now, replace_stored, take_in
from explorer.ui.kit.export import download

_MANY: Final = 20  # answers that no file has
_LOADED: Final = "deck_loaded"  # of the session: ids of the files that were read


def show_keeping(kept: Kept) -> None:
    """Where answers are kept; save, load, Anki."""
    place = "this tab alone" if kept.refused else "this browser and in no other place"
    st.markdown(
        f"{count_text(len(kept.progress.log), 'answer')}, kept by {place}. "
        "A file takes them to another browser or machine: what is loaded is added to what is there, in whatever order, "
        "and nothing is lost or counted twice."
    )
    st.caption(_say_saved(kept))
    offer_file(kept)
    _load(kept)
    st.subheader("For Anki", anchor=False)
    st.markdown("Questions, answers and links to the experiments, without your answers. Anki: File, Import.")
    site = urlsplit(st.context.url or "http://localhost:8501")
    download(
        st.container(),
        "Cards as text for Anki",
        lambda: write_anki(f"{site.scheme}://{site.netloc}"),
        "deck-for-anki.txt",
        "anki",
    )


def tell(kept: Kept) -> None:
    """What was found in what was read, and that the browser stores nothing."""
    for sentence in kept.told:
        st.info(sentence, icon=":material/info:")
    if kept.refused:
        st.warning(
            as_plain_text(f"{kept.refused} Your answers end with this tab, unless you save them as a file."),
            icon=":material/cloud_off:",
        )
    if kept.unreadable:
        st.button("Write over it", on_click=replace_stored, args=(kept,), key="write_over")


def remind(kept: Kept) -> None:
    """The button that saves a file, where many answers are in none or the browser stores none."""
    if count_unsaved(kept.progress) >= _MANY:
        st.caption(_say_saved(kept))
    if count_unsaved(kept.progress) >= _MANY or (kept.refused and kept.progress.log):
        offer_file(kept)


def offer_file(kept: Kept) -> None:
    """The button that saves the log as a file."""
    at = now()
    # The page runs again at the click. Streamlit may drop its answer to a question for a file that is not made yet when
    # a run begins, and the button would spin for ever: so the file is made before.
    st.container().download_button(
        "Save my answers as a file",
        write(Progress(kept.progress.log, at)),
        f"deck-{at:%Y-%m-%d}.json",
        "application/json",
        key="save",
        icon=":material/download:",
        on_click=_note_saved,
        args=(kept, at),
        disabled=not kept.progress.log,
    )


def _note_saved(kept: Kept, at: datetime) -> None:
    kept.take(Progress(kept.progress.log, at))  # an answer since then is in no file yet


def _say_saved(kept: Kept) -> str:
    saved, unsaved = kept.progress.saved, count_text(count_unsaved(kept.progress), "answer")
    if saved is None:
        return f"Never saved as a file; {unsaved} since the first."
    days = (now() - saved).days
    when = "today" if days == 0 else f"{count_text(days, 'day')} ago, on {write_day(saved)}"
    return f"Last saved as a file {when}; {unsaved} since."


def _load(kept: Kept) -> None:
    file = st.file_uploader(
        "Load a file of answers", type="json", max_upload_size=max(MOST_BYTES // 2**20, 1), key="deck_file"
    )
    if file is None:
        return
    loaded: dict[str, str] = st.session_state.setdefault(_LOADED, {})
    if file.file_id not in loaded:
        before = len(kept.progress.log)
        kept.told.clear()
        try:
            take_in(kept, read(file.getvalue(), now()))
        except LogRefused as problem:
            loaded[file.file_id] = str(problem)
        else:
            loaded[file.file_id] = ""
            added = count_text(len(kept.progress.log) - before, "answer")
            kept.told.insert(0, f"Loaded: {added} that were not here yet.")
    if refused := loaded[file.file_id]:
        st.error(as_plain_text(refused), icon=":material/block:")
