"""Optimisers on losses of two numbers: the surface, every step, and PyTorch's beside them."""
