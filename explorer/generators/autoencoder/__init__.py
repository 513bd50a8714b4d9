"""Patches of a photo squeezed through a few numbers: by principal components, and by trained autoencoders."""
