"""What was read and seen of pictures, kept for the whole server while it is among the last; and bars of progress.

Streamlit's own caches cannot draw while they compute, and some of this takes a minute.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import streamlit as st

from explorer.transfer.examining import Looks, Pairs, find_pairs, look
from explorer.transfer.pictures import PictureSet

T = TypeVar("T")
Tell = Callable[[int, int], None]  # (done, of)
MOST_KEPT = 32  # sets, looks and pairs together
_EVERY = 0.2  # seconds between two strokes of a bar


class Shelf:
    """Values by key; those that were not used for longest go first. Safe to share between sessions."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made where it is not there; two sessions may make it at the same time."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf(MOST_KEPT)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once while it is on the shelf; `key` says everything that it depends on."""
    return cast(T, _shelf().get(key, make))


def looks_of(pictures: PictureSet) -> Looks:
    """`look`, with a bar the first time."""

    def make() -> Looks:
        with watched("Looking at the pictures") as tell:
            return look(pictures, tell)

    return once(("looks", pictures.key), make)


def pairs_of(pictures: PictureSet) -> Pairs:
    """`find_pairs` of all pictures."""
    return once(("pairs", pictures.key), lambda: find_pairs(looks_of(pictures)))


@contextmanager
def watched(what: str, unit: str = "") -> Iterator[Tell]:
    """A bar with a count and an estimate while something is done; "MB" as the unit for counts of bytes."""
    place = st.empty()
    started = told = time.perf_counter()

    def tell(done: int, of: int) -> None:
        nonlocal told
        now = time.perf_counter()
        if now - told < _EVERY or not of:
            return
        told = now
        left = (now - started) * (of - done) / max(done, 1)
        count = f"{done / 1e6:.0f} of {of / 1e6:.0f} MB" if unit == "MB" else f"{done:,} of {of:,}"
        place.progress(min(done / of, 1.0), f"{what}: {count}, about {left:.0f} s left")

    try:
        yield tell
    finally:
        place.empty()
