"""Figures of the Learning page."""
