"""The front door: page settings and navigation. `make run`, or `streamlit run streamlit_app.py`."""

import streamlit as st

from explorer.ui.app import open_page

st.set_page_config(
    page_title="CNN and attention explorer",
    layout="wide",
    menu_items={"About": "Look inside convolutional networks on your own pictures, layer by layer, offline."},
)
open_page()
