"""The process that works: `python -m explorer.jobs.worker FOLDER LIMITS`, all waiting tasks of one job in turn.

It gives way to everybody else on the machine, writes the journal, and dies with its supervisor, at whose death its
standard input ends. Where a task had begun in a process that was killed, it is begun again in the same folder.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from explorer.jobs.disk import Filed, JobFolder, list_files
from explorer.jobs.journal import JournalReader, JournalWriter, list_waiting
from explorer.jobs.limits import Limits
from explorer.jobs.order import Context
from explorer.jobs.processes import step_aside


def work(folder: JobFolder, limits: Limits) -> None:
    """Do the waiting tasks of a job, one after another, until somebody wants it to end."""
    filed = folder.read()
    waiting = list_waiting(JournalReader(folder.journal, len(filed.order.tasks)).read())
    journal = JournalWriter(folder.journal)
    try:
        for number in waiting:
            if folder.stopping:
                return
            _do(number, folder, filed, journal, limits)
    finally:
        journal.close()


def _do(number: int, folder: JobFolder, filed: Filed, journal: JournalWriter, limits: Limits) -> None:
    context = Context(
        number=number,
        task=filed.order.tasks[number],
        inputs=folder.inputs,
        folder=folder.task(number),
        report=partial(journal.event, number),
        stopping=lambda: folder.stopping,
    )
    journal.begun(number)
    try:
        find_target(filed.order.target, limits)(context)
        _keep(context.folder)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        journal.ended(number, "failed", explain(error))
    else:
        journal.ended(number, "stopped" if folder.stopping else "done")


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


def explain(error: BaseException) -> str:
    """One sentence: that of a `ValueError`, which is meant for people; the last line of anything else."""
    if isinstance(error, ValueError) and str(error).strip():
        return " ".join(str(error).split())
    lines = "".join(traceback.format_exception_only(error)).splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), type(error).__name__)


def _keep(folder: Path) -> None:
    """See that the files of a finished task survive a power cut, as the line that says so does."""
    for path, _, _ in list_files(folder):
        with suppress(OSError):  # Windows does not do it for a file that was opened to be read
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _die_with_supervisor() -> None:
    sys.stdin.buffer.read()  # returns when the other end is closed, however the supervisor came to its end
    if sys.platform != "win32":
        os.killpg(0, signal.SIGKILL)  # with all that the task has started
    os._exit(1)


def main(folder: str, limits: str) -> None:
    """Entry point; the arguments are those of the command line."""
    allowed = Limits.from_json(limits)
    step_aside(allowed.niceness)
    threading.Thread(target=_die_with_supervisor, daemon=True).start()
    work(JobFolder(Path(folder)), allowed)
    sys.stdout.flush()
    os._exit(0)  # taking a large framework down in order takes a while that the next job can use


if __name__ == "__main__":
    main(*sys.argv[1:])
