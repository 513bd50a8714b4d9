"""The Sequences page's part on memory."""
