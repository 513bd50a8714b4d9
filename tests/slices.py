"""Work in slices, done at once."""

from typing import TypeVar

from explorer.slices import Slices, finish

T = TypeVar("T")


def gather(slices: Slices[T]) -> tuple[list[tuple[int, int]], T]:
    """All that is told on the way, and what is made."""
    told: list[tuple[int, int]] = []
    made = finish(slices, lambda done, of: told.append((done, of)))
    return told, made
