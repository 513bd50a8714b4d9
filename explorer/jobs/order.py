"""What long work is: the order, what a task is given, and how far a job is. How it is run: `local`, `ray_cluster`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from explorer.text import NameUnknown

State = Literal["queued", "running", "done", "stopped", "failed"]
UNFINISHED: tuple[State, ...] = ("queued", "running")


class JobRefused(RuntimeError):
    """The job cannot be taken now; the message says why in one sentence."""


class JobUnknown(NameUnknown):
    """There is no job of that id, or no longer; the message says which."""


@dataclass(frozen=True)
class Order:
    """Long work: one function, called once for every task.

    Attributes:
        target: "package.module:function", called with a `Context`. It returns when the task is done or `stopping()`
            is true, and raises `ValueError` with one sentence for people where the task cannot be.
        tasks: what each call is about, as JSON values; the tasks know nothing of each other.
        title: what a person reads in the queue.
        owner: whose it is; limits are per owner.
        device: jobs of one device run one after another.
    """

    target: str
    tasks: tuple[Mapping[str, Any], ...]
    title: str
    owner: str = ""
    device: str = "cpu"


@dataclass(frozen=True)
class Context:
    """What a task is given.

    Attributes:
        number: place of the task in the order, from 0.
        task: its own entry of the order.
        inputs: folder with the files that came with the order; to be read only.
        folder: the task's own, the same after a restart: checkpoints and results lie here. A file counts once it is
            whole, so write it under another name first and rename it.
        report: takes an event, a dict of JSON values, which whoever follows the job sees at once.
        stopping: whether the person wants it to end; ask it every step or so.
    """

    number: int
    task: Mapping[str, Any]
    inputs: Path
    folder: Path
    report: Callable[[Mapping[str, Any]], None]
    stopping: Callable[[], bool]


@dataclass(frozen=True)
class TaskStatus:
    """How far a task is.

    Attributes:
        state: as of a job.
        attempts: how often it was begun; more than 1 where its process was killed.
        events: what it has reported, in order, over all attempts.
        problem: why it failed, in one sentence; "" where it did not.
    """

    state: State
    attempts: int = 0
    events: tuple[Mapping[str, Any], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Status:
    """How far a job is.

    Attributes:
        id: what it is called in an address: letters, digits, "-" and "_".
        title, owner, device: of the order.
        state: "failed" where every task failed or none could be begun; "done" where at least one is done and none can
            go on.
        tasks: in the order's order.
        submitted: seconds of the wall clock.
        seconds: since the first task began, until now or the end; 0 while queued.
        ahead: jobs that come before it on this device; 0 where it is its turn.
        problem: why it failed, in one sentence; "" where it did not.
        stopping: whether somebody wants it to end, which it has not yet.
    """

    id: str
    title: str
    owner: str
    device: str
    state: State
    tasks: tuple[TaskStatus, ...]
    submitted: float
    seconds: float = 0.0
    ahead: int = 0
    problem: str = ""
    stopping: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in UNFINISHED


class Jobs(Protocol):
    """Where long work runs. All of it may be called from any thread and from a server that was restarted meanwhile."""

    def submit(self, order: Order, inputs: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Take an order and the files it needs (plain names); gives the job's id at once.

        Raises:
            JobRefused: too many unfinished jobs of this owner or in all, or no room on the disk.
        """
        ...

    def follow(self, job: str) -> Status:
        """How far it is; cheap enough to ask twice a second.

        Raises:
            JobUnknown: no such job, or its results had to make room.
        """
        ...

    def stop(self, job: str) -> None:
        """Ask it to end, and end it where it does not within some seconds; what is there stays.

        Raises:
            JobUnknown: as for `follow`.
        """
        ...

    def delete(self, job: str) -> None:
        """Remove all that lies on the disk of a job that has ended: what came with it and what it has made.

        Raises:
            JobUnknown, JobRefused: as for `follow`; it has not ended.
        """
        ...

    def result(self, job: str) -> Path:
        """The folder of what it has made so far: "inputs", and one folder a task, "0", "1" and so on.

        Raises:
            JobUnknown: as for `follow`.
        """
        ...

    def queue(self) -> list[Status]:
        """All unfinished jobs, running ones first, then in the order of their turns; events are left out."""
        ...
