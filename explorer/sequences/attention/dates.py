"""Dates as people write them: formats to learn from and formats held out, and how a text of one's own is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from typing import Final

SIGNS: Final = " 0123456789abcdefghijklmnopqrstuvwxyz,./-'"
PADDING, UNKNOWN = 0, 1  # numbers of what is no sign; the signs follow
OUTPUTS: Final = "0123456789-"
LENGTH: Final = len("1998-05-03")
LONGEST: Final = 120  # characters that are read
FIRST_YEAR, LAST_YEAR = 1930, 2029  # within a hundred years two digits say which year is meant
NUMBERS: Final = {sign: place for place, sign in enumerate(SIGNS, start=UNKNOWN + 1)}

MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


# How a part may be written, named after what it makes of 3 May 1998, a Sunday.
_DAYS: Final[dict[str, Callable[[int], str]]] = {"3": str, "03": lambda day: f"{day:02d}", "3rd": _ordinal}
_MONTHS: Final[dict[str, Callable[[int], str]]] = {
    "may": lambda month: MONTHS[month - 1],
    "may, cut": lambda month: MONTHS[month - 1][:3],
    "05": lambda month: f"{month:02d}",
    "5": str,
}
_YEARS: Final[dict[str, Callable[[int], str]]] = {
    "1998": str,
    "'98": lambda year: f"'{year % 100:02d}",
    "98": lambda year: f"{year % 100:02d}",
}
_ORDERS = ("D M Y", "M D Y", "Y M D")
_SEPARATORS = (" ", "-", "/", ".", ", ", " of ")
_LEADS = ("", "sun ", "sunday ", "sunday, ", "the ", "sunday, the ")


@dataclass(frozen=True)
class Format:
    """One way to write a date, each part named after what it makes of Sunday, 3 May 1998.

    Attributes:
        order: of day D, month M and year Y.
        day, month, year: how they are written.
        separator: between them; a comma stands before the year alone, "of" after the day alone.
        lead: what stands before, such as the day of the week.
    """

    order: str
    day: str
    month: str
    year: str
    separator: str
    lead: str

    def write(self, year: int, month: int, day: int, weekday: int) -> str:
        """The date in lower case; it need not exist.

        Args:
            year, month, day: from 1930, 1 and 1 on.
            weekday: 0 for Monday.
        """
        parts = {"D": _DAYS[self.day](day), "M": _MONTHS[self.month](month), "Y": _YEARS[self.year](year)}
        a, b, c = (parts[letter] for letter in self.order.split())
        if self.separator == ", ":
            text = f"{a} {b}, {c}"
        elif self.separator == " of ":
            text = f"{a} of {b} {c}"
        else:
            text = self.separator.join((a, b, c))
        name = WEEKDAYS[weekday]
        return self.lead.replace("sunday", name).replace("sun", name[:3]) + text


def _is_written(it: Format) -> bool:
    """Whether people write dates like this, and mean one date by it: numbers alone have the day before the month."""
    named, ordinal = it.month.startswith("may"), it.day == "3rd"
    if it.order == "M D Y" and not named:
        return False
    if it.order == "Y M D" and (it.year != "1998" or ordinal or it.lead):
        return False
    if (ordinal or it.lead) and not named:
        return False
    if "the" in it.lead and not (ordinal and it.order == "D M Y"):
        return False
    if it.separator == " of ":
        return ordinal and it.order == "D M Y"
    if it.separator == ", ":
        return it.order == "M D Y"
    if it.separator == "/":
        return not named
    return named or it.separator != " " or it.year == "1998"


@cache
def list_formats() -> tuple[Format, ...]:
    """Every format that dates are written in here."""
    every = (Format(*parts) for parts in product(_ORDERS, _DAYS, _MONTHS, _YEARS, _SEPARATORS, _LEADS))
    return tuple(each for each in every if _is_written(each))


@cache
def split_formats() -> tuple[tuple[Format, ...], tuple[Format, ...]]:
    """Formats to learn from, and a fifth of all, drawn at random, of which the networks see no date in training."""
    order = list(list_formats())
    random.Random(0).shuffle(order)
    held_out = len(order) // 5
    return tuple(order[held_out:]), tuple(order[:held_out])


@dataclass(frozen=True)
class Example:
    """A date as a person writes it, and what shall be written."""

    text: str
    iso: str
    format: Format


def draw_example(numbers: random.Random, formats: tuple[Format, ...]) -> Example:
    """A day of the hundred years from 1930 on, in one of the formats; both drawn evenly."""
    first, last = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
    day = date.fromordinal(numbers.randint(first, last))
    chosen = numbers.choice(formats)
    return Example(chosen.write(day.year, day.month, day.day, day.weekday()), day.isoformat(), chosen)


@dataclass(frozen=True)
class Reading:
    """A person's text as the networks read it.

    Attributes:
        text: in lower case, without what is blank at its ends.
        numbers: of its characters, each from 1 on.
        unknown: characters that the networks do not know, each once, in the order of the text.
    """

    text: str
    numbers: tuple[int, ...]
    unknown: tuple[str, ...]


def read_text(text: str) -> Reading:
    """Number the characters of a text.

    Raises:
        ValueError: there is nothing to read, or too much; the message says what would work.
    """
    # Letter by letter, since some become two in lower case.
    lowered = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in " ".join(text.split()))
    if not lowered:
        raise ValueError("There is nothing to read: type a date, such as 3 May 1998.")
    if len(lowered) > LONGEST:
        raise ValueError(f"This has {len(lowered):,} characters; at most {LONGEST} are read: type the date alone.")
    unknown = tuple(dict.fromkeys(sign for sign in lowered if sign not in NUMBERS))
    return Reading(lowered, tuple(NUMBERS.get(sign, UNKNOWN) for sign in lowered), unknown)


def exists(iso: str) -> bool:
    """Whether the calendar has a day that is written like this."""
    try:
        return date.fromisoformat(iso).isoformat() == iso
    except ValueError:
        return False
