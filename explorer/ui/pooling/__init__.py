"""The Pooling page."""
