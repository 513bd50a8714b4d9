"""The Learning page's part on dropout."""
