"""Long work on this machine: everything lies in one folder, and processes of their own do it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from explorer.jobs.admission import admit, check, say_no_room
from explorer.jobs.disk import Filed, JobFolder, Shelf
from explorer.jobs.journal import JournalReader, judge
from explorer.jobs.limits import Limits
from explorer.jobs.locking import INHERITED, take
from explorer.jobs.order import JobRefused, JobUnknown, Order, Status
from explorer.jobs.processes import start

_REMEMBERED = 8  # finished jobs whose events stay in memory, those that were asked for last


def default_root() -> Path:
    """Where jobs lie: "jobs" in `EXPLORER_CACHE`, or in `~/.cache/cnn-explorer`."""
    return Path(os.environ.get("EXPLORER_CACHE", "~/.cache/cnn-explorer")).expanduser() / "jobs"


class LocalJobs:
    """`Jobs` on this machine, one at a time a device.

    Nothing is only in memory: any number of servers may use one folder, at once or one after another, and a server
    that comes back finds all that was finished or went on meanwhile. A device is seen to by a supervisor, a process
    that starts the workers (see `supervisor`); where one is missing, because the machine was switched off, any call
    here starts another.
    """

    def __init__(self, root: Path | None = None, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        self._shelf = Shelf((root or default_root()).absolute())
        self._limits = limits
        self._finished: set[str] = set()  # which they stay, so that nobody need look again
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._guard = threading.Lock()
        self._started: list[subprocess.Popen[bytes]] = []
        for folder in self._shelf.jobs():  # go on with what was left unfinished
            if not folder.finished:
                with suppress(JobUnknown):
                    self._see_to(self._know(folder).filed.order.device)

    def submit(self, order: Order, inputs: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Take an order; see `Jobs.submit`.

        Raises:
            JobRefused: too many unfinished jobs, or no room.
            ValueError: the order is not one: no tasks, no JSON, a target that may not run, or a name that is a path.
        """
        check(order, inputs, self._limits)
        admit(order, [status for _, status in self._unfinished()], self._limits)
        if sum(map(len, inputs.values())) > self._limits.room:
            raise JobRefused(say_no_room(self._limits))
        staging = self._shelf.prepare(len(order.tasks), inputs)
        try:
            with self._shelf.alone():
                admit(order, [status for _, status in self._unfinished()], self._limits)
                if not self._shelf.make_room(self._limits, spare_newest=False):
                    raise JobRefused(say_no_room(self._limits))
                folder = self._shelf.show(staging, order)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        self._see_to(order.device)
        return folder.id

    def follow(self, job: str) -> Status:
        """How far a job is; see `Jobs.follow`."""
        status = self._look(self._shelf.find(job))
        if status.finished:
            return status
        self._see_to(status.device)
        return replace(status, ahead=self._count_ahead(job, status.device))

    def stop(self, job: str) -> None:
        """Ask a job to end; see `Jobs.stop`."""
        folder = self._shelf.find(job)
        status = self._look(folder)
        if not status.finished:
            try:
                folder.ask_to_stop()
            except FileNotFoundError:
                self._shelf.find(job)
            self._see_to(status.device)

    def result(self, job: str) -> Path:
        """The folder of a job; see `Jobs.result`."""
        return self._shelf.find(job).path

    def queue(self) -> list[Status]:
        """All unfinished jobs; see `Jobs.queue`."""
        found = self._unfinished()
        for device in {status.device for _, status in found}:
            self._see_to(device)
        places: dict[str, int] = {}
        listed: list[Status] = []
        for _, status in found:
            ahead = places.get(status.device, 0)
            places[status.device] = ahead + 1
            tasks = tuple(replace(task, events=()) for task in status.tasks)
            listed.append(replace(status, tasks=tasks, ahead=ahead))
        return sorted(listed, key=lambda status: status.state != "running")  # stable: turns stay in order

    def _unfinished(self) -> list[tuple[int, Status]]:
        """Ticket and status of the unfinished jobs, by ticket."""
        found: list[tuple[int, Status]] = []
        for folder in self._shelf.jobs():
            if folder.id in self._finished:
                continue
            with suppress(JobUnknown):  # it made room just now
                if folder.finished:
                    self._finished.add(folder.id)
                elif not (status := self._look(folder)).finished:
                    found.append((self._know(folder).filed.ticket, status))
        return sorted(found, key=lambda pair: pair[0])

    def _count_ahead(self, job: str, device: str) -> int:
        """Unfinished jobs of the device that came before."""
        turns = [status.id for _, status in self._unfinished() if status.device == device]
        return turns.index(job) if job in turns else 0

    def _look(self, folder: JobFolder) -> Status:
        known = self._know(folder)
        order, submitted = known.filed.order, known.filed.submitted
        with known.guard:
            tasks = known.reader.read()
            began, ended = known.reader.began, known.reader.ended
        state, problem = judge(tasks)
        if state == "queued" and folder.stopping:  # its supervisor writes so when it comes to it
            state = "stopped"
            tasks = tuple(replace(task, state="stopped") for task in tasks)
        status = Status(folder.id, order.title, order.owner, order.device, state, tasks, submitted, problem=problem)
        if status.finished:
            self._finished.add(folder.id)
        if began is None:
            return status
        until = ended if status.finished and ended is not None else time.time()
        return replace(status, seconds=max(0.0, until - began))

    def _know(self, folder: JobFolder) -> _Known:
        with self._guard:
            known = self._known.get(folder.id)
            if known is None:
                try:
                    filed = folder.read()
                except FileNotFoundError:
                    self._shelf.find(folder.id)  # says why, where the whole folder is gone
                    raise JobUnknown("The files of this job cannot be read.") from None
                known = _Known(filed, JournalReader(folder.journal, len(filed.order.tasks)))
                self._known[folder.id] = known
            self._known.move_to_end(folder.id)
            finished = [job for job in self._known if job in self._finished]
            for job in finished[:-_REMEMBERED]:
                del self._known[job]
            return known

    def _see_to(self, device: str) -> None:
        """Start a supervisor for a device that has none."""
        with self._guard:  # those that have gone are still ours to bury
            self._started = [process for process in self._started if process.poll() is None]
        path = self._shelf.device_lock(device)
        lock = take(path)
        if lock is None:
            return
        if not INHERITED:
            lock.release()
        try:
            with path.with_suffix(".log").open("wb") as log:
                arguments = str(self._shelf.root), device, self._limits.to_json()
                descriptor = str(lock.descriptor) if INHERITED else ""
                module = "explorer.jobs.supervisor"
                process = start(module, *arguments, descriptor, lock=lock, output=log, stdin=subprocess.DEVNULL)
        finally:
            lock.close()
        with self._guard:
            self._started.append(process)


@dataclass
class _Known:
    """A job whose journal is being read."""

    filed: Filed
    reader: JournalReader
    guard: threading.Lock = field(default_factory=threading.Lock)
