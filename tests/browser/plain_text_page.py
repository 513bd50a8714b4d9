"""Names that mean something in Markdown, as every kind of text that Streamlit reads as such."""

import streamlit as st

from explorer.text import as_plain_text
from tests.browser.test_plain_text import NAMES

for place, name in enumerate(NAMES):
    text = as_plain_text(name)
    with st.container(key=f"name-{place}"):
        st.markdown(text)
        st.markdown(f"It is **{text}**.")
        st.caption(text)
        st.error(text)
        st.button(text, key=f"button-{place}")
