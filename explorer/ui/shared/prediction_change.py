"""What an experiment does to a prediction: bars of the classes before and after, and a sentence."""

from __future__ import annotations

import streamlit as st

from explorer.anatomy import PredictionChange
from explorer.rendering import probability_bars
from explorer.text import class_labels, labels_in_markdown
from explorer.ui.kit.chart import show_chart
from explorer.ui.session.subject import Subject


def show_change(subject: Subject, change: PredictionChange, key: str, *, begun: str = "", changed: bool = True) -> None:
    """The bars, and above them the sentence.

    Args:
        subject: whose classes they are.
        change: both predictions.
        key: of the chart.
        begun: what the sentence begins with.
        changed: whether there is anything to compare; otherwise only the bars before are shown.
    """
    names, after, before = change.bars(class_labels(subject.model.classes))
    if changed:
        st.markdown(begun + change.describe(labels_in_markdown(subject.model.classes)))
    chart = probability_bars(names, after, compare=before) if changed else probability_bars(names, before)
    show_chart(chart, key)
