"""Explains technical terms where a page uses them first: underlined there, a tooltip, and a list at the page's end.

The browser looks for them in the text of the page, so that no page has to mark any; the terms are in explorer/terms.py.
"""

from pathlib import Path

import streamlit as st

from explorer.terms import PATTERN, TERMS

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "explorer_glossary",
    html=(_HERE / "component.html").read_text(encoding="utf-8"),
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)
_MEANINGS = {name.lower(): (term.names[0], term.meaning) for term in TERMS for name in term.names}


def glossary() -> None:
    """Explains the terms of the page that is drawn; to be called once, at its end."""
    # A list: in a dict Streamlit looks for tables, and imports pandas for that, also on the home page.
    _mount(data=[PATTERN, _MEANINGS], key="glossary")
