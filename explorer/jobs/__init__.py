"""Long work outside the server process: submitted, followed, stopped, and its results found on disk."""

from explorer.jobs.limits import Limits
from explorer.jobs.local import LocalJobs
from explorer.jobs.opening import open_jobs
from explorer.jobs.order import Context, JobRefused, Jobs, JobUnknown, Order, Status, TaskStatus

__all__ = [
    "Context",
    "JobRefused",
    "JobUnknown",
    "Jobs",
    "Limits",
    "LocalJobs",
    "Order",
    "Status",
    "TaskStatus",
    "open_jobs",
]
