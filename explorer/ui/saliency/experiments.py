"""The part "Try it yourself": cover the photo by hand, or switch channels, and watch what the network says."""

from __future__ import annotations

import streamlit as st

from explorer.ui.saliency.channel_ablation import show_channels
from explorer.ui.saliency.choices import Question
from explorer.ui.saliency.cover import show_cover
from explorer.ui.session.subject import Subject


def show_experiments(subject: Subject, question: Question) -> None:
    """Both experiments, one below the other."""
    show_cover(subject, question)
    st.divider()
    show_channels(subject, question)
