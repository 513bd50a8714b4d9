"""Long work on any number of machines: the tasks of a job are Ray tasks, its files lie in a storage that all see.

What the server does is here; what happens on the cluster is in `ray_keeper` (one actor a job) and `ray_worker` (one
call a task and attempt). Ray is an extra and slow to import, so nothing here imports it before it is needed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explorer.jobs.admission import admit, check, say_no_room
from explorer.jobs.disk import Filed
from explorer.jobs.journal import judge
from explorer.jobs.limits import Limits
from explorer.jobs.order import UNFINISHED, JobRefused, JobUnknown, Order, Status, TaskStatus
from explorer.jobs.ray_connection import NAMESPACE, connect, explain_broken, import_ray
from explorer.jobs.ray_storage import Events, JobStore, Record, Storage, find_job, list_jobs, make_room, new_id

_REMEMBERED = 64  # jobs whose events are not fetched from the beginning each time
_PATIENCE = 1.0  # seconds for a keeper to answer; the storage is asked where it does not
_PAUSE = 5.0  # seconds between two attempts to bring a keeper back


class RayJobs:
    """`Jobs` on a Ray cluster, as many tasks at once as its machines have cores or GPUs.

    A server that comes back finds the keepers of its jobs where the cluster still runs, and brings them back from the
    storage where it does not. May be used from any thread.
    """

    def __init__(
        self,
        storage: str | Path | None = None,
        *,
        address: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        cpus: float = 1,
        ship: bool = True,
    ) -> None:
        """Go on with what was left unfinished; connect, or start a cluster on this machine, once there is work.

        Args:
            storage: folder that all machines see, or URI such as "s3://bucket/jobs"; else `EXPLORER_STORAGE`, else
                "ray-jobs" beside the local jobs, which suffices on one machine.
            address: of the cluster, or "local" for one of its own; else `RAY_ADDRESS`, else "local".
            limits: as for `LocalJobs`; `room` is that of the storage.
            cpus: cores of a task.
            ship: whether the cluster is sent the code and models of this project; without that, they must lie at the
                same path on every machine. A cluster on this machine needs neither.

        Raises:
            JobRefused: Ray is not installed, or the cluster does not answer; that may also come from any method later.
        """
        import_ray()
        self._address = address or os.environ.get("RAY_ADDRESS") or "local"
        self._limits = limits
        self._cpus = cpus
        self._ship = ship and self._address != "local"
        self._storage = Storage(_name_storage(storage))
        self._guard = threading.RLock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._finished: set[str] = set()
        self.queue()

    def submit(self, order: Order, inputs: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Take an order; see `Jobs.submit`.

        Raises:
            JobRefused: too many unfinished jobs, no room, or no machine that could do it.
            ValueError: the order is not one: no tasks, no JSON, a target that may not run, or a name that is a path.
        """
        check(order, inputs, self._limits)
        with self._guard:
            ray = self._connect()
            admit(order, [status for _, status in self._unfinished()], self._limits)
            if order.device.startswith("cuda") and ray.cluster_resources().get("GPU", 0) < 1:
                raise JobRefused("No machine of the Ray cluster has a GPU.")
            try:
                if not make_room(self._storage, self._limits, coming=sum(map(len, inputs.values()))):
                    raise JobRefused(say_no_room(self._limits))
                store = JobStore(self._storage, new_id())
                store.file(Filed(order, time.time(), time.time_ns()), inputs)
            except OSError as error:
                raise JobRefused("The storage does not take the files of this job.") from error
            self._keep(store.id)
        return store.id

    def follow(self, job: str) -> Status:
        """How far a job is; see `Jobs.follow`."""
        status = self._look(job)
        return replace(status, ahead=self._count_ahead(job)) if status.state == "queued" else status

    def stop(self, job: str) -> None:
        """Ask a job to end; see `Jobs.stop`."""
        store = find_job(self._storage, job)
        if self._look(job).finished:
            return
        store.ask_to_stop()
        ray = self._connect()
        keeper = self._find_keeper(job)
        if keeper is not None:
            try:
                ray.get(keeper.stop.remote(), timeout=_PATIENCE)
            except ray.exceptions.RayError:  # it reads the storage when it lives again
                return

    def result(self, job: str) -> Path:
        """The folder of a job; see `Jobs.result`. Where the storage is no folder, what is new is fetched first."""
        store = find_job(self._storage, job)
        if self._storage.folder is not None:
            folder = self._storage.folder / job
        else:
            folder = _default_cache() / "ray-results" / job
            _fetch(store, folder)
        for name in ["inputs", *map(str, range(len(store.read().order.tasks)))]:
            (folder / name).mkdir(parents=True, exist_ok=True)
        return folder

    def queue(self) -> list[Status]:
        """All unfinished jobs; see `Jobs.queue`."""
        listed: list[Status] = []
        for _, status in self._unfinished():
            tasks = tuple(replace(task, events=()) for task in status.tasks)
            ahead = sum(other.device == status.device for other in listed) if status.state == "queued" else 0
            listed.append(replace(status, tasks=tasks, ahead=ahead))
        return sorted(listed, key=lambda status: status.state != "running")  # stable: turns stay in order

    def _unfinished(self) -> list[tuple[int, Status]]:
        """Ticket and status of the unfinished jobs, by ticket."""
        found: list[tuple[int, Status]] = []
        for job, finished in list(list_jobs(self._storage, self._finished)):
            if finished:
                self._finished.add(job)
                continue
            try:
                status = self._look(job)
                if not status.finished:
                    found.append((self._know(job).filed.ticket, status))
            except JobUnknown:
                continue
        return sorted(found, key=lambda pair: pair[0])

    def _count_ahead(self, job: str) -> int:
        unfinished = self._unfinished()
        ticket, device = next(((t, s.device) for t, s in unfinished if s.id == job), (0, ""))
        return sum(t < ticket and s.device == device for t, s in unfinished)

    def _look(self, job: str) -> Status:
        store = find_job(self._storage, job)
        known = self._know(job)
        with known.guard:
            if known.final is not None:
                return known.final
            finished = store.finished  # then no cluster is needed
            if finished or not self._ask(job, known):
                self._read(store, known, finished)
            status = _describe(job, known)
            if status.finished:
                known.final = status
            return status

    def _ask(self, job: str, known: _Known) -> bool:
        """Have the keeper say how far a job is; False where it does not."""
        ray = self._connect()
        keeper = self._find_keeper(job)
        if keeper is None:
            return False
        try:
            since = [len(events) for events in known.events]
            life, records, events, follow = ray.get(keeper.follow.remote(known.life, since), timeout=_PATIENCE)
        except ray.exceptions.RayError as error:
            known.broken = explain_broken(error)
            return False
        known.take(life, records, events, follow)
        return True

    def _read(self, store: JobStore, known: _Known, finished: bool) -> None:
        """Have the storage say how far a job is, and bring its keeper back where there is something to do."""
        numbers = range(len(known.filed.order.tasks))
        if not finished and known.broken:
            for number in numbers:
                if store.read_record(number).state in UNFINISHED:
                    store.write_record(number, Record("failed", problem=known.broken))
            store.finish()
        known.life = ""
        known.records = [store.read_record(number) for number in numbers]
        known.events = [store.read_events(number) for number in numbers]
        if not finished and not known.broken and time.monotonic() - known.revived > _PAUSE:
            known.revived = time.monotonic()
            self._keep(store.id)

    def _keep(self, job: str) -> None:
        """See that a job has a keeper."""
        ray = self._connect()
        from explorer.jobs.ray_keeper import Keeper

        ray.remote(Keeper).options(
            name=job,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            max_concurrency=8,
            num_cpus=0,
            resources={"node:__internal_head__": 0.001},  # without its head a cluster is lost anyway
        ).remote(self._storage.uri, job, self._limits.to_json(), self._cpus)

    def _find_keeper(self, job: str) -> Any:
        try:
            return self._connect().get_actor(job, namespace=NAMESPACE)
        except ValueError:
            return None

    def _connect(self) -> Any:
        """Ray, connected."""
        with self._guard:
            return connect(self._address, self._ship)

    def _know(self, job: str) -> _Known:
        with self._guard:
            known = self._known.get(job)
            if known is None:
                known = _Known(find_job(self._storage, job).read())
                self._known[job] = known
            self._known.move_to_end(job)
            while len(self._known) > _REMEMBERED + self._limits.total:
                self._known.popitem(last=False)
            return known


@dataclass
class _Known:
    """A job that is being followed."""

    filed: Filed
    life: str = ""
    records: list[Record] = field(default_factory=list)
    events: list[Events] = field(default_factory=list)
    final: Status | None = None
    revived: float = -_PAUSE
    broken: str = ""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, life: str, records: list[dict[str, Any]], events: list[Events], follow: bool) -> None:
        """What a keeper says."""
        before = self.events if follow else [[] for _ in events]
        self.events = [known + fresh for known, fresh in zip(before, events, strict=True)]
        self.records = [Record(**record) for record in records]
        self.life = life


def _describe(job: str, known: _Known) -> Status:
    order, submitted, records = known.filed.order, known.filed.submitted, known.records
    tasks = tuple(
        TaskStatus(record.state, record.attempts, tuple(events), record.problem)
        for record, events in zip(records, known.events, strict=True)
    )
    state, problem = judge(tasks)
    status = Status(job, order.title, order.owner, order.device, state, tasks, submitted, problem=problem)
    began = min((record.began for record in records if record.began), default=0.0)
    until = max(record.ended for record in records) if status.finished else time.time()
    return replace(status, seconds=max(0.0, until - began) if began else 0.0)


def _fetch(store: JobStore, folder: Path) -> None:
    """Bring a folder to where a job in the storage is; what has not changed since the last time is left."""
    noted = folder / ".fetched.json"
    before = json.loads(noted.read_text()) if noted.exists() else {}
    now = {name: list(mark) for name, mark in store.storage.sizes(store.id).items()}
    for name in before.keys() - now.keys():
        (folder / name).unlink(missing_ok=True)
    for name, mark in now.items():
        if before.get(name) != mark or not (folder / name).exists():
            store.storage.fetch(f"{store.id}/{name}", folder / name)
    folder.mkdir(parents=True, exist_ok=True)
    noted.write_text(json.dumps(now))


def _name_storage(storage: str | Path | None) -> str:
    named = str(storage or os.environ.get("EXPLORER_STORAGE") or _default_cache() / "ray-jobs")
    return named if "://" in named else str(Path(named).expanduser().absolute())


def _default_cache() -> Path:
    return Path(os.environ.get("EXPLORER_CACHE", "~/.cache/cnn-explorer")).expanduser().absolute()
