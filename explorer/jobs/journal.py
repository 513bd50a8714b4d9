"""The journal of a job: JSON lines, only ever appended, from which everything about its progress follows.

At any time one process writes it: the worker while it lives, the supervisor otherwise. A line that a killed process
left half written is ignored by readers and cut off by the next writer.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from explorer.jobs.order import UNFINISHED, State, TaskStatus

Ending = Literal["done", "stopped", "failed"]


class JournalWriter:
    """Appends to a journal; may be used from several threads of one process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        _cut_half_line(self._file)

    def worker(self, mark: str) -> None:
        """A process is about to be started for the tasks that wait; `mark` tells what they had made by then."""
        self._append({"kind": "worker", "mark": mark})

    def begun(self, task: int) -> None:
        """A task begins, for the first time or again."""
        self._append({"kind": "begun", "task": task})

    def event(self, task: int, event: Mapping[str, Any]) -> None:
        """A task reports."""
        self._append({"kind": "event", "task": task, "event": dict(event)})

    def ended(self, task: int, state: Ending, problem: str = "") -> None:
        """A task has ended, for good: this line survives a power cut."""
        self._append({"kind": "ended", "task": task, "state": state, "problem": problem})
        os.fsync(self._file)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    def _append(self, line: dict[str, Any]) -> None:
        data = json.dumps({"at": time.time(), **line}).encode() + b"\n"
        with self._lock:
            end = os.fstat(self._file).st_size
            try:
                written = os.write(self._file, data)
                if written < len(data):
                    raise OSError(f"the disk took {written} of {len(data)} bytes")
            except OSError:
                os.ftruncate(self._file, end)  # or the next line would be glued to half of this one
                raise


def _cut_half_line(descriptor: int) -> None:
    size = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    end = size
    while end > 0:
        start = max(0, end - 65536)
        os.lseek(descriptor, start, os.SEEK_SET)
        found = os.read(descriptor, end - start).rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end < size:
        os.ftruncate(descriptor, end)


@dataclass
class _Task:
    state: State = "queued"
    attempts: int = 0
    problem: str = ""
    events: list[Mapping[str, Any]] = field(default_factory=list)
    shown: tuple[Mapping[str, Any], ...] = ()

    def status(self) -> TaskStatus:
        if len(self.shown) != len(self.events):
            self.shown = tuple(self.events)
        return TaskStatus(self.state, self.attempts, self.shown, self.problem)


class JournalReader:
    """What a journal says so far; reads only what is new. Not to be used from several threads at once.

    Attributes:
        began: when the first task began, in seconds of the wall clock; None before.
        ended: when the last ending was written; None before.
        marks: of the processes that were started, in order.
    """

    def __init__(self, path: Path, tasks: int) -> None:
        self._path = path
        self._offset = 0
        self._tasks = [_Task() for _ in range(tasks)]
        self.began: float | None = None
        self.ended: float | None = None
        self.marks: list[str] = []

    def read(self) -> tuple[TaskStatus, ...]:
        """All tasks, after whatever was written since the last call."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:  # nobody has written anything yet
            size = 0
        if size > self._offset:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
            self._offset += len(whole) + len(newline)
            for line in whole.split(b"\n"):
                self._take(line)
        return tuple(task.status() for task in self._tasks)

    def _take(self, line: bytes) -> None:
        with suppress(ValueError, KeyError, IndexError, TypeError):  # after a power cut a line may hold anything
            entry = json.loads(line)
            kind, at = entry["kind"], entry["at"]
            if kind == "worker":
                self.marks.append(entry["mark"])
                return
            task = self._tasks[entry["task"]]
            if kind == "begun":
                task.state = "running"
                task.attempts += 1
                self.began = at if self.began is None else self.began
            elif kind == "event":
                task.events.append(entry["event"])
            elif kind == "ended":
                task.state, task.problem, self.ended = entry["state"], entry["problem"], at


def list_waiting(tasks: Sequence[TaskStatus]) -> list[int]:
    """Numbers of the tasks that have not ended."""
    return [number for number, task in enumerate(tasks) if task.state in UNFINISHED]


def judge(tasks: Sequence[TaskStatus]) -> tuple[State, str]:
    """State and problem of a job, from its tasks.

    A job is "queued" before its first task begins and "running" until all have ended; then "stopped" where a task was
    stopped, else "done" where one is done, else "failed", with the problem of the first.
    """
    states = [task.state for task in tasks]
    if all(state == "queued" for state in states):
        return "queued", ""
    if any(state in UNFINISHED for state in states):
        return "running", ""
    if "stopped" in states:
        return "stopped", ""
    if "done" in states:
        return "done", ""
    return "failed", tasks[0].problem
