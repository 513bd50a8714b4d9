"""A folder for jobs, what tests do to the processes that work there, and waiting for them."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import psutil

from explorer.jobs import Jobs, Limits, LocalJobs, Order, Status

T = TypeVar("T")

# Not modest: while other things run, that would make seconds of milliseconds. One test is about it.
LIMITS = Limits(per_owner=50, total=100, pause=0.0, grace=0.3, niceness=0, packages=("tests.jobs",))


@dataclass(frozen=True)
class Place:
    """A folder for jobs."""

    root: Path

    def open(self, **changes: object) -> LocalJobs:
        """As a server does that starts."""
        return LocalJobs(self.root, replace(LIMITS, **changes))  # type: ignore[arg-type]

    def processes(self, module: str) -> list[psutil.Process]:
        """Those that work here: of "device_queue" or "worker"."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = process.cmdline()
                if f"explorer.jobs.{module}" in words and any(word.startswith(str(self.root)) for word in words):
                    found.append(process)
        return found

    def kill(self, module: str) -> int:
        """How many were there to kill; none of them is left."""
        found = self.processes(module)
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        until(lambda: all(is_gone(process) for process in found))
        return len(found)


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended, even if nobody has taken notice yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def order(function: str, *tasks: dict[str, object], **fields: str) -> Order:
    """Of a function in `toys`."""
    return Order(**{"target": f"tests.jobs.toys:{function}", "tasks": tasks or ({},), "title": function, **fields})


def until(ask: Callable[[], T], seconds: float = 240.0) -> T:
    """The first answer that is true."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
    return answer


def say_enough(jobs: Jobs, job: str) -> None:
    """Let a `count` without an end come to one."""
    (jobs.result(job) / "inputs" / "enough").touch()


def finish(jobs: Jobs, job: str) -> Status:
    """The status of a job when nothing more happens to it."""
    until(lambda: jobs.follow(job).finished)
    return jobs.follow(job)


def begin(jobs: Jobs, job: str, task: int = 0) -> Status:
    """The status of a job when a task has reported something."""
    until(lambda: jobs.follow(job).tasks[task].events)
    return jobs.follow(job)
