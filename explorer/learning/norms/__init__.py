"""Normalisation layers: which cells share a mean, both modes, running averages, and PyTorch's beside them."""
