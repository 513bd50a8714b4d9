"""Heatmaps for the Saliency page, computed once, with progress and a way to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.saliency import METHODS, Baseline, Heatmap, explain, possible_methods, redraw
from explorer.saliency.faithfulness_report import Faithfulness, measure_faithfulness
from explorer.ui.kit.slow import Tell, known, obtain
from explorer.ui.session.subject import Subject


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

    def compute(self, tell: Tell | None = None) -> Heatmap:
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
            progress=tell,
            fast=self.fast,
        )


def known_heatmap(asked: Asked) -> Heatmap | None:
    """The heatmap, if it was computed before."""
    found = known(asked)
    return found if isinstance(found, Heatmap) else None


def takes_long(asked: Asked) -> bool:
    """Whether a heatmap has to be waited for, so that what stood in its place must not stay until it comes."""
    return METHODS[asked.method].slow and known_heatmap(asked) is None


def obtain_heatmap(asked: Asked, place: DeltaGenerator, key: str) -> Heatmap | None:
    """The heatmap, with a bar and a button to stop while a slow method is at work.

    Args:
        asked: what is wanted.
        place: an `st.empty` to show progress in.
        key: of the buttons, unique on the page.

    Returns:
        None where the person has stopped it.

    Raises:
        SaliencyImpossible: there is no such heatmap.
    """
    quick = not METHODS[asked.method].slow
    return obtain(asked, asked.label, "images", asked.compute, place, key, quick=quick)


@st.cache_data(max_entries=256, show_spinner=False)
def list_possible(subject: Subject) -> tuple[str, ...]:
    """The methods that the network has the layers for."""
    return possible_methods(subject.model, subject.input)


@st.cache_data(max_entries=32, show_spinner=False)
def compute_photo(subject: Subject, side: int) -> NDArray[np.uint8]:
    """(side, side, 3) the square that the network sees, finer than it sees it."""
    return np.array(subject.model.preprocessing.with_size(side).pixels(subject.picture.intake.image))


@st.cache_data(max_entries=512, show_spinner=False)
def compute_faithfulness(
    subject: Subject, values_key: str, _values: NDArray[np.float32], target: int, baseline: Baseline
) -> Faithfulness:
    """What tests make of a map; `values_key` says which map it is."""
    return measure_faithfulness(subject.model, subject.input, _values, target, baseline)
