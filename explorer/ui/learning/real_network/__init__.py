"""The Learning page's part on a real network."""
