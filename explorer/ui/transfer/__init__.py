"""The Transfer learning page."""
