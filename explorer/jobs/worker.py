"""The process that works: `python -m explorer.jobs.worker ROOT DEVICE JOB LIMITS REASON`, all tasks of one job in turn.

It holds the lock of its device while it lives, so that nobody else works there, whoever started it and whatever becomes
of that one. A task that had begun in a process that was killed is begun again, in the same folder.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from explorer.disk import FULL_DISK, list_files, remove_halves
from explorer.jobs.folder import JobFolder, Record
from explorer.jobs.limits import MOST_ATTEMPTS, Limits
from explorer.jobs.order import Context, State
from explorer.jobs.shelf import Shelf
from explorer.journal import append_event
from explorer.processes import end_own_session, explain, step_aside

_LOOK = 0.1  # seconds between two looks at who wants to stop
_LEAST_FREE = 10**6  # bytes of the disk; with less it counts as full


def do_task(folder: JobFolder, number: int, limits: Limits, reason: str, end: Callable[[], None]) -> None:
    """Do one attempt of a task, where it waits for one; how it ended is written down before this returns.

    Args:
        folder: of the job.
        number: place of the task in the order.
        limits: of which `attempts`, `pause`, `grace` and `packages` count.
        reason: what the last attempt died of, if it did.
        end: ends this process, whatever it is doing.
    """
    begun = _begin(folder, number, limits, reason)
    if begun is None:
        return
    over = threading.Event()
    guard = threading.Thread(target=_guard, args=(folder, number, begun, limits.grace, over, end), daemon=True)
    guard.start()
    try:
        state, problem = _attempt(folder, number, begun, limits)
        _end(folder, number, begun, state, problem)
    finally:
        over.set()


def _attempt(folder: JobFolder, number: int, begun: Record, limits: Limits) -> tuple[State, str]:
    """Do it: how it ended, and why it failed."""
    until = time.monotonic() + limits.pause * (begun.fruitless - 1)
    while time.monotonic() < until and not folder.stopping:
        time.sleep(_LOOK)
    if folder.stopping:
        return "stopped", ""
    order = folder.filed().order
    context = Context(
        number=number,
        task=order.tasks[number],
        inputs=folder.path / "inputs",
        folder=folder.task(number),
        report=partial(append_event, folder.events(number)),
        stopping=lambda: folder.stopping,
    )
    try:
        find_target(order.target, limits)(context)
    except (Exception, SystemExit) as error:
        remove_halves(folder.task(number))
        with suppress(OSError):  # where what is printed goes to a file on a full disk
            traceback.print_exc()
        return "failed", explain(error)
    return "stopped" if folder.stopping else "done", ""


def _begin(folder: JobFolder, number: int, limits: Limits, reason: str) -> Record | None:
    """Write down that an attempt begins; None where none is to begin."""
    mark = _mark(folder.task(number))
    with folder.change() as records:
        record = records[number]
        if not record.unfinished:
            return None
        fruitless = record.fruitless + 1 if mark == record.mark else 1
        if folder.stopping:
            record = record.end("stopped")
        elif fruitless > limits.attempts or record.attempts >= MOST_ATTEMPTS:
            record = record.end("failed", _explain_deaths(record, reason))
        else:
            began, attempts = record.began or time.time(), record.attempts + 1
            record = replace(record, state="running", attempts=attempts, began=began, mark=mark, fruitless=fruitless)
        records[number] = record
    return record if record.unfinished else None


def _end(folder: JobFolder, number: int, begun: Record, state: State, problem: str = "") -> None:
    """Write down how an attempt ended, unless it counts no more."""
    with folder.change() as records:
        if records[number] == begun:
            records[number] = begun.end(state, problem)


def _guard(
    folder: JobFolder, number: int, begun: Record, grace: float, over: threading.Event, end: Callable[[], None]
) -> None:
    """End this process where its task does not stop in time, or was begun again elsewhere: it counts no more."""
    asked = 0.0
    with suppress(OSError):  # somebody has removed it all, or nothing can be written at all
        while not over.wait(_LOOK):
            if folder.stopping:
                asked = asked or time.monotonic()
                if time.monotonic() - asked > grace:
                    _end(folder, number, begun, "stopped")
                    break
            elif folder.records()[number].attempts != begun.attempts:
                break
            elif shutil.disk_usage(folder.path).free < _LEAST_FREE:  # not only once something is written again
                remove_halves(folder.task(number))
                _end(folder, number, begun, "failed", FULL_DISK)
                break
    if not over.is_set():
        end()


def find_target(target: str, limits: Limits) -> Callable[[Context], Any]:
    """The function that "package.module:function" names.

    Raises:
        PermissionError: it does not come from one of the packages that may run.
        ImportError, AttributeError: there is no such module or function.
    """
    if not limits.allow(target):
        raise PermissionError(f"{target} may not run here")
    module, _, function = target.partition(":")
    return getattr(importlib.import_module(module), function)


def _explain_deaths(record: Record, reason: str) -> str:
    times = "once" if record.attempts == 1 else f"{record.attempts} times"
    return f"It was begun {times} and its process did not live to the end: {reason or 'it was killed'}."


def _mark(folder: Path) -> str:
    """What changes whenever a task has written something."""
    return hashlib.sha256(repr(sorted(list_files(folder))).encode()).hexdigest()[:16]


def main(root: str, device: str, job: str, limits: str, reason: str) -> None:
    """Entry point; the arguments are those of the command line."""
    allowed = Limits.from_json(limits)
    step_aside(allowed.niceness)
    shelf = Shelf(Path(root))
    with FileLock(shelf.of_device(device, "lock")), suppress(FileNotFoundError):
        folder = JobFolder(shelf.root / job)
        for number in range(len(folder.records())):
            do_task(folder, number, allowed, reason, end_own_session)
        sys.stdout.flush()
        os._exit(0)  # taking a large framework down in order takes a while that the next job can use


if __name__ == "__main__":
    main(*sys.argv[1:])
