"""The folder of a job, from which everything about it follows.

What lies there:

    order.json               the order and when it came
    inputs/, 0/, 1/ ...      the files that came with it; one folder a task
    status.json              how far each task is: replaced whole, by whoever holds `lock`
    events/0.jsonl ...       what each task has reported, a line an event, only ever appended
    stop                     somebody wants it to end
    owners                   browsers that it was handed on to (see `explorer.ui.session.jobs`)
    output.txt               what its processes printed
    spare                    room that is given up where the disk is full, so that this can be written down

All of it is for nobody but who runs the dashboard: people's pictures are among it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from filelock import FileLock

from explorer.disk import is_full, open_privately, replace_file
from explorer.jobs.order import UNFINISHED, Order, State

_SPARE = 8192  # bytes


@dataclass(frozen=True)
class Record:
    """How far a task is, as it is written down.

    Attributes:
        state, attempts, problem: as of a `TaskStatus`.
        began: when its first attempt began, in seconds of the wall clock; 0 before.
        ended: when it ended; 0 before.
        mark: tells what its folder held when the last attempt began.
        fruitless: attempts in a row that began so, the last one included.
    """

    state: State = "queued"
    attempts: int = 0
    problem: str = ""
    began: float = 0.0
    ended: float = 0.0
    mark: str = ""
    fruitless: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether it waits or is under way."""
        return self.state in UNFINISHED

    def end(self, state: State, problem: str = "") -> Record:
        """As it is once it has ended."""
        return replace(self, state=state, problem=problem, ended=time.time())


@dataclass(frozen=True)
class Filed:
    """An order on the disk, and when it came in seconds of the wall clock: earlier ones have their turn first."""

    order: Order
    submitted: float


@dataclass(frozen=True)
class JobFolder:
    """The folder of one job."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def stopping(self) -> bool:
        """Whether somebody wants it to end, or has removed it all."""
        return (self.path / "stop").exists() or not self.path.exists()

    @property
    def stopping_for(self) -> float:
        """Seconds since somebody wanted it to end; 0 where nobody did."""
        try:
            return time.time() - (self.path / "stop").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return not any(record.unfinished for record in self.records())

    def task(self, number: int) -> Path:
        return self.path / str(number)

    def events(self, number: int) -> Path:
        return self.path / "events" / f"{number}.jsonl"

    def fill(self, filed: Filed, inputs: Mapping[str, bytes]) -> None:
        """Write all that a job has before anybody works for it.

        Raises:
            TypeError: a task is not made of JSON values.
        """
        order = {**vars(filed.order), "tasks": [dict(task) for task in filed.order.tasks]}
        for name in ("", "inputs", "events", *map(str, range(len(filed.order.tasks)))):
            (self.path / name).mkdir(mode=0o700)
        for name, data in inputs.items():
            with open(self.path / "inputs" / name, "xb", opener=open_privately) as file:
                file.write(data)
        replace_file(self.path / "order.json", json.dumps({**order, "submitted": filed.submitted}))
        self._write([Record()] * len(filed.order.tasks))
        with open(self.path / "spare", "xb", opener=open_privately) as file:
            file.write(bytes(_SPARE))

    def filed(self) -> Filed:
        """The order.

        Raises:
            FileNotFoundError: it is gone, or cannot be read.
        """
        with _reading(self.path):
            read = json.loads((self.path / "order.json").read_text(encoding="utf-8"))
            submitted, tasks = read.pop("submitted"), tuple(read.pop("tasks"))
            filed = Filed(Order(**read, tasks=tasks), submitted)
            _check(filed, filed.order)
            if not all(isinstance(task, dict) for task in tasks):
                raise TypeError("no task")
            return filed

    def records(self) -> list[Record]:
        """How far each task is.

        Raises:
            FileNotFoundError: as for `filed`.
        """
        with _reading(self.path):
            records = [Record(**each) for each in json.loads((self.path / "status.json").read_text(encoding="utf-8"))]
            if not records or any(record.state not in get_args(State) for record in records):
                raise ValueError("no state")
            _check(*records)
            return records

    def read(self) -> tuple[Filed, list[Record]]:
        """The order, and how far each of its tasks is.

        Raises:
            FileNotFoundError: as for `filed`, or the two do not belong together.
        """
        filed, records = self.filed(), self.records()
        if len(filed.order.tasks) != len(records):
            raise FileNotFoundError(f"The files of {self.path} do not belong together.")
        return filed, records

    @contextmanager
    def change(self) -> Iterator[list[Record]]:
        """The records, to be changed in place; nobody else changes them meanwhile.

        Raises:
            FileNotFoundError: as for `filed`.
        """
        if not self.path.exists():
            raise FileNotFoundError(self.path)
        with FileLock(self.path / "lock", mode=0o600):
            before = self.records()
            records = list(before)
            yield records
            if records != before:
                self._write(records)

    def ask_to_stop(self) -> None:
        """FileNotFoundError where the job is gone."""
        open(self.path / "stop", "ab", opener=open_privately).close()  # asked once more, its time stays

    def _write(self, records: list[Record]) -> None:
        text = json.dumps([asdict(record) for record in records])
        try:
            replace_file(self.path / "status.json", text)
        except OSError as error:
            if not is_full(error):
                raise
            (self.path / "spare").unlink(missing_ok=True)
            replace_file(self.path / "status.json", text)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise FileNotFoundError(f"The files of {path} cannot be read.") from error


def _check(*read: Any) -> None:
    """Raise TypeError where a field of a dataclass that is a text or a number by its declaration is none."""
    kinds: dict[Any, Any] = {"str": str, "int": int, "float": (int, float)}
    for one in read:
        for each in fields(one):
            if not isinstance(getattr(one, each.name), kinds.get(each.type, object)):
                raise TypeError(f"{each.name} is no {each.type}")
