"""The Deck page."""
