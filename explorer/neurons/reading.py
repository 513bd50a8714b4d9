"""Numbers that a person types in a line."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final

LARGEST: Final = 1e6


class NumbersRejected(ValueError):
    """What was typed is no such list; the message says what is wrong and what would do."""


def read_numbers(text: str, least: int, most: int) -> tuple[float, ...]:
    """Numbers with spaces, commas or semicolons between them.

    Args:
        text: what was typed.
        least, most: how many there may be.

    Raises:
        NumbersRejected: If one is no number, is not finite or beyond a million, or if there are too few or too many.
    """
    words = [word for word in re.split(r"[\s,;]+", text.strip()) if word]
    if not least <= len(words) <= most:
        wanted = f"{least} numbers" if least == most else f"{least} to {most} numbers"
        raise NumbersRejected(f"Type {wanted} with spaces between them, such as “1 0.5 -2”; here are {len(words)}.")
    return tuple(_read(word, place) for place, word in enumerate(words, 1))


def write_numbers(values: tuple[float, ...]) -> str:
    """Numbers as `read_numbers` takes them, each as short as it can be without becoming another."""
    return " ".join(repr(value).removesuffix(".0") for value in values)


def _read(word: str, place: int) -> float:
    try:
        value = float(word.replace("−", "-").replace("_", "!"))  # Python would read 1_000 as a number
    except ValueError:
        raise NumbersRejected(f"“{word[:20]}”, number {place}, is not a number such as 0.5 or -2.") from None
    if not isfinite(value) or abs(value) > LARGEST:
        raise NumbersRejected(f"Number {place} must lie between −1,000,000 and 1,000,000.")
    return value
