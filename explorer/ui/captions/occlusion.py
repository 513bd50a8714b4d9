"""Which places of the photo each word hangs on, computed once, with progress and a way to stop."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.captioning import occlude_words
from explorer.ui.captions.subject import CaptionSubject

_KEPT = 64  # over all sessions; some 10 kB each
_STOPPED = "stopped_occlusions"
_Asked = tuple[CaptionSubject, tuple[str, ...]]


class _Kept:
    """What was computed, for every session; the longest unused go first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._maps: OrderedDict[_Asked, NDArray[np.float32]] = OrderedDict()

    def get(self, asked: _Asked) -> NDArray[np.float32] | None:
        with self._lock:
            if asked in self._maps:
                self._maps.move_to_end(asked)
            return self._maps.get(asked)

    def put(self, asked: _Asked, maps: NDArray[np.float32]) -> None:
        with self._lock:
            self._maps[asked] = maps
            while len(self._maps) > _KEPT:
                self._maps.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _kept() -> _Kept:
    return _Kept()


def obtain_drops(subject: CaptionSubject, words: tuple[str, ...], place: Any) -> NDArray[np.float32] | None:
    """`occlude_words` of the photo, with a bar and a button to stop while it is at work.

    Any change of a control interrupts it as well: Streamlit ends the run where it next writes to the page.

    Args:
        subject: the photo and the captioner.
        words: the sentence.
        place: an `st.empty` to show progress in.

    Returns:
        (T, h, w), never to be changed; None where the person has stopped it.
    """
    asked = (subject, words)
    found = _kept().get(asked)
    if found is not None:
        return found
    stopped: set[_Asked] = st.session_state.setdefault(_STOPPED, set())
    if asked in stopped:
        with place.container():
            st.info("Hiding windows was stopped.", icon=":material/stop_circle:")
            st.button("Go on", key="occlusion-go-on", on_click=stopped.discard, args=(asked,))
        return None
    with place.container():
        bar = st.progress(0.0, "Hiding one window after another …")
        st.button("Stop", key="occlusion-stop", on_click=stopped.add, args=(asked,), icon=":material/stop:")
    found = occlude_words(subject.captioner, subject.input, words, _teller(bar)).astype(np.float32)
    place.empty()
    _kept().put(asked, found)
    return found


def _teller(bar: Any) -> Callable[[int, int], None]:
    start = time.perf_counter()

    def tell(done: int, total: int) -> None:
        left = (time.perf_counter() - start) / done * (total - done)
        bar.progress(done / total, f"{done} of {total} windows hidden, about {left:.0f} s left")

    return tell
