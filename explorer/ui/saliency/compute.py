"""Heatmaps for the Saliency page, computed once, with progress and a way to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.saliency import METHODS, Baseline, Heatmap, explain, redraw
from explorer.saliency.faithfulness_report import Faithfulness, measure_faithfulness
from explorer.ui.kit.cache import LruCache
from explorer.ui.session.subject import Subject

_KEPT = 192  # heatmaps, over all sessions; a quarter of a megabyte each at 224 px
_STOPPED = "stopped_heatmaps"


@dataclass(frozen=True)
class Asked:
    """What one heatmap is made of. Hashable: its key.

    Attributes:
        subject: the picture and the network.
        method: a key of `METHODS`.
        layer: "" for methods without.
        target, against: classes.
        fast: whether an approximation will do.
        redrawn: how many layers get new weights first, counted from the classes.
    """

    subject: Subject
    method: str
    layer: str
    target: int
    contrast: int | None = None
    fast: bool = False
    redrawn: int = 0

    @property
    def label(self) -> str:
        """The method, for people."""
        return METHODS[self.method].label + (", fast mode" if self.fast else "")

    def compute(self, progress: Callable[[int, int], bool | None] | None = None) -> Heatmap:
        """The heatmap itself.

        Raises:
            SaliencyImpossible: there is none.
        """
        model, x = self.subject.model, self.subject.input
        if self.redrawn:
            model = redraw(model, x, self.redrawn)
        return explain(
            model,
            x,
            self.method,
            self.target,
            self.layer or None,
            contrast=self.contrast,
            progress=progress,
            fast=self.fast,
        )


@st.cache_resource(show_spinner=False)
def _heatmaps() -> LruCache:
    return LruCache(_KEPT)


def known_heatmap(asked: Asked) -> Heatmap | None:
    """The heatmap, if it was computed before."""
    found: Heatmap | None = _heatmaps().peek(asked)
    return found


def obtain_heatmap(asked: Asked, place: Any, key: str) -> Heatmap | None:
    """The heatmap, with a bar and a button to stop while a slow method is at work.

    Any change of a control interrupts the work as well: Streamlit ends the run where it next writes to the page, and
    the library leaves nothing behind.

    Args:
        asked: what is wanted.
        place: an `st.empty` to show progress in.
        key: of the buttons, unique on the page.

    Returns:
        None where the person has stopped it.

    Raises:
        SaliencyImpossible: there is no such heatmap.
    """
    known = known_heatmap(asked)
    if known is not None:
        return known
    stopped: set[Asked] = st.session_state.setdefault(_STOPPED, set())
    if asked in stopped:
        with place.container():
            st.info(f"{asked.label} was stopped.", icon=":material/stop_circle:")
            st.button("Go on", key=f"{key}-go-on", on_click=stopped.discard, args=(asked,))
        return None
    if METHODS[asked.method].slow:
        with place.container():
            bar = st.progress(0.0, f"{asked.label} …")
            st.button("Stop", key=f"{key}-stop", on_click=stopped.add, args=(asked,), icon=":material/stop:")
        found = asked.compute(_teller(bar, asked.label))
    else:
        found = asked.compute()
    place.empty()
    _heatmaps().get(asked, lambda: found)
    return found


def _teller(bar: Any, label: str) -> Callable[[int, int], None]:
    """A progress function that says how many images are done and how long the rest will take."""
    start = time.perf_counter()

    def tell(done: int, total: int) -> None:
        left = (time.perf_counter() - start) / done * (total - done)
        bar.progress(min(1.0, done / total), f"{label}: {done} of {total} images, about {left:.0f} s left")

    return tell


@st.cache_data(max_entries=8, show_spinner=False)
def compute_photo(subject: Subject, side: int) -> NDArray[np.uint8]:
    """(side, side, 3) the square that the network sees, finer than it sees it."""
    return np.array(subject.model.preprocessing.with_size(side).pixels(subject.picture.intake.image))


@st.cache_data(max_entries=96, show_spinner=False)
def compute_faithfulness(
    subject: Subject, values_key: str, _values: NDArray[np.float32], target: int, baseline: Baseline
) -> Faithfulness:
    """What tests make of a map; `values_key` says which map it is."""
    return measure_faithfulness(subject.model, subject.input, _values, target, baseline)
