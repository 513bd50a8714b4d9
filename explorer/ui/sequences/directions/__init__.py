"""The Sequences page's part on reading both ways."""
