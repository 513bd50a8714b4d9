"""Long work in slices of a fraction of a second, so that who waits for it sees how far it is, and may stop it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar("T")
Slices = Generator[tuple[int, int], None, T]
"""Yields how much is done, of how much, after every slice; returns what was made."""


def finish(slices: Slices[T], tell: Callable[[int, int], object] = lambda done, of: None) -> T:
    """What the work makes; `tell` is given what it yields."""
    while True:
        try:
            told = next(slices)
        except StopIteration as end:
            made: T = end.value
            return made
        tell(*told)


def count_within(slices: Slices[T], before: int, of: int) -> Slices[T]:
    """The same work as a part of a longer one, of which so much was done before it, of so much in all."""
    while True:
        try:
            done, _ = next(slices)
        except StopIteration as end:
            made: T = end.value
            return made
        yield before + done, of
