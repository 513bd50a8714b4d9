"""What a Ray worker does: one attempt of one task, on whichever machine, with its folder kept in the storage."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray

from explorer.jobs.limits import Limits
from explorer.jobs.mirror import Mirror
from explorer.jobs.order import Context, State
from explorer.jobs.ray_storage import EventLog, JobStore, Record, Storage
from explorer.jobs.worker import explain, find_target

_BEAT = 0.5  # seconds between two words to the keeper
_PATIENCE = 20.0  # seconds for its answer
_TRIES = 3  # to tell it the last events


def perform(uri: str, job: str, number: int, limits: str, keeper: Any) -> None:
    """Do one attempt of a task, from where the storage says that the last one came to.

    How it ended is written down before this returns, so a finished task stays finished whatever happens then.

    Args:
        uri: of the storage.
        job: its id.
        number: place of the task in the order.
        limits: as JSON.
        keeper: handle of the job's `Keeper`.
    """
    begun = ray.get(keeper.begin.remote(number))
    if begun is None:  # somebody wants the job to end, or it is in vain
        return
    record, pause = Record(**begun[0]), begun[1]
    time.sleep(pause)
    store = JobStore(Storage(uri), job)
    try:
        filed = store.read()
    except FileNotFoundError:
        # Nothing can be written down here either, so the keeper is told what to write.
        raise ValueError(
            f"{uri} is another folder on the machine that was to do this: all machines must see the same one."
        ) from None
    with _workplace(store) as (inputs, folder):
        courier = Courier(store, number, record.attempts, keeper, folder)
        context = Context(
            number=number,
            task=filed.order.tasks[number],
            inputs=inputs,
            folder=folder,
            report=courier.report,
            stopping=lambda: courier.stopping,
        )
        try:
            state, problem = _attempt(filed.order.target, Limits.from_json(limits), context, courier)
        finally:
            courier.leave()  # before the folder goes: its copy must stay
    if not courier.superseded:
        store.write_record(number, replace(record, state=state, problem=problem, ended=time.time()))


def _attempt(target: str, limits: Limits, context: Context, courier: Courier) -> tuple[State, str]:
    """How it ended, and why it failed."""
    state: State = "done"
    problem = ""
    try:
        courier.start()
        find_target(target, limits)(context)
    except KeyboardInterrupt:  # how Ray interrupts a task that was cancelled just as it began
        state = "stopped"
    except (Exception, SystemExit) as error:
        if hasattr(error, "ray_terminate_msg"):  # Ray ends this process, because the keeper or the machine goes
            raise
        traceback.print_exc()
        state, problem = "failed", explain(error)
    else:
        state = "stopped" if courier.stopping else "done"
    try:
        courier.finish()
    except OSError as error:
        return "failed", f"Its results could not be written to the storage: {explain(error)}"
    return state, problem


@contextmanager
def _workplace(store: JobStore) -> Iterator[tuple[Path, Path]]:
    """Folders for the inputs, and for what the task writes."""
    place = Path(tempfile.mkdtemp(prefix=f"explorer-{store.id}-"))
    try:
        (place / "task").mkdir()
        shared = store.storage.folder
        inputs = shared / store.id / "inputs" if shared else place / "inputs"
        if not shared:
            store.storage.download(f"{store.id}/inputs", inputs)
        inputs.mkdir(exist_ok=True)
        yield inputs, place / "task"
    finally:
        shutil.rmtree(place, ignore_errors=True)


class Courier:
    """Carries a task's files and events to the storage, and only then its events to the keeper: what a person has seen
    is safe.

    Attributes:
        stopping: whether the task is to end.
        superseded: whether another attempt has begun, because this machine was thought to be lost: whatever is done
            here no longer counts.
    """

    def __init__(self, store: JobStore, number: int, attempt: int, keeper: Any, folder: Path) -> None:
        self.stopping = False
        self.superseded = False
        self._mirror = Mirror(store.storage, f"{store.id}/{number}", folder)
        self._log = EventLog(store, number, attempt)
        self._number, self._attempt, self._keeper = number, attempt, keeper
        self._events: list[str] = []
        self._told = 0
        self._written = 0
        self._progressed = False
        self._left = False
        self._waiting = threading.Lock()  # of the events
        self._working = threading.Lock()  # of the storage
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Restore the folder and begin."""
        self._mirror.restore()
        self._thread.start()

    def report(self, event: Mapping[str, Any]) -> None:
        """Take an event. Files are synchronised at once: whoever reports is not writing one."""
        line = json.dumps(dict(event))
        with self._waiting:
            self._events.append(line)
        with suppress(OSError):  # what could not be written now is tried again, at the latest at the end
            if self._push(settled=False):  # whoever goes on from a checkpoint finds the events that led to it
                self._write()

    def finish(self) -> None:
        """Bring everything that is left; OSError where the storage does not take it."""
        self._over.set()
        self._thread.join()
        self._push(settled=False)
        for _ in range(_TRIES):
            with suppress(ray.exceptions.RayError):
                self._tell()
                return

    def leave(self) -> None:
        """Carry nothing any more."""
        self._over.set()
        with self._working:
            self._left = True

    def _run(self) -> None:
        while not self._over.wait(_BEAT):
            # The next beat tries again; where the keeper is gone for good, Ray ends this process.
            with suppress(OSError, ray.exceptions.RayError):
                self._push(settled=True)
                self._tell()

    def _push(self, settled: bool) -> bool:
        with self._working:
            if self._left or self.superseded or not self._mirror.push(settled):
                return False
            self._progressed = True
            return True

    def _write(self) -> list[str]:
        """Bring new events to the storage; gives all that are there now."""
        with self._working:
            with self._waiting:
                events = self._events[:]
            if not self._left and not self.superseded and len(events) > self._written:
                self._log.write(events[self._written :])
                self._written = len(events)
            return events[: self._written]

    def _tell(self) -> None:
        events = self._write()
        if self._left or self.superseded:
            return
        fresh = [json.loads(line) for line in events[self._told :]]
        answer = self._keeper.told.remote(self._number, self._attempt, self._told, fresh, self._progressed)
        wanted = ray.get(answer, timeout=_PATIENCE)
        self._told = len(events)
        self._progressed = False
        self.superseded = wanted == "superseded"
        self.stopping = self.stopping or wanted != "go on"
