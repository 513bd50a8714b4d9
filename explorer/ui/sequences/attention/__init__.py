"""The Sequences page's part on attention."""
