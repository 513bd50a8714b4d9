"""Work in slices, done at once."""

from typing import TypeVar

from explorer.slices import Slices

T = TypeVar("T")


def gather(slices: Slices[T]) -> tuple[list[tuple[int, int]], T]:
    """All that is told on the way, however soon, and what is made."""
    told: list[tuple[int, int]] = []
    while True:
        try:
            told.append(next(slices))
        except StopIteration as end:
            made: T = end.value
            return told, made
