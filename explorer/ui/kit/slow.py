"""Long work on a page: a bar with a count and an estimate. Streamlit's own caches cannot draw while they compute."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.kept import LruCache
from explorer.turns import RUNS

T = TypeVar("T")
Tell = Callable[[int, int], None]  # (done, of)
STOPPED = "stopped_work"  # what a person has stopped, in the session
_EVERY = 0.2  # seconds between two strokes of a bar
_KEPT = 256  # results, over all sessions; a quarter of a megabyte each at most


@contextmanager
def watched(what: str, unit: str = "") -> Iterator[Tell]:
    """A bar with a count and an estimate while something is done; "MB" as the unit for counts of bytes."""
    place = st.empty()
    started = told = time.perf_counter()

    def tell(done: int, of: int) -> None:
        nonlocal told
        RUNS.let_others()
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


@st.cache_resource(show_spinner=False)
def _results() -> LruCache:
    return LruCache(_KEPT)


def known(asked: Hashable) -> object | None:
    """What `obtain` gave for it before; None where it is not kept."""
    return _results().peek(asked)


def keep(asked: Hashable, made: object) -> None:
    """Keep a result as `obtain` does, where it is a part of longer work that has a bar already."""
    _results().get(asked, lambda: made)


def obtain(
    asked: Hashable,
    label: str,
    unit: str,
    compute: Callable[[Tell], T],
    place: DeltaGenerator,
    key: str,
    *,
    quick: bool = False,
) -> T | None:
    """What `compute` gives, kept for every session, with a bar and a button to stop while it is at work.

    Any change of a control interrupts the work as well: Streamlit ends the run where it next writes to the page.

    Args:
        asked: says everything that the result depends on.
        label: what is done, for people.
        unit: what is counted, in the plural.
        compute: the work; it is given what to call with how many are done, of how many.
        place: an `st.empty` to show progress in.
        key: begins the keys of the buttons.
        quick: whether it takes no time worth a bar.

    Returns:
        Never to be changed; None where the person has stopped it.
    """
    found: T | None = _results().peek(asked)
    if found is not None:
        return found
    stopped: set[Hashable] = st.session_state.setdefault(STOPPED, set())
    if asked in stopped:
        with place.container():
            st.info(f"{label} was stopped.", icon=":material/stop_circle:")
            st.button("Go on", key=f"{key}-go-on", on_click=stopped.discard, args=(asked,))
        return None
    if quick:
        made = _results().get(asked, lambda: compute(lambda done, of: None))
    else:
        with place.container():
            bar = st.progress(0.0, f"{label} …")
            st.button("Stop", key=f"{key}-stop", on_click=stopped.add, args=(asked,), icon=":material/stop:")
        started = time.perf_counter()

        def tell(done: int, of: int) -> None:
            RUNS.let_others()
            left = (time.perf_counter() - started) / done * (of - done)
            bar.progress(min(1.0, done / of), f"{label}: {done} of {of} {unit}, about {left:.0f} s left")

        def wait() -> None:
            RUNS.let_others()
            bar.progress(0.0, f"{label}: somebody else has asked for the same, and it is at work …")

        made = _results().get(asked, lambda: compute(tell), wait)
    place.empty()
    return made
