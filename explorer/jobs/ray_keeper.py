"""The detached Ray actor that sees to one job: starts its tasks, knows how far they are, and ends with the job.

Nothing is only in its memory: where its machine is lost, Ray starts it again and it reads the storage.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Literal

import ray
from ray import exceptions

from explorer.jobs.limits import MOST_ATTEMPTS, Limits
from explorer.jobs.order import UNFINISHED
from explorer.jobs.ray_storage import Events, JobStore, Record, Storage
from explorer.jobs.ray_worker import perform
from explorer.jobs.worker import explain

_LOOK = 0.25  # seconds between two looks at the tasks
_REST = 10.0  # seconds before it lets Ray start it again

Answer = Literal["go on", "stop", "superseded"]


class Keeper:
    """One job; made with `ray.remote`, its methods called from anywhere in the cluster, in several threads."""

    def __init__(self, uri: str, job: str, limits: str, cpus: float) -> None:
        """Go on where the storage says.

        Args:
            uri: of the storage.
            job: its id.
            limits: as JSON.
            cpus: cores of a task.
        """
        self._store = JobStore(Storage(uri), job)
        filed = self._store.read()
        self._limits = Limits.from_json(limits)
        self._life = secrets.token_hex(8)
        self._lock = threading.RLock()
        count = len(filed.order.tasks)
        self._records = [self._store.read_record(number) for number in range(count)]
        self._events: list[Events] = [self._store.read_events(number) for number in range(count)]
        self._starts = [len(events) for events in self._events]  # where the events of the current attempt begin
        self._fruitless = [0] * count
        self._stopping = self._store.stopping
        gpus = 1 if filed.order.device.startswith("cuda") else 0
        # What a lost machine has cost is decided in `begin`, so Ray itself never gives up.
        task = ray.remote(perform).options(max_retries=-1, num_cpus=cpus, num_gpus=gpus, name=filed.order.title)
        arguments = uri, job, limits, ray.get_runtime_context().current_actor
        self._start: Callable[[int], Any] = lambda number: task.remote(
            arguments[0], arguments[1], number, *arguments[2:]
        )
        self._end: Callable[[], None] = lambda: ray.kill(arguments[3], no_restart=True)
        threading.Thread(target=self._live, daemon=True).start()

    def begin(self, number: int) -> tuple[dict[str, Any], float] | None:
        """An attempt of a task begins; gives its record and the seconds to wait first, or None where it is not to."""
        with self._lock:
            written = self._store.read_record(number)
            if written.state not in UNFINISHED:  # its machine was lost between the end and our knowing of it
                self._records[number] = written
            record = self._records[number]
            if self._stopping or record.state not in UNFINISHED:
                return None
            fruitless = self._fruitless[number]
            if fruitless >= self._limits.attempts or record.attempts >= MOST_ATTEMPTS:
                self._note(number, replace(record, state="failed", problem=_explain_deaths(record), ended=time.time()))
                return None
            self._fruitless[number] += 1
            self._starts[number] = len(self._events[number])
            began = record.began or time.time()
            self._note(number, replace(record, state="running", attempts=record.attempts + 1, began=began))
            return asdict(self._records[number]), self._limits.pause * fruitless

    def told(self, number: int, attempt: int, first: int, events: list[Mapping[str, Any]], progressed: bool) -> Answer:
        """An attempt has reported events, of which the first is its event number `first`, or has only come by.

        Args:
            number: of the task.
            attempt: as in its record.
            first: where an answer was lost, some of these events are known already.
            events: each a dict of JSON values.
            progressed: whether it has written anything in its folder since the last call.
        """
        with self._lock:
            if attempt != self._records[number].attempts:
                return "superseded"
            known = len(self._events[number]) - self._starts[number]
            self._events[number] += events[max(0, known - first) :]
            if progressed:
                self._fruitless[number] = 0
            return "stop" if self._stopping else "go on"

    def follow(self, life: str, since: list[int]) -> tuple[str, list[dict[str, Any]], list[Events], bool]:
        """All records, and the events after those that the asker knows.

        Args:
            life: what the last call gave first; "" at first.
            since: how many events of each task the asker knows from that life.

        Returns:
            The name of this life of the keeper, records, events, and whether these are to follow those known; where
            it lives again, they replace them.
        """
        with self._lock:
            same = life == self._life
            starts = since if same else [0] * len(self._events)
            events = [list(known[start:]) for known, start in zip(self._events, starts, strict=True)]
            return self._life, [asdict(record) for record in self._records], events, same

    def stop(self) -> None:
        """Ask all tasks to end."""
        with self._lock:
            self._stopping = True

    def _note(self, number: int, record: Record) -> None:
        self._records[number] = record
        self._store.write_record(number, record)

    def _live(self) -> None:
        try:
            self._work()
        except Exception:  # most likely the storage is away; another life may find it again
            traceback.print_exc()
            time.sleep(_REST)
            os._exit(1)

    def _work(self) -> None:
        waiting = [number for number, record in enumerate(self._records) if record.state in UNFINISHED]
        if self._stopping:
            for number in waiting:
                self._settle(number, "stopped")
            waiting = []
        running = {self._start(number): number for number in waiting}
        asked = forced = 0.0
        while running:
            ready, _ = ray.wait(list(running), timeout=_LOOK)
            for answer in ready:
                self._look(running.pop(answer), answer)
            if not self._stopping:
                continue
            now = time.monotonic()
            if not asked:
                asked = now
                self._cancel([answer for answer, number in running.items() if self._records[number].state == "queued"])
            elif not forced and now - asked > self._limits.grace:
                forced = now
                self._cancel(list(running), force=True)
            elif forced and now - forced > 2 * self._limits.grace:  # its machine may be lost without Ray's knowing yet
                for number in running.values():
                    self._settle(number, "stopped")
                break
        self._store.finish()
        self._end()

    @staticmethod
    def _cancel(answers: list[Any], force: bool = False) -> None:
        for answer in answers:
            ray.cancel(answer, force=force)

    def _look(self, number: int, answer: Any) -> None:
        """What has become of a task that Ray says is over."""
        written = self._store.read_record(number)
        if written.state not in UNFINISHED:
            self._records[number] = written
            return
        try:
            ray.get(answer)
        except exceptions.TaskCancelledError:
            self._settle(number, "stopped")
        except exceptions.RayTaskError as error:
            self._settle(number, "failed", explain(error.cause))
        except exceptions.RayError as error:
            self._settle(number, "failed", f"Ray could not do it: {explain(error)}")
        else:
            self._settle(number, "failed", "It ended without a word.")  # "stopped" where that is wanted

    def _settle(self, number: int, state: Literal["stopped", "failed"], problem: str = "") -> None:
        with self._lock:
            if self._stopping:
                state, problem = "stopped", ""
            self._note(number, replace(self._records[number], state=state, problem=problem, ended=time.time()))


def _explain_deaths(record: Record) -> str:
    times = "once" if record.attempts == 1 else f"{record.attempts} times"
    return (
        f"It was begun {times} and its process did not live to the end: it was killed, perhaps because the memory "
        "ran out, or its machine was lost."
    )
