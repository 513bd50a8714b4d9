"""What a network remembers of a sequence, for how long, and where it looks instead."""
