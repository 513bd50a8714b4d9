"""How every page begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from explorer.ui.kit.choose import refuse_endless_numbers
from explorer.ui.kit.click import take_choices

T = TypeVar("T")


def begin_page(title: str, sidebar: Callable[[], T | None], notice: str | Callable[[T], str]) -> T:
    """The title, the sidebar and what to notice; where there is nothing to look at, the page ends here.

    Args:
        title: of the page.
        sidebar: draws the sidebar and gives what to look at.
        notice: a sentence or two beside the title, which may depend on what is looked at.
    """
    take_choices()
    refuse_endless_numbers()
    opening = st.container(horizontal=True, vertical_alignment="center", key="opening")
    opening.title(title, anchor=False, width="content")
    subject = sidebar()
    if subject is None:
        st.stop()
    opening.markdown(notice if isinstance(notice, str) else notice(subject))
    return subject
