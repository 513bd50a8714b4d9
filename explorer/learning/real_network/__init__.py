"""A real network: optimisers from one start, the plane through their paths, and other starts."""
