"""How every page begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from explorer.ui.app import enter_by_the_front_door
from explorer.ui.kit.click import take_choices

T = TypeVar("T")


def begin_page(title: str, sidebar: Callable[[], T | None], promise: str = "") -> T:
    """The title, the sidebar and what there is to see; where there is nothing to look at, the page ends here.

    Args:
        title: of the page.
        sidebar: draws the sidebar and gives what to look at.
        promise: a sentence or two under the title.
    """
    enter_by_the_front_door()
    take_choices()
    st.title(title, anchor=False)
    subject = sidebar()
    if subject is None:
        st.stop()
    if promise:
        st.markdown(promise)
    return subject
