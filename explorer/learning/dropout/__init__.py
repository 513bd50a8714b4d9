"""Dropout: masks and what they leave on average, and trainings with it."""
