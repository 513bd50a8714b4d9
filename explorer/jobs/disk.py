"""The folder of all jobs: what lies where, whose turn it is, and who makes room.

    root/lock, ticket, gone          one change at a time; the last place in the queue given; jobs that made room
    root/devices/cpu.lock, .log      held while somebody works for the device; what a supervisor died of
    root/<id>/order.json             the order, with its place in the queue
    root/<id>/inputs/, 0/, 1/ ...    the files that came with it; one folder a task
    root/<id>/journal.jsonl          what happened (see `journal`)
    root/<id>/stop, finished         somebody wants it to end; nothing more will happen
    root/<id>/output.txt             what the worker printed

A job appears by a rename and goes by a rename, so nobody ever sees half of one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from explorer.jobs.limits import Limits
from explorer.jobs.locking import alone
from explorer.jobs.order import JobRefused, JobUnknown, Order

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_COMING, _GOING = ".coming-", ".going-"
_ABANDONED = 3600.0  # seconds after which nobody is still writing the files of an order
_SPARE = 200 * 10**6  # bytes of the disk that are left to others
_FULL = "The disk is too full for another job."
_REMEMBERED = 10_000  # jobs of which is known that they had to make room


@dataclass(frozen=True)
class JobFolder:
    """Where the parts of one job lie."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def inputs(self) -> Path:
        return self.path / "inputs"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def output(self) -> Path:
        return self.path / "output.txt"

    @property
    def finished(self) -> bool:
        return (self.path / "finished").exists()

    @property
    def stopping(self) -> bool:
        """Whether somebody wants it to end, or has removed it all."""
        return (self.path / "stop").exists() or not self.path.exists()

    def task(self, number: int) -> Path:
        return self.path / str(number)

    def ask_to_stop(self) -> None:
        (self.path / "stop").touch()

    def finish(self) -> None:
        (self.path / "finished").touch()

    def read(self) -> Filed:
        """The order, as it was filed.

        Raises:
            FileNotFoundError: it is gone, or no order.
        """
        try:
            return Filed.from_json((self.path / "order.json").read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:  # a power cut may leave an empty file
            raise FileNotFoundError(f"{self.path} holds no order") from error


@dataclass(frozen=True)
class Filed:
    """An order on the disk, with when it came and its place in the queue."""

    order: Order
    submitted: float
    ticket: int

    def to_json(self) -> str:
        """Raises TypeError where a task is not made of JSON values."""
        fields = {**vars(self.order), "tasks": [dict(task) for task in self.order.tasks]}
        return json.dumps({**fields, "submitted": self.submitted, "ticket": self.ticket})

    @classmethod
    def from_json(cls, text: str) -> Filed:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        submitted, ticket = fields.pop("submitted"), fields.pop("ticket")
        return cls(Order(**{**fields, "tasks": tuple(fields["tasks"])}), submitted, ticket)


class Shelf:
    """The folder of all jobs. May be used from any thread of any process of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "devices").mkdir(parents=True, exist_ok=True)

    def alone(self) -> AbstractContextManager[None]:
        """One change of the shelf at a time."""
        return alone(self.root / "lock")

    def device_lock(self, device: str) -> Path:
        """The file that whoever works for the device has locked."""
        return self.root / "devices" / f"{quote(device, safe='')}.lock"

    def jobs(self) -> Iterator[JobFolder]:
        """All jobs, in no order."""
        with os.scandir(self.root) as entries:
            names = [entry.name for entry in entries if _ID.fullmatch(entry.name)]
        return (JobFolder(self.root / name) for name in names)

    def find(self, job: str) -> JobFolder:
        """The folder of a job.

        Raises:
            JobUnknown: there is none, or no longer.
        """
        if not isinstance(job, str) or not _ID.fullmatch(job):  # nothing else may become part of a path
            raise JobUnknown("There is no job of this name.")
        folder = self.root / job
        if not folder.is_dir():
            if job in self._gone():
                raise JobUnknown("The results of this job are gone: they had to make room for newer ones.")
            raise JobUnknown("There is no job of this name.")
        return JobFolder(folder)

    def prepare(self, tasks: int, inputs: Mapping[str, bytes]) -> Path:
        """Write the files of a job that nobody sees yet.

        Raises:
            JobRefused: the disk is full.
        """
        if shutil.disk_usage(self.root).free < sum(map(len, inputs.values())) + _SPARE:
            raise JobRefused(_FULL)
        staging = self.root / f"{_COMING}{secrets.token_urlsafe(16)}"
        try:
            (staging / "inputs").mkdir(parents=True)
            for number in range(tasks):
                (staging / str(number)).mkdir()
            for name, data in inputs.items():
                (staging / "inputs" / name).write_bytes(data)
        except OSError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise JobRefused(_FULL) from error
        return staging

    def show(self, staging: Path, order: Order) -> JobFolder:
        """Make a prepared job one that everybody sees, last in the queue. Call it `alone`."""
        counter = self.root / "ticket"
        ticket = 1 + (int(counter.read_text()) if counter.exists() else 0)
        _replace(counter, str(ticket))
        with (staging / "order.json").open("w", encoding="utf-8") as file:
            file.write(Filed(order, time.time(), ticket).to_json())
            file.flush()
            os.fsync(file.fileno())
        folder = self.root / staging.name.removeprefix(_COMING)
        staging.rename(folder)
        return JobFolder(folder)

    def make_room(self, limits: Limits, spare_newest: bool = True) -> bool:
        """Remove the oldest finished jobs until the rest keeps to the limits; False where that does not suffice.

        Call it `alone`.

        Args:
            limits: of which `room` and `kept` count.
            spare_newest: whether the job that finished last stays in any case: nobody may have seen it yet.
        """
        for name in os.listdir(self.root):
            path = self.root / name
            if name.startswith(_GOING) or (name.startswith(_COMING) and _age(path) > _ABANDONED):
                shutil.rmtree(path, ignore_errors=True)
        finished = sorted((folder for folder in self.jobs() if folder.finished), key=_finished_at)
        total, left = measure(self.root), len(finished)
        for folder in finished[: len(finished) - spare_newest]:
            if total <= limits.room and left <= limits.kept:
                break
            total -= measure(folder.path)
            left -= 1
            self._remove(folder)
        return total <= limits.room

    def _remove(self, folder: JobFolder) -> None:
        gone = [*self._gone(), folder.id]
        _replace(self.root / "gone", "\n".join(gone[-_REMEMBERED:]))
        away = self.root / f"{_GOING}{folder.id}"
        folder.path.rename(away)
        shutil.rmtree(away, ignore_errors=True)

    def _gone(self) -> list[str]:
        try:
            return (self.root / "gone").read_text().split()
        except FileNotFoundError:
            return []


def check_file_name(name: str) -> str:
    """The name, if a file of it stays in the folder it is written to.

    Raises:
        ValueError: it would not, or not on every system.
    """
    if not 0 < len(name.encode()) <= 200 or name.startswith(".") or re.search(r'[\x00-\x1f/\\:*?"<>|]', name):
        raise ValueError(f"{name!r} is not a plain file name.")
    return name


def measure(folder: Path) -> int:
    """Bytes of all files in a folder, folders in it included; what goes meanwhile does not count."""
    return sum(size for _, size, _ in list_files(folder))


def list_files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Path, bytes and time of the last change (ns) of all files in a folder, folders in it included."""
    pending = [str(folder)]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        found = entry.stat(follow_symlinks=False)
                        yield entry.path, found.st_size, found.st_mtime_ns


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)


def _finished_at(folder: JobFolder) -> int:
    try:
        return (folder.path / "finished").stat().st_mtime_ns
    except OSError:
        return 0


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
