"""What an experiment does to a prediction: bars of the classes before and after, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.rendering import CHART_CONFIG, format_percent, probability_bars
from explorer.text import class_labels
from explorer.ui.session.subject import Subject

_LIKELY = 4  # classes of both predictions, so four to nine are compared


@dataclass(frozen=True, eq=False)
class Change:
    """Two predictions of one network.

    Attributes:
        before, after: (num_classes,) probabilities.
        target: index of the class that is asked about.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    target: int

    def shown(self) -> list[int]:
        """The most probable classes of both and the one asked about, in falling order of what they were before."""
        likely = [int(index) for each in (self.before, self.after) for index in each.argsort()[::-1][:_LIKELY]]
        return sorted({*likely, self.target}, key=lambda index: -self.before[index])

    def describe(self, names: list[str]) -> str:
        """How far the class moved, and whether the prediction is another one."""
        old, new = (float(each[self.target]) for each in (self.before, self.after))
        first, then = int(self.before.argmax()), int(self.after.argmax())
        if np.allclose(self.before, self.after, rtol=1e-5, atol=1e-7):
            return f"**{names[self.target]}** stays at {format_percent(old)}: nothing has changed."
        said = f"**{names[self.target]}** goes from {format_percent(old)} to {format_percent(new)}"
        if first == then:
            return f"{said}; the prediction stays {'the same' if then == self.target else f'**{names[then]}**'}."
        share = "" if then == self.target else f" with {format_percent(float(self.after[then]))}"
        was = "" if first == self.target else f", no longer {names[first]}"
        return f"{said}; the prediction is now **{names[then]}**{share}{was}."


def show_change(subject: Subject, change: Change | None, alone: NDArray[np.float32], target: int, key: str) -> None:
    """The bars, and above them the sentence.

    Args:
        subject: whose classes they are.
        change: what has changed; None for nothing.
        alone: (num_classes,) probabilities to show where nothing has.
        target: index of the class asked about.
        key: of the chart.
    """
    names = class_labels(subject.model.classes)
    if change is None:
        shown = Change(alone, alone, target).shown()
        chart = probability_bars([names[index] for index in shown], [float(alone[index]) for index in shown])
    else:
        st.markdown(change.describe(names))
        shown = change.shown()
        before, after = ([float(each[index]) for index in shown] for each in (change.before, change.after))
        chart = probability_bars([names[index] for index in shown], after, compare=before)
    st.plotly_chart(chart, config=CHART_CONFIG, key=key)
