"""A journal: what something has told, one JSON object a line, only ever appended, and read while it grows."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def append_event(path: Path, event: Mapping[str, Any]) -> None:
    """Add an event to those of a task.

    A killed process or a full disk may leave half a line. Every line begins with an empty one, so half a line spoils
    no other.
    """
    data = b"\n" + json.dumps(dict(event)).encode() + b"\n"
    with path.open("ab", buffering=0) as file:  # closed each time: other machines see what is closed
        written = file.write(data)
    if written < len(data):
        raise OSError(errno.ENOSPC, f"the disk took {written} of {len(data)} bytes")


class EventReader:
    """The events of a task so far; reads only what is new. Not to be used from several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._events: tuple[Mapping[str, Any], ...] = ()

    def read(self) -> tuple[Mapping[str, Any], ...]:
        """All events; lines that do not parse are left out, and one that is not whole yet is read again."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except OSError:  # it has reported nothing yet, or nothing that can be read
            return self._events
        self._offset += len(whole) + len(newline)
        fresh = []
        for line in whole.split(b"\n"):
            with suppress(ValueError, RecursionError):
                if isinstance(event := json.loads(line), dict):
                    fresh.append(event)
        if fresh:
            self._events += tuple(fresh)
        return self._events
