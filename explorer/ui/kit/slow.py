"""Long work on a page: a bar with a count and an estimate. Streamlit's own caches cannot draw while they compute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

Tell = Callable[[int, int], None]  # (done, of)
_EVERY = 0.2  # seconds between two strokes of a bar


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
