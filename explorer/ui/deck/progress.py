"""A person's progress: in this session, in their browser's storage and in files; nowhere on the server's disk."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import fsrs
import streamlit as st

from explorer.deck.answers import LogRefused, Progress, Reading, add, merge, read, unknown_cards, write
from explorer.deck.schedule import replay
from explorer.deck.topics import CARDS
from explorer.text import count_text
from explorer.ui.components import keep_in_storage, read_storage

KEPT: Final = "deck_kept"  # of the session
_ELEMENT: Final = "deck-storage"
_NAME: Final = "explorer.deck"  # in the browser's storage


@dataclass
class Kept:
    """What this session holds.

    Attributes:
        progress: of the person.
        states: of the cards, by the log.
        session: names it to the browser.
        seen: the browser's last message that `progress` takes into account; 0 before the first.
        refused: why nothing is written to the storage; "" where it is.
        unreadable: whether the reason is what is stored there.
        told: sentences on what was read, until the next answer.
        said: what screen readers say next.
    """

    progress: Progress = field(default_factory=Progress)
    states: dict[int, fsrs.Card] = field(default_factory=dict)
    session: str = field(default_factory=lambda: secrets.token_hex(8))
    seen: int = 0
    refused: str = ""
    unreadable: bool = False
    told: list[str] = field(default_factory=list)
    said: str = ""

    def take(self, progress: Progress) -> None:
        """Go on with this progress."""
        if progress != self.progress:
            self.progress, self.states = progress, replay(progress.log)

    def answer(self, card: int, rating: int, seconds: float) -> None:
        """One answer more, given now."""
        self.told.clear()
        self.take(add(self.progress, card, rating, seconds, now()))


def hold() -> Kept:
    """What this session holds, with what the browser has told since."""
    kept: Kept = st.session_state.setdefault(KEPT, Kept())
    stored = read_storage(_ELEMENT)
    if stored is None or stored.revision == kept.seen:
        return kept
    kept.seen = stored.revision
    kept.refused, kept.unreadable = "", False
    if stored.refused:
        kept.refused = "This browser stores nothing for this page, as in a private window or where cookies are blocked."
    elif stored.text:
        try:
            take_in(kept, read(stored.text, now()))
        except LogRefused as problem:
            kept.refused = f"What this browser has stored cannot be read, and is left as it is. {problem}"
            kept.unreadable = True
    return kept


def take_in(kept: Kept, reading: Reading) -> None:
    """Add what was read to the session, and note what has to be told of it."""
    if reading.future:
        kept.told.append(
            f"{count_text(reading.future, 'answer')} of a time to come, by this machine's clock: counted as given now."
        )
    if strange := unknown_cards(reading.progress.log, CARDS):
        kept.told.append(f"{count_text(strange, 'answer')} to cards that this deck does not have: kept, not used.")
    kept.take(merge(kept.progress, reading.progress))


def replace_stored(kept: Kept) -> None:
    """Write over what the browser has stored and this dashboard cannot read."""
    kept.refused, kept.unreadable = "", False


def store(kept: Kept) -> None:
    """Have the browser keep what the session holds; to be drawn once, at the end of the page."""
    writes = kept.seen > 0 and not kept.refused and kept.progress != Progress()
    keep_in_storage(
        write(kept.progress) if writes else None,
        name=_NAME,
        session=kept.session,
        seen=kept.seen,
        said=kept.said,
        key=_ELEMENT,
    )


def now() -> datetime:
    """The time by this machine's clock, UTC."""
    return datetime.now(UTC)
