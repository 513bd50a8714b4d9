"""What pages share: the sidebar, the person's pictures, cached analysis, panels, downloads and snippets.

The only part of the library that knows Streamlit. It decides what is shown where; what it shows is
computed below, in `anatomy` and `zoo`, and drawn in `rendering`.
"""
