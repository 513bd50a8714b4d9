"""Jobs whose whole state lies in one folder, whoever works for them: taken in, followed, stopped, listed."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explorer.jobs.folder import JobFolder
from explorer.jobs.limits import Limits, admit, check
from explorer.jobs.order import UNFINISHED, JobRefused, JobUnknown, Order, State, Status, TaskStatus
from explorer.jobs.shelf import Shelf
from explorer.journal import EventReader

_TIDY = 3600.0  # seconds between two looks at what is old
_REMEMBERED = 32  # jobs whose events stay in memory, those that were asked for last


class FolderJobs(ABC):
    """`Jobs` of which nothing is only in memory.

    Any number of servers may use one folder, at once or one after another, and a server that comes back finds all that
    was finished or went on meanwhile. Every call sees to it that somebody works for the jobs it was about.
    """

    def __init__(self, root: Path, limits: Limits) -> None:
        self._shelf = Shelf(root)
        self._limits = limits
        self._finished: set[str] = set()  # which they stay, so that nobody need look again
        self._events: OrderedDict[str, list[EventReader]] = OrderedDict()
        self._guard = threading.Lock()
        threading.Thread(target=self._tidy, daemon=True).start()

    @abstractmethod
    def _see_to(self, jobs: Sequence[Status]) -> None:
        """Let somebody work for these unfinished jobs, where nobody does."""

    def submit(self, order: Order, inputs: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Take an order; see `Jobs.submit`.

        Raises:
            JobRefused: too many unfinished jobs, or no room.
            ValueError: the order is not one: no tasks, a target that may not run, or a name that is a path.
            TypeError: a task is not made of JSON values.
        """
        check(order, inputs, self._limits)
        self._shelf.check_writable()
        with self._shelf.alone():
            admit(order, self._unfinished(), self._limits)
            folder = self._shelf.add(order, inputs, self._limits)
        self._see_to([self._look(folder)])
        return folder.id

    def follow(self, job: str) -> Status:
        """How far a job is; see `Jobs.follow`."""
        folder = self._shelf.find(job)
        status = self._look(folder, with_events=True)
        if not status.finished:
            self._see_to([status])
        if status.state != "queued":
            return status
        before = [each for each in self._unfinished() if each.submitted < status.submitted]
        return replace(status, ahead=sum(each.device == status.device for each in before))

    def stop(self, job: str) -> None:
        """Ask a job to end; see `Jobs.stop`. Tasks that have not begun never will."""
        folder = self._shelf.find(job)
        if self._look(folder).finished:
            return
        try:
            folder.ask_to_stop()
            with folder.change() as records:
                records[:] = [record.end("stopped") if record.state == "queued" else record for record in records]
        except FileNotFoundError:
            self._shelf.find(job)  # says why
        except OSError as error:
            told = f"This job cannot be told to stop: its folder cannot be written ({error.strerror})."
            raise JobUnknown(told) from error
        if not (status := self._look(folder)).finished:
            self._see_to([status])

    def delete(self, job: str) -> None:
        """Remove a job that has ended; see `Jobs.delete`."""
        with self._shelf.alone():
            folder = self._shelf.find(job)
            if not self._look(folder).finished:
                raise JobRefused("It has not ended yet: stop it first.")
            self._shelf.remove(folder, "they were deleted")

    def result(self, job: str) -> Path:
        """The folder of a job; see `Jobs.result`."""
        return self._shelf.find(job).path

    def queue(self) -> list[Status]:
        """All unfinished jobs; see `Jobs.queue`."""
        found = self._unfinished()
        self._see_to(found)
        listed: list[Status] = []
        for status in found:
            ahead = sum(other.device == status.device for other in listed) if status.state == "queued" else 0
            listed.append(replace(status, ahead=ahead))
        return sorted(listed, key=lambda status: status.state != "running")  # stable: turns stay in order

    def _tidy(self) -> None:
        """Let old jobs go, also while nobody asks for any."""
        while True:
            with suppress(OSError), self._shelf.alone():
                self._shelf.make_room(self._limits, spare_newest=True)
            time.sleep(_TIDY)

    def _unfinished(self) -> list[Status]:
        """The unfinished jobs, without their events, as they came."""
        found: list[Status] = []
        for folder in self._shelf.jobs():
            if folder.id not in self._finished:
                with suppress(JobUnknown):  # it went just now, or cannot be read
                    if not (status := self._look(folder)).finished:
                        found.append(status)
        return sorted(found, key=lambda status: status.submitted)

    def _look(self, folder: JobFolder, with_events: bool = False) -> Status:
        try:
            filed, records = folder.read()  # before the events: all of a task that has ended are there then
        except FileNotFoundError:
            self._shelf.find(folder.id)  # says why, where the whole folder is gone
            raise JobUnknown("The files of this job cannot be read.") from None
        order = filed.order
        events = self._read_events(folder, len(records)) if with_events else [()] * len(records)
        tasks = tuple(
            TaskStatus(record.state, record.attempts, told, record.problem)
            for record, told in zip(records, events, strict=True)
        )
        state, problem = judge(tasks)
        status = Status(
            folder.id, order.title, order.owner, order.device, state, tasks, filed.submitted, problem=problem
        )
        if status.finished:
            self._finished.add(folder.id)
        began = min((record.began for record in records if record.began), default=0.0)
        until = max(record.ended for record in records) if status.finished else time.time()
        stopping = not status.finished and folder.stopping
        return replace(status, seconds=max(0.0, until - began) if began else 0.0, stopping=stopping)

    def _read_events(self, folder: JobFolder, tasks: int) -> list[tuple[Mapping[str, Any], ...]]:
        with self._guard:
            readers = self._events.setdefault(
                folder.id, [EventReader(folder.events(number)) for number in range(tasks)]
            )
            self._events.move_to_end(folder.id)
            while len(self._events) > _REMEMBERED:
                self._events.popitem(last=False)
            return [reader.read() for reader in readers]


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
