"""The queue of a device: `python -m explorer.jobs.device_queue ROOT DEVICE LIMITS`.

This process starts a worker for each job of the device, one after another, starts another where one was killed, and
ends when nothing is left to do. Where it is killed itself, its worker goes on, and the next question to `LocalJobs`
starts another queue, whose worker waits for the device until it is free.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.jobs.folder import JobFolder
from explorer.jobs.limits import Limits
from explorer.jobs.shelf import Shelf
from explorer.processes import end_session, name_death, start

_TIDY = 60.0  # seconds between two looks at the disk


def run_queue(shelf: Shelf, device: str, limits: Limits) -> None:
    """Do all jobs of a device in the order of their turns; ends the process."""
    reason = ""
    vain: Counter[str] = Counter()  # workers of each job that did not even begin
    while True:
        if folder := next((each for each in shelf.turns(device) if vain[each.id] <= limits.attempts), None):
            try:
                before = folder.records()
                reason = _run_job(shelf, folder, device, limits, reason)
                vain[folder.id] = vain[folder.id] + 1 if folder.records() == before else 0
            except FileNotFoundError:  # somebody has removed it by hand
                continue
            except OSError as error:
                vain[folder.id], reason = limits.attempts + 1, str(error)
            if vain[folder.id] > limits.attempts:
                _give_up(folder, reason)
            elif vain[folder.id]:  # whatever the reason, it may take a moment to go
                time.sleep(limits.pause)
            continue
        alone = shelf.alone()
        alone.acquire()
        if not any(vain[each.id] <= limits.attempts for each in shelf.turns(device)):
            os._exit(0)  # which lets go of the lock: no job can come between the last look and the end
        alone.release()


def _run_job(shelf: Shelf, folder: JobFolder, device: str, limits: Limits, reason: str) -> str:
    """Start a worker for a job and wait until it is gone, with all that it has started; what it died of."""
    with (folder.path / "output.txt").open("ab") as output:
        arguments = str(shelf.root), device, folder.id, limits.to_json(), reason
        worker = start("explorer.jobs.worker", *arguments, output=output)
    while worker.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            worker.wait(_TIDY)
        with suppress(OSError), shelf.alone():  # later, where the disk is full
            shelf.make_room(limits, spare_newest=True)
    end_session(worker.pid)
    return name_death(worker.returncode, folder.path / "output.txt")


def _give_up(folder: JobFolder, reason: str) -> None:
    """End a job that nobody can begin, so that it does not hold up others."""
    with suppress(OSError), folder.change() as records:
        said = f"It could not be begun: {reason or 'its process was killed'}."
        records[:] = [record.end("failed", said) if record.unfinished else record for record in records]


def main(root: str, device: str, limits: str) -> None:
    """Entry point; the arguments are those of the command line."""
    shelf = Shelf(Path(root))
    with suppress(Timeout), FileLock(shelf.of_device(device, "queue"), blocking=False):  # else there is one already
        run_queue(shelf, device, Limits.from_json(limits))


if __name__ == "__main__":
    main(*sys.argv[1:])
