"""The Learning page's part on the rate over time."""
