"""The Generators page's part on autoencoders."""
