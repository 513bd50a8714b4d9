"""The queue of a device: `python -m explorer.jobs.device_queue ROOT DEVICE LIMITS`.

This process starts a worker for each job of the device, one after another, starts another where one was killed, and
ends when nothing is left to do. Where it is killed itself, its worker goes on, and the next question to `LocalJobs`
starts another queue, whose worker waits for the device until it is free.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from filelock import FileLock, Timeout

from explorer.jobs.folder import JobFolder
from explorer.jobs.limits import Limits
from explorer.jobs.shelf import Shelf

_TIDY = 60.0  # seconds between two looks at the disk
_PROJECT: Final = Path(__file__).resolve().parents[2]


def run_queue(shelf: Shelf, device: str, limits: Limits) -> None:
    """Do all jobs of a device in the order of their turns; ends the process."""
    reason = ""
    vain: Counter[str] = Counter()  # workers of each job that did not even begin
    while True:
        if turns := [folder for folder in shelf.turns(device) if vain[folder.id] <= limits.attempts]:
            folder = turns[0]
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
        if not [folder for folder in shelf.turns(device) if vain[folder.id] <= limits.attempts]:
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
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that is gone
            os.killpg(worker.pid, signal.SIGKILL)
    return _name_death(worker.returncode, folder)


def _give_up(folder: JobFolder, reason: str) -> None:
    """End a job that nobody can begin, so that it does not hold up others."""
    with suppress(OSError), folder.change() as records:
        said = f"It could not be begun: {reason or 'its process was killed'}."
        records[:] = [record.end("failed", said) if record.unfinished else record for record in records]


def _name_death(code: int, folder: JobFolder) -> str:
    if code == 0:
        return ""
    if code < 0:
        if -code == signal.Signals["SIGKILL"]:
            return "it was killed, perhaps because the memory ran out"
        return f"it died of a signal ({signal.strsignal(-code) or -code})"
    lines = (folder.path / "output.txt").read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else f"it ended with code {code}"


def start(module: str, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Run a module in a session of its own: a Ctrl+C that ends the server is not meant for the work."""
    path = os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-u", "-m", module, *arguments],
        # Threads that wait for work must sleep: by default they spin, and take the cores from the dashboard.
        env={**os.environ, "PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o077,
    )


def main(root: str, device: str, limits: str) -> None:
    """Entry point; the arguments are those of the command line."""
    shelf = Shelf(Path(root))
    with suppress(Timeout), FileLock(shelf.of_device(device, "queue"), blocking=False):  # else there is one already
        run_queue(shelf, device, Limits.from_json(limits))


if __name__ == "__main__":
    main(*sys.argv[1:])
