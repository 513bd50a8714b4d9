"""How much long work is taken on, and which orders are taken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from explorer.jobs.order import JobRefused, Order, Status

MOST_ATTEMPTS = 100  # of one task in all, however much it writes each time: something that always dies must end


@dataclass(frozen=True)
class Limits:
    """What is allowed.

    Attributes:
        per_owner: unfinished jobs of one owner.
        total: unfinished jobs of all.
        room: bytes that all jobs together may take on the disk; the oldest finished ones go first.
        kept: finished jobs that are kept at most, however small.
        days: how long a job is kept after its end.
        attempts: how often in a row a task's process may die before the task has written anything new in its folder.
        pause: seconds between such attempts, times their number: memory that others took may come back.
        grace: seconds between asking a task to stop and ending it.
        niceness: of the workers, from 0 to 19, the most modest: the dashboard must not become slow because something
            trains.
        packages: where targets may come from.
    """

    per_owner: int = 3
    total: int = 24
    room: int = 4 * 10**9
    kept: int = 500
    days: float = 7.0
    attempts: int = 3
    pause: float = 2.0
    grace: float = 5.0
    niceness: int = 19
    packages: tuple[str, ...] = ("explorer",)

    def allow(self, target: str) -> bool:
        """Whether "package.module:function" names a function of one of the packages."""
        module, colon, function = target.partition(":")
        inside = any(module.startswith(f"{package}.") for package in self.packages)
        return inside and bool(colon) and all(part.isidentifier() for part in [*module.split("."), function])

    def to_json(self) -> str:
        """For the command line of the processes that keep to them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        return cls(**{**fields, "packages": tuple(fields["packages"])})


def check(order: Order, inputs: Mapping[str, bytes], limits: Limits) -> None:
    """Raise ValueError where an order is none: no tasks, a target that may not run, a name that is a path."""
    if not order.tasks:
        raise ValueError("A job needs at least one task.")
    if not limits.allow(order.target):
        raise ValueError(f"{order.target!r} may not run as a job.")
    if not re.fullmatch(r"[\x20-\x7e]{1,60}", order.device):
        raise ValueError("A job needs the name of a device.")
    for name in inputs:
        if not 0 < len(name.encode()) <= 200 or name.startswith(".") or re.search(r'[\x00-\x1f/\\:*?"<>|]', name):
            raise ValueError(f"{name!r} is not a plain file name.")


def admit(order: Order, unfinished: Sequence[Status], limits: Limits) -> None:
    """Raise JobRefused where the unfinished jobs leave no place for an order."""
    own = sum(status.owner == order.owner for status in unfinished)
    if own >= limits.per_owner:
        raise JobRefused(
            f"You have {own} unfinished {'job' if own == 1 else 'jobs'}, which is the limit: "
            "wait until one ends, or stop one."
        )
    if len(unfinished) >= limits.total:
        raise JobRefused(f"{len(unfinished)} jobs are waiting already, which is the limit: try again later.")
