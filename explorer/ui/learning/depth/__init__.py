"""The Learning page's part on depth."""
