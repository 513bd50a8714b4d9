"""The jobs that the environment asks for."""

from __future__ import annotations

import os
import threading

from explorer.jobs.local import LocalJobs
from explorer.jobs.order import Jobs

_guard = threading.Lock()
_opened: dict[tuple[str | None, str | None], Jobs] = {}


def open_jobs() -> Jobs:
    """Ray's where `RAY_ADDRESS` is set, else those of this machine; one of each for the whole process."""
    wanted = os.environ.get("RAY_ADDRESS"), os.environ.get("EXPLORER_CACHE")
    with _guard:
        if wanted not in _opened:
            _opened[wanted] = _open(wanted[0])
        return _opened[wanted]


def _open(address: str | None) -> Jobs:
    if not address:
        return LocalJobs()
    from explorer.jobs.ray_cluster import RayJobs  # an extra, and slow to import

    return RayJobs()
