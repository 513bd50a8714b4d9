"""Which orders are taken, wherever they are done."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from explorer.jobs.disk import check_file_name
from explorer.jobs.limits import Limits
from explorer.jobs.order import JobRefused, Order, Status


def check(order: Order, inputs: Mapping[str, bytes], limits: Limits) -> None:
    """Raise ValueError where an order is none: no tasks, no JSON, a target that may not run, a name that is a path."""
    if not order.tasks:
        raise ValueError("A job needs at least one task.")
    if not limits.allow(order.target):
        raise ValueError(f"{order.target!r} may not run as a job.")
    if not re.fullmatch(r"[\x20-\x7e]{1,60}", order.device):
        raise ValueError("A job needs the name of a device.")
    json.dumps([dict(task) for task in order.tasks])
    for name in inputs:
        check_file_name(name)


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


def say_no_room(limits: Limits) -> str:
    """One sentence, where the files of an order do not fit."""
    return f"There is no room for the files of this job: all jobs together may take {limits.room / 1e9:.3g} GB."
