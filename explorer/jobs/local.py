"""Long work on this machine, one job at a time a device."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.disk import cache_folder
from explorer.jobs.folder_jobs import FolderJobs
from explorer.jobs.limits import Limits
from explorer.jobs.order import Status
from explorer.processes import start


class LocalJobs(FolderJobs):
    """`Jobs` on this machine; processes of their own work for them, and go on without the server."""

    def __init__(self, root: Path | None = None, limits: Limits = Limits()) -> None:  # noqa: B008 (frozen)
        """Go on with what was left unfinished, in "jobs" of the cache unless told otherwise."""
        super().__init__((root or cache_folder() / "jobs").absolute(), limits)
        self._queues: dict[str, subprocess.Popen[bytes]] = {}
        self._starting = threading.Lock()
        self.queue()

    def _see_to(self, jobs: Sequence[Status]) -> None:
        """Start the queue of a device that has none."""
        for device in {job.device for job in jobs}:
            with self._starting, suppress(OSError):  # nothing can be written: whoever brings a job is told
                known = self._queues.get(device)
                if (known is None or known.poll() is not None) and not self._has_queue(device):
                    arguments = str(self._shelf.root), device, self._limits.to_json()
                    with self._shelf.of_device(device, "log").open("wb") as log:
                        self._queues[device] = start("explorer.jobs.device_queue", *arguments, output=log)

    def _has_queue(self, device: str) -> bool:
        """Whether another server has started it."""
        try:
            with FileLock(self._shelf.of_device(device, "queue"), blocking=False):
                return False
        except Timeout:
            return True
