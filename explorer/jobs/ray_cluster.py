"""Long work on any number of machines: every task of a job is a Ray actor, its files lie in a folder that all see.

Ray finds a machine for an actor, begins it again elsewhere where its process or its machine is lost, and keeps it while
no dashboard is there. Ray is an extra and slow to import, so nothing here imports it before it is needed.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explorer.disk import cache_folder
from explorer.jobs.folder import JobFolder
from explorer.jobs.folder_jobs import FolderJobs
from explorer.jobs.limits import Limits
from explorer.jobs.order import UNFINISHED, JobRefused, Order, State, Status
from explorer.jobs.worker import do_task

NAMESPACE = "cnn-explorer"
_PROJECT = Path(__file__).resolve().parents[2]
_SENT = ("explorer", "models")  # folders of the project that the cluster is sent
_CONNECT = 5.0  # seconds for the head of a cluster to answer
_PAUSE = 5.0  # seconds between two looks at the actors of a job
_REASON = "it was killed, perhaps because the memory ran out, or its machine was lost"


class TaskActor:
    """One task; made with `ray.remote`. Ray makes it again after each death, and it ends itself with its task."""

    def __init__(self, job: str, number: int, limits: str) -> None:
        """Begin.

        Args:
            job: the job's folder.
            number: place of the task in the order.
            limits: as JSON.

        Raises:
            FileNotFoundError: this machine does not see the folder.
        """
        import ray

        os.umask(0o077)
        folder = JobFolder(Path(job))
        folder.filed()
        me = ray.get_runtime_context().current_actor

        def end() -> None:
            ray.kill(me, no_restart=True)

        def work() -> None:
            do_task(folder, number, Limits.from_json(limits), _REASON, end)
            end()

        threading.Thread(target=work, daemon=True).start()

    def begun(self) -> None:
        """Answers once it has begun."""


class RayJobs(FolderJobs):
    """`Jobs` on a Ray cluster, as many tasks at once as its machines have cores or GPUs.

    A server that comes back finds the actors of its jobs where the cluster still runs, and makes them anew where it
    does not. May be used from any thread.
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
            storage: folder that all machines see under the same path; else `EXPLORER_STORAGE`, else "ray-jobs" beside
                the local jobs, which suffices on one machine.
            address: of the cluster, or "local" for one of its own; else `RAY_ADDRESS`, else "local".
            limits: as for `LocalJobs`; `room` is that of the storage.
            cpus: cores of a task.
            ship: whether the cluster is sent the code and models of this project; without that, they must lie at the
                same path on every machine. A cluster on this machine needs neither.

        Raises:
            JobRefused: Ray is not installed, the storage is no folder, or the cluster does not answer; the last may
                also come from any method later.
        """
        import_ray()
        named = str(storage or os.environ.get("EXPLORER_STORAGE") or cache_folder() / "ray-jobs")
        if "://" in named:
            raise JobRefused(f"{named} is no folder: EXPLORER_STORAGE names a folder that every machine sees.")
        super().__init__(Path(named).expanduser().absolute(), limits)
        self._address = address or os.environ.get("RAY_ADDRESS") or "local"
        self._cpus = cpus
        self._ship = ship and self._address != "local"
        self._connecting = threading.Lock()
        self._seen: dict[str, float] = {}  # when the actors of a job were looked at
        self._answers: dict[str, Any] = {}  # of the actors, by their names
        self.queue()

    def submit(self, order: Order, inputs: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Take an order; see `Jobs.submit`.

        Raises:
            JobRefused: too many unfinished jobs, no room, or no machine that could do it.
            ValueError, TypeError: as for `FolderJobs.submit`.
        """
        ray = self._connect()
        if order.device.startswith("cuda") and ray.cluster_resources().get("GPU", 0) < 1:
            raise JobRefused("No machine of the Ray cluster has a GPU.")
        return super().submit(order, inputs)

    def stop(self, job: str) -> None:
        """Ask a job to end; see `Jobs.stop`."""
        super().stop(job)
        for number, record in enumerate(self._shelf.find(job).records()):
            if record.state == "stopped" and not record.attempts:  # its actor may wait for a machine for ever
                self._kill(job, number)

    def _see_to(self, jobs: Sequence[Status]) -> None:
        """Make the actors that are missing, and give up those that can never begin or do not stop."""
        for job in jobs:
            if time.monotonic() - self._seen.get(job.id, -_PAUSE) < _PAUSE:
                continue
            self._seen[job.id] = time.monotonic()
            folder = JobFolder(self._shelf.root / job.id)
            late = folder.stopping_for > 2 * self._limits.grace  # its machine may be lost without Ray's knowing yet
            for number in [number for number, task in enumerate(job.tasks) if task.state in UNFINISHED]:
                if late:
                    self._kill(job.id, number)
                    _end(folder, number, "stopped")
                elif problem := self._let_begin(folder, number, gpus=job.device.startswith("cuda")):
                    _end(folder, number, "failed", problem)

    def _let_begin(self, folder: JobFolder, number: int, gpus: float) -> str:
        """See that a task has an actor; why it can have none, "" where it has one."""
        ray = self._connect()
        name = f"{folder.id}/{number}"
        if name in self._answers:
            if not ray.wait([self._answers[name]], timeout=0)[0]:  # it waits for a machine
                return ""
            try:
                ray.get(self._answers[name])
            except ray.exceptions.RayError as error:
                if problem := _explain_broken(error):
                    return problem
        actor = ray.remote(TaskActor).options(
            name=name,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,  # what a death costs is decided by whoever begins again
            num_cpus=self._cpus,
            num_gpus=gpus,
        )
        self._answers[name] = actor.remote(str(folder.path), number, self._limits.to_json()).begun.remote()
        return ""

    def _kill(self, job: str, number: int) -> None:
        ray = self._connect()
        with suppress(ValueError):  # there is none
            ray.kill(ray.get_actor(f"{job}/{number}", namespace=NAMESPACE), no_restart=True)

    def _connect(self) -> Any:
        """Ray, connected.

        Raises:
            JobRefused: the cluster does not answer.
        """
        with self._connecting:
            ray = import_ray()
            if not ray.is_initialized():
                reach(self._address)
                self._answers.clear()  # of a connection that is gone
                try:
                    ray.init(
                        address=self._address,
                        namespace=NAMESPACE,
                        runtime_env=describe_code(self._ship),
                        log_to_driver=False,
                        configure_logging=False,
                        **({"include_dashboard": False} if self._address == "local" else {}),
                    )
                except Exception as error:  # where its processes are too slow to start, it is nothing more special
                    here = "Ray does not start on this machine now."
                    there = f"The Ray cluster at {self._address} does not answer."
                    raise JobRefused(here if self._address == "local" else there) from error
            return ray


def _end(folder: JobFolder, number: int, state: State, problem: str = "") -> None:
    with suppress(FileNotFoundError), folder.change() as records:
        if records[number].unfinished:
            records[number] = records[number].end(state, problem)


def import_ray() -> Any:
    """Ray.

    Raises:
        JobRefused: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anybody
    try:
        import ray
    except ImportError as error:
        raise JobRefused("Ray is not installed: pip install -r requirements-extra.txt brings it.") from error
    return ray


def _explain_broken(error: Exception) -> str:
    """Why an actor can never be; "" where it is only away."""
    ray = import_ray()
    if isinstance(error, ray.exceptions.RuntimeEnvSetupError):
        return "The code could not be brought to the machines of the Ray cluster."
    if not getattr(error, "actor_init_failed", False):
        return ""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if any(line.startswith("FileNotFoundError") for line in lines):
        return "A machine of the Ray cluster does not see the storage: all machines must see the same folder."
    return f"A machine of the Ray cluster could not begin: {lines[-1]}"


def describe_code(ship: bool) -> dict[str, Any]:
    """The runtime environment in which a cluster finds this project."""
    if ship:
        others = [f"/{path.name}" for path in _PROJECT.iterdir() if path.name not in _SENT]
        return {"working_dir": str(_PROJECT), "excludes": others}
    return {"env_vars": {"PYTHONPATH": os.pathsep.join([str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])}}


def reach(address: str) -> None:
    """Raise JobRefused where nobody listens: Ray itself would wait for minutes, and then end this process."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=_CONNECT).close()
        except OSError as error:
            raise JobRefused(f"The Ray cluster at {address} does not answer.") from error
