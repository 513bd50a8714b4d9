"""Why the same network learns, or does not: the way down, depth, scale and noise."""
