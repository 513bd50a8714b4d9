"""Neurons, their loss and the blame of every weight: float64, every derivative written out by hand."""
