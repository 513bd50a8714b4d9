"""The process that sees to a device: `python -m explorer.jobs.supervisor ROOT DEVICE LIMITS LOCK`.

It takes the jobs of the device one after another, starts a worker for each, starts another where one was killed, ends
one that does not stop, and goes when nothing is left to do. Where it is killed itself, the next question to `LocalJobs`
starts another.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from explorer.jobs.disk import JobFolder, Shelf, list_files
from explorer.jobs.journal import Ending, JournalReader, JournalWriter, list_waiting
from explorer.jobs.limits import MOST_ATTEMPTS, Limits
from explorer.jobs.locking import Lock, take
from explorer.jobs.order import TaskStatus
from explorer.jobs.processes import kill, start

_LOOK = 0.1  # seconds between two looks at the worker and at who wants to stop
_TIDY = 60.0  # seconds between two looks at the disk


def supervise(shelf: Shelf, device: str, limits: Limits, lock: Lock) -> None:
    """Do all jobs of a device, in the order of their tickets."""
    while True:
        turns = _list_turns(shelf, device)
        if turns:
            try:
                run_job(shelf, turns[0], limits, lock)
            except FileNotFoundError:
                if turns[0].path.exists():  # else somebody has removed it by hand
                    raise
            continue
        lock.release()
        # Whoever submitted a job just before found the lock held and relied on us.
        if not _list_turns(shelf, device) or not lock.again():
            return


def run_job(shelf: Shelf, folder: JobFolder, limits: Limits, lock: Lock) -> None:
    """Start workers for a job until each of its tasks has ended."""
    reader = JournalReader(folder.journal, len(folder.read().order.tasks))
    reason = ""
    while True:
        tasks = reader.read()
        waiting = list_waiting(tasks)
        if not waiting:
            break
        if folder.stopping:
            _end(folder, waiting, "stopped")
            continue
        mark = _mark(folder, waiting)
        fruitless = _count_last(reader.marks, mark)
        if fruitless >= limits.attempts or tasks[waiting[0]].attempts >= MOST_ATTEMPTS:
            _end(folder, waiting[:1], "failed", _explain(tasks[waiting[0]], reason))
            continue
        if fruitless and _pause(folder, limits.pause * fruitless):
            continue
        _write_worker(folder, mark)
        reason = _attend(shelf, folder, limits, lock)
    folder.finish()
    with shelf.alone():
        shelf.make_room(limits)


def _attend(shelf: Shelf, folder: JobFolder, limits: Limits, lock: Lock) -> str:
    """Start a worker and wait until it is gone, with all it has started; what it died of."""
    with folder.output.open("ab") as output:
        arguments = str(folder.path), limits.to_json()
        worker = start("explorer.jobs.worker", *arguments, lock=lock, output=output, stdin=subprocess.PIPE)
    asked = 0.0
    tidied = time.monotonic()
    while worker.poll() is None:
        now = time.monotonic()
        if folder.stopping:
            asked = asked or now
            if now - asked > limits.grace:
                kill(worker)
        elif now - tidied > _TIDY:
            tidied = now
            with shelf.alone():
                shelf.make_room(limits)
        time.sleep(_LOOK)
    kill(worker)
    if worker.stdin is not None:
        worker.stdin.close()
    return _name_death(worker.returncode, folder)


def _name_death(code: int, folder: JobFolder) -> str:
    if code < 0:
        if -code == signal.Signals["SIGKILL"]:
            return "it was killed, perhaps because the memory ran out"
        return f"it died of a signal ({signal.strsignal(-code) or -code})"
    lines = folder.output.read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else f"it ended with code {code}"


def _explain(task: TaskStatus, reason: str) -> str:
    times = "once" if task.attempts == 1 else f"{task.attempts} times"
    if not task.attempts:
        return f"Its process could not be started: {reason or 'it was killed at once'}."
    return f"It was begun {times} and its process did not live to the end: {reason or 'it was killed'}."


def _end(folder: JobFolder, tasks: list[int], state: Ending, problem: str = "") -> None:
    journal = JournalWriter(folder.journal)
    for number in tasks:
        journal.ended(number, state, problem)
    journal.close()


def _write_worker(folder: JobFolder, mark: str) -> None:
    journal = JournalWriter(folder.journal)
    journal.worker(mark)
    journal.close()


def _pause(folder: JobFolder, seconds: float) -> bool:
    """Wait; whether somebody wants the job to end meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not folder.stopping:
        time.sleep(_LOOK)
    return folder.stopping


def _mark(folder: JobFolder, waiting: list[int]) -> str:
    """What changes whenever a job gets on: which tasks wait, and what the first of them has written."""
    files = sorted(list_files(folder.task(waiting[0])))
    return hashlib.sha256(repr((waiting, files)).encode()).hexdigest()[:16]


def _count_last(marks: list[str], mark: str) -> int:
    count = 0
    for earlier in reversed(marks):
        if earlier != mark:
            break
        count += 1
    return count


def _list_turns(shelf: Shelf, device: str) -> list[JobFolder]:
    """Unfinished jobs of a device: those to be stopped first, for they take no time, then by their tickets."""
    found: list[tuple[bool, int, JobFolder]] = []
    for folder in shelf.jobs():
        if not folder.finished:
            with suppress(FileNotFoundError):
                filed = folder.read()
                if filed.order.device == device:
                    found.append((not folder.stopping, filed.ticket, folder))
    return [folder for *_, folder in sorted(found, key=lambda turn: turn[:2])]


def main(root: str, device: str, limits: str, descriptor: str) -> None:
    """Entry point; the arguments are those of the command line."""
    shelf = Shelf(Path(root))
    lock = Lock(int(descriptor)) if descriptor else _wait_for(shelf.device_lock(device))
    if lock is not None:
        os.set_inheritable(lock.descriptor, False)
        supervise(shelf, device, Limits.from_json(limits), lock)


def _wait_for(path: Path, seconds: float = 2.0) -> Lock | None:
    """The lock, which whoever started us may still hold; None where another supervisor has it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (lock := take(path)) is not None:
            return lock
        time.sleep(0.02)
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
