"""What every session runs first: page settings and navigation. `streamlit_app.py` serves it."""

import streamlit as st

from explorer.ui.app import open_page

st.set_page_config(
    page_title="CNN and attention explorer",
    layout="wide",
    menu_items={"About": "Look inside convolutional networks on your own pictures, layer by layer, offline."},
)
open_page()
