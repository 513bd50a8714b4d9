"""Attention that is part of the network itself, and what it says of a class."""
