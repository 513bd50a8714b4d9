"""Inputs and outputs that every page uses; knows Streamlit and no network."""
