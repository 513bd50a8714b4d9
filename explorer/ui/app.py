"""The pages, and the way every session takes to them: through `streamlit_app.py`."""

from pathlib import Path

import streamlit as st

_PAGES = Path(__file__).parents[2] / "pages"
_DOOR = "front_door"


def open_page() -> None:
    """Show the page that the address names."""
    st.session_state[_DOOR] = "open"
    st.navigation(_list_pages(), position="top").run()


def enter_by_the_front_door() -> None:
    """Go through `streamlit_app.py` where a link led past it.

    Until some session has called `st.navigation`, a server takes the folder `pages` for the pages of
    an old-style app and runs the page of a link by itself, without settings and navigation.
    """
    if _DOOR not in st.session_state:
        st.session_state[_DOOR] = "asked for"
        st.navigation(_list_pages(), position="top")
        st.rerun()


def _list_pages() -> list[st.Page]:
    return [
        st.Page(_PAGES / "home.py", title="Home", icon=":material/home:", default=True),
        st.Page(_PAGES / "layers.py", title="Layers", icon=":material/layers:"),
        st.Page(_PAGES / "filters.py", title="Filters", icon=":material/grid_on:"),
        st.Page(_PAGES / "convolution.py", title="Convolution", icon=":material/center_focus_strong:"),
        st.Page(_PAGES / "pooling.py", title="Pooling", icon=":material/compress:"),
        st.Page(_PAGES / "augmentation.py", title="Augmentation", icon=":material/auto_fix_high:"),
        st.Page(_PAGES / "transfer.py", title="Transfer learning", icon=":material/school:"),
        st.Page(_PAGES / "saliency.py", title="Saliency", icon=":material/visibility:"),
        st.Page(_PAGES / "captions.py", title="Captions", icon=":material/subtitles:"),
    ]
