"""Change the cause of a caption: hide part of the photo, or lead the attention elsewhere at one word."""

from __future__ import annotations

import streamlit as st

from explorer.ui.captions.subject import CaptionSubject
from explorer.ui.kit.choose import keep_valid

CAUSES = {"hide": "Hide part of the photo", "move": "Move the attention"}


def show_cause(subject: CaptionSubject) -> None:
    """One of the experiments, each with the old sentence beside the new one."""
    keep_valid("cause", list(CAUSES), "hide")
    cause = st.segmented_control(
        "What to change",
        list(CAUSES),
        default="hide",
        format_func=CAUSES.__getitem__,
        key="cause",
        bind="query-params",
        required=True,
    )
    if cause == "move":
        from explorer.ui.captions.move_attention import show_moving

        show_moving(subject)
    else:
        from explorer.ui.captions.cover import show_covering

        show_covering(subject)
