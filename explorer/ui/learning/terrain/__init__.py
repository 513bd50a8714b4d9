"""The Learning page's part on optimisers on surfaces."""
