"""A page on a topic, made of parts of which one is shown at a time: what is not looked at is not computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import streamlit as st

from explorer.ui.kit.ask import choose_asking
from explorer.ui.kit.choose import choose_part
from explorer.ui.session.page import begin_page
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.session.subject import Subject

Parts: TypeAlias = Mapping[str, tuple[str, Callable[[Subject], None]]]
"""Parts of a page, or views of a part: by name, what a person reads and what draws it, given what is looked at."""


def show_parts(title: str, notice: str, parts: Parts) -> str:
    """The whole page.

    Args:
        title: of the page.
        notice: a sentence or two beside the title.
        parts: one of them is shown.

    Returns:
        The name of the part that is shown.
    """
    subject = begin_page(title, show_sidebar, notice)
    with st.container(horizontal=True, vertical_alignment="center"):
        part = choose_part({name: label for name, (label, _) in parts.items()})
        choose_asking()
    parts[part][1](subject)
    return part
