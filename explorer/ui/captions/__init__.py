"""The Captions page."""
