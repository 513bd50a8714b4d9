"""The folder of all jobs: which there are, how a job gets in, and which make room.

    root/<id>/               a job (see `folder`)
    root/lock                held for every change of what lies here
    root/gone/<id>           there was such a job; why it is gone
    root/devices/            locks, and what the queue of a device died of (see `device_queue`)

A job appears by a rename and goes by a rename, so nobody ever sees half of one.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from explorer.disk import measure
from explorer.jobs.folder import Filed, JobFolder
from explorer.jobs.limits import Limits
from explorer.jobs.order import JobRefused, JobUnknown, Order

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_HALF = ".half-"  # coming or going; nobody is at it while somebody else holds the lock
_SPARE = 200 * 10**6  # bytes of the disk that are left to others
_CROWDED = "they had to make room for newer ones"
_FULL = "The disk is too full for another job."


class Shelf:
    """The folder of all jobs. May be used from any thread of any process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with suppress(OSError):  # said to whoever brings a job
            self._make()

    def _make(self) -> None:
        for folder in (self.root, self.root / "devices", self.root / "gone"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(PermissionError):  # somebody else's, where every job in it is private all the same
            self.root.chmod(0o700)

    def check_writable(self) -> None:
        """Raise JobRefused where nothing can be written here."""
        try:
            self._make()
            writable = os.access(self.root, os.W_OK)
        except OSError:
            writable = False
        if not writable:
            raise JobRefused(
                "Trainings need a folder that can be written, and this server has none: start it with EXPLORER_CACHE "
                "set to one."
            )

    def alone(self) -> FileLock:
        """To be held for a change of what lies here."""
        return FileLock(self.root / "lock", mode=0o600)

    def of_device(self, device: str, ending: str) -> Path:
        """A file about a device."""
        return self.root / "devices" / f"{quote(device, safe='')}.{ending}"

    def jobs(self) -> Iterator[JobFolder]:
        """All jobs, in no order."""
        try:
            names = os.listdir(self.root)
        except OSError:  # it could not be made
            names = []
        return (JobFolder(self.root / name) for name in names if _ID.fullmatch(name))

    def turns(self, device: str) -> list[JobFolder]:
        """The unfinished jobs of a device, in the order in which they came; those that cannot be read are left out."""
        found: list[tuple[float, JobFolder]] = []
        for folder in self.jobs():
            with suppress(FileNotFoundError):
                filed, records = folder.read()
                if filed.order.device == device and any(record.unfinished for record in records):
                    found.append((filed.submitted, folder))
        return [folder for _, folder in sorted(found, key=lambda turn: turn[0])]

    def find(self, job: str) -> JobFolder:
        """The folder of a job.

        Raises:
            JobUnknown: there is none, or no longer.
        """
        if not isinstance(job, str) or not _ID.fullmatch(job):  # nothing else may become part of a path
            raise JobUnknown("There is no job of this name.")
        if not (self.root / job).is_dir():
            with suppress(OSError):
                why = (self.root / "gone" / job).read_text(encoding="utf-8", errors="replace") or _CROWDED
                raise JobUnknown(f"The results of this job are gone: {why}.")
            raise JobUnknown("There is no job of this name.")
        return JobFolder(self.root / job)

    def add(self, order: Order, inputs: Mapping[str, bytes], limits: Limits) -> JobFolder:
        """Take in a job, the last one in the queue. Call it `alone`.

        Raises:
            JobRefused: there is no room for its files.
            TypeError: a task is not made of JSON values.
        """
        size = sum(map(len, inputs.values()))
        if size > limits.room or not self.make_room(limits, coming=size):
            raise JobRefused(
                f"There is no room for the files of this job: all jobs together may take {limits.room / 1e9:.3g} GB."
            )
        if shutil.disk_usage(self.root).free < size + _SPARE:
            raise JobRefused(_FULL)
        job = secrets.token_urlsafe(16)
        half = self.root / f"{_HALF}{job}"
        try:
            JobFolder(half).fill(Filed(order, time.time()), inputs)
            half.rename(self.root / job)
        except OSError as error:
            raise JobRefused(_FULL) from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return JobFolder(self.root / job)

    def make_room(self, limits: Limits, coming: int = 0, spare_newest: bool = False) -> bool:
        """Remove old jobs, and the oldest until the rest keeps to the limits; False where that does not suffice.

        Call it `alone`.

        Args:
            limits: of which `room`, `kept` and `days` count.
            coming: bytes that are about to come.
            spare_newest: whether the job that finished last stays until it is old: nobody may have seen it yet.
        """
        for name in os.listdir(self.root):
            if name.startswith(_HALF):
                shutil.rmtree(self.root / name, ignore_errors=True)
        finished: list[tuple[float, JobFolder]] = []
        for folder in self.jobs():
            try:
                _, records = folder.read()
            except FileNotFoundError:  # nobody can do anything with it: it goes first
                records = []
            if not any(record.unfinished for record in records):
                finished.append((max((record.ended for record in records), default=0.0), folder))
        finished.sort(key=lambda each: each[0])
        total, left = coming + measure(self.root), len(finished)
        for ended, folder in finished:
            crowded = (total > limits.room or left > limits.kept) and left > spare_newest
            old = time.time() - (ended or folder.path.stat().st_mtime) > limits.days * 24 * 3600
            if crowded or old:
                total -= measure(folder.path)
                left -= 1
                self.remove(folder, f"they were kept for {limits.days:g} days" if old else _CROWDED)
        return total <= limits.room

    def remove(self, folder: JobFolder, why: str) -> None:
        """Remove a job that nobody works for; whoever asks for it is told why. Call it `alone`."""
        with suppress(OSError):  # the disk may be full
            (self.root / "gone" / folder.id).write_text(why, encoding="utf-8")
        half = self.root / f"{_HALF}{folder.id}"
        folder.path.rename(half)
        shutil.rmtree(half, ignore_errors=True)
