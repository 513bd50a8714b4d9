"""What fools a network: the smallest change of a photo, a patch to place, what both do inside, and what survives."""
