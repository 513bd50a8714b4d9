"""The log of a person's answers, which is the truth of their progress: how it grows, is merged, written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

MOST_BYTES: Final = 1_000_000
"""Of a file of answers; ten answers a day fill it in six years."""

_FORMAT: Final = "deck of the CNN and attention explorer"
_VERSION: Final = 1
_LARGEST_CARD: Final = 1_000_000
_LONGEST: Final = 24 * 3600  # seconds that one answer may take
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, order=True)
class Answer:
    """One answer. Its card and `at` are what it is known by, wherever it has been copied to.

    Attributes:
        counted: when it counts as given, UTC. As `at`, unless that lay in the future when the log was read.
        at: when it was given, by the clock of that machine, UTC, to the millisecond.
        card: the number of the card.
        rating: how well the person knew it, 1 to 5.
        seconds: how long it took.
    """

    counted: datetime
    at: datetime
    card: int
    rating: int
    seconds: int


Log: TypeAlias = tuple[Answer, ...]
"""Answers, the oldest first."""


@dataclass(frozen=True)
class Progress:
    """All that a browser or a file keeps of a person.

    Attributes:
        log: their answers.
        saved: when it was last saved as a file, UTC; None for never.
    """

    log: Log = ()
    saved: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        progress: what the text says.
        future: how many answers are said to be of a time to come; from now on they count as given when they were read.
    """

    progress: Progress
    future: int


class LogRefused(ValueError):
    """Text that is no log of answers, or none that can be read here; the message is one sentence for the person."""


def merge(first: Progress, second: Progress) -> Progress:
    """The union of both logs, and the later time of saving; in whatever order and however often."""
    known: dict[tuple[int, datetime], Answer] = {}
    for answer in (*first.log, *second.log):
        key = answer.card, answer.at
        known[key] = min(answer, known.get(key, answer))
    saved = max((time for time in (first.saved, second.saved) if time is not None), default=None)
    return Progress(tuple(sorted(known.values())), saved)


def moment(log: Log, now: datetime) -> datetime:
    """When an answer that is given now counts as given: after all others, also where the clock was set back."""
    now = _round_down(now)
    return max(now, log[-1].counted + _MILLISECOND) if log else now


def add(progress: Progress, card: int, rating: int, seconds: float, now: datetime) -> Progress:
    """The same with one answer more, given now."""
    at = moment(progress.log, now)
    answer = Answer(at, at, card, rating, min(max(int(seconds), 0), _LONGEST))
    return Progress((*progress.log, answer), progress.saved)


def count_unsaved(progress: Progress) -> int:
    """How many answers no file has."""
    return sum(progress.saved is None or answer.counted > progress.saved for answer in progress.log)


def write(progress: Progress) -> str:
    """The log as JSON; `read` gives it back."""
    return json.dumps(
        {
            "format": _FORMAT,
            "version": _VERSION,
            "saved": _write_time(progress.saved) if progress.saved else None,
            "columns": ["card", "rating", "at", "seconds", "counted, where it is not at"],
            "answers": [_write_answer(answer) for answer in progress.log],
        },
        separators=(",", ":"),
    )


def read(content: str | bytes, now: datetime) -> Reading:
    """Reads what `write` has written, perhaps on another machine.

    Args:
        content: of the file or of the browser's storage.
        now: UTC; answers of a later time count as given now.

    Raises:
        LogRefused: it is larger than `MOST_BYTES`, not ours, of a newer version, or an answer in it makes no sense.
    """
    if len(content) > MOST_BYTES:
        raise LogRefused(f"The file is larger than {MOST_BYTES // 1_000_000} MB, which no file of answers is.")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise LogRefused("This is no file of answers: it is not JSON.") from None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise LogRefused("This is no file of answers of this dashboard.")
    version = found.get("version")
    if type(version) is not int or version < 1:  # nor is `true` a version
        raise LogRefused("This file of answers does not say its version.")
    if version > _VERSION:
        raise LogRefused(
            f"This file of answers has version {version}, which a newer dashboard has written; this one reads "
            f"version {_VERSION}."
        )
    rows = found.get("answers")
    if not isinstance(rows, list):
        raise LogRefused("This file of answers has no list of answers.")
    now = _round_down(now)
    said = [_read_answer(row, number) for number, row in enumerate(rows, 1)]
    answers = tuple(replace(answer, counted=min(answer.counted, now)) for answer in said)
    saved = None if found.get("saved") is None else _read_time(found["saved"], "The time of saving")
    progress = Progress((), None if saved is None or saved > now else saved)
    return Reading(merge(progress, Progress(answers)), sum(answer.counted > now for answer in said))


def unknown_cards(log: Log, known: Iterable[int]) -> int:
    """How many answers are to cards that this deck does not have: they are kept, and nothing is made of them."""
    cards = set(known)
    return sum(answer.card not in cards for answer in log)


def _write_answer(answer: Answer) -> list[int | str]:
    row: list[int | str] = [answer.card, answer.rating, _write_time(answer.at), answer.seconds]
    return row if answer.counted == answer.at else [*row, _write_time(answer.counted)]


def _read_answer(row: Any, number: int) -> Answer:
    name = f"Answer {number} of the file"
    if not isinstance(row, list) or len(row) not in (4, 5):
        raise LogRefused(f"{name} does not have the columns card, rating, time and seconds.")
    card, rating, at, seconds = row[:4]
    if not _is_whole(card, 1, _LARGEST_CARD):
        raise LogRefused(f"{name} names no card by its number.")
    if not _is_whole(rating, 1, 5):
        raise LogRefused(f"{name} has no rating from 1 to 5.")
    if not _is_whole(seconds, 0, _LONGEST):
        raise LogRefused(f"{name} took no whole number of seconds from 0 to {_LONGEST:,}.")
    given = _read_time(at, f"The time of answer {number}")
    counted = _read_time(row[4], f"The time of answer {number}") if len(row) == 5 else given
    return Answer(min(given, counted), given, card, rating, seconds)


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _read_time(text: Any, name: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError
        return _round_down(time.astimezone(UTC))
    except (TypeError, ValueError, OverflowError):
        raise LogRefused(f"{name} is none, such as 2026-11-29T08:30:00.000Z.") from None


def _write_time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _round_down(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
