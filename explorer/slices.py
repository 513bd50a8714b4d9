"""Long work in slices of a fraction of a second, so that who waits for it sees how far it is, and may stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final, TypeVar

T = TypeVar("T")
Slices = Generator[tuple[int, int], None, T]
"""Yields how much is done, of how much, after every slice, however short; returns what was made."""
_EVERY: Final = 0.05  # seconds between two times that somebody is told


def finish(slices: Slices[T], tell: Callable[[int, int], object] = lambda done, of: None) -> T:
    """What the work makes; `tell` is given what it yields, twenty times a second at most."""
    made: list[T] = []
    told = time.perf_counter()
    for done, of in _note(slices, made):
        if (now := time.perf_counter()) - told >= _EVERY:
            told = now
            tell(done, of)
    return made[0]


def count_within(slices: Slices[T], before: int, of: int) -> Slices[T]:
    """The same work as a part of a longer one, of which so much was done before it, of so much in all."""
    made: list[T] = []
    for done, _ in _note(slices, made):
        yield before + done, of
    return made[0]


def _note(slices: Slices[T], made: list[T]) -> Iterator[tuple[int, int]]:
    """The same slices for a loop, which has no place for what is made."""
    made.append((yield from slices))
