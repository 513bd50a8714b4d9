"""Many pictures by what a network makes of them: maps of them all, and which lie near which, layer by layer."""
