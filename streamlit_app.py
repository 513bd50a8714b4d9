"""The front door: page settings and navigation. `make run`, or `streamlit run streamlit_app.py`."""

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).parent / "pages"

st.set_page_config(
    page_title="CNN and attention explorer",
    page_icon=":material/layers:",
    layout="wide",
    menu_items={"About": "Look inside convolutional networks on your own pictures, layer by layer, offline."},
)
st.navigation(
    [
        st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
        st.Page(PAGES / "layers.py", title="Layers", icon=":material/layers:"),
    ],
    position="top",
).run()
