"""The folder of a job: events survive what a killed process or a full disk leaves, records are changed one by one."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.jobs import Order, TaskStatus
from explorer.jobs.folder import EventReader, Filed, JobFolder, Record, append_event
from explorer.jobs.folder_jobs import judge
from explorer.jobs.worker import do_task
from tests.jobs.working import LIMITS, until

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=3,
)
EVENTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=3), max_size=8)


@settings(max_examples=50)
@given(EVENTS, st.floats(0, 1))
def test_a_line_that_was_cut_is_lost_alone(events: list[dict[str, object]], where: float) -> None:
    """Killed at any byte; whoever read before or reads after sees the whole lines, once, and all that came later."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "0.jsonl"
        path.touch()
        reader = EventReader(path)
        ends = []
        for event in events:
            append_event(path, event)
            ends.append(path.stat().st_size)
        cut = round(where * path.stat().st_size)
        path.write_bytes(path.read_bytes()[:cut])
        assert list(reader.read()) == events[: sum(end <= cut for end in ends)]
        write(path, events)
        left = events[: sum(end - 1 <= cut for end in ends)]  # what lacked its end alone has one now
        assert list(reader.read()) == list(EventReader(path).read()) == left + events


@settings(max_examples=50)
@given(EVENTS, st.lists(st.integers(0, 2000), max_size=6))
def test_reading_bit_by_bit_says_the_same(events: list[dict[str, object]], ends: list[int]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "0.jsonl"
        path.touch()
        write(path, events)
        data = path.read_bytes()
        reader = EventReader(path)
        for end in [*sorted(ends), len(data)]:
            path.write_bytes(data[:end])
            seen = reader.read()
        assert list(seen) == events


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    """As a power cut leaves them."""
    path = tmp_path / "0.jsonl"
    append_event(path, {"a": 1})
    with path.open("ab") as file:
        file.write(b'\0\0\0\n[]\n3\n\xff\n{"b": "' + b"x" * 200_000)
    append_event(path, {"a": 2})
    assert EventReader(path).read() == ({"a": 1}, {"a": 2})


def test_what_is_no_json_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        append_event(tmp_path / "0.jsonl", {"a": object()})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_spoils_one_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "0.jsonl"
    append_event(path, {"a": 1})
    opened = Path.open

    @contextmanager
    def open_full(path: Path, *arguments: object, **options: object) -> Iterator[Any]:
        """A file on a disk that takes five bytes more."""
        with opened(path, "ab", buffering=0) as file:
            yield SimpleNamespace(write=lambda data: file.write(data[:5]))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_full)
        with pytest.raises(OSError, match="took 5 of"):
            append_event(path, {"a": 2})
    assert path.read_bytes().endswith(b'\n\n{"a"')
    append_event(path, {"a": 3})
    assert EventReader(path).read() == ({"a": 1}, {"a": 3})


def test_an_order_is_read_as_it_was_filed(tmp_path: Path) -> None:
    filed = Filed(Order("explorer.toys:toy", ({"a": [1, None, "é"]}, {}), "A toy", "me", "cuda:0"), 12.5)
    folder = JobFolder(tmp_path / "job")
    folder.fill(filed, {"picture.png": b"xxx"})
    assert folder.filed() == filed
    assert folder.records() == [Record(), Record()]
    assert (folder.path / "inputs" / "picture.png").read_bytes() == b"xxx"
    assert (folder.stopping, folder.finished) == (False, False)


def test_nobody_loses_what_another_changed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, tasks=2)

    def add(number: int) -> None:
        for _ in range(20):
            with folder.change() as records:
                records[number % 2] = replace(records[number % 2], attempts=records[number % 2].attempts + 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    assert [record.attempts for record in folder.records()] == [60, 60]


def test_what_fails_changes_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)

    def fail() -> None:
        with folder.change() as records:
            records[0] = records[0].end("done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert folder.records() == [Record()]


def test_an_attempt_that_was_begun_again_elsewhere_ends_and_counts_no_more(tmp_path: Path) -> None:
    """As where the machine of a task was thought to be lost, and was not."""
    folder, ended = make_folder(tmp_path, "wait"), threading.Event()
    attempt = threading.Thread(target=do_task, args=(folder, 0, LIMITS, "", ended.set))
    attempt.start()
    until(lambda: folder.records()[0].state == "running")
    with folder.change() as records:
        newer = records[0] = replace(records[0], attempts=2)
    assert ended.wait(60)
    folder.ask_to_stop()
    attempt.join()
    assert folder.records() == [newer]


@pytest.mark.parametrize(
    ("states", "state", "problem"),
    [
        (["queued", "queued"], "queued", ""),
        (["running", "queued"], "running", ""),
        (["done", "queued"], "running", ""),
        (["failed", "queued"], "running", ""),
        (["failed", "done"], "done", ""),
        (["failed", "failed"], "failed", "why 0"),
        (["done", "stopped"], "stopped", ""),
        (["failed", "stopped"], "stopped", ""),
    ],
)
def test_a_job_is_judged_by_its_tasks(states: list[str], state: str, problem: str) -> None:
    tasks = [TaskStatus(each, problem=f"why {number}") for number, each in enumerate(states)]  # type: ignore[arg-type]
    assert judge(tasks) == (state, problem)


def make_folder(place: Path, function: str = "count", tasks: int = 1) -> JobFolder:
    folder = JobFolder(place / "job")
    folder.fill(Filed(Order(f"tests.jobs.toys:{function}", ({"of": 1},) * tasks, "A toy"), 0.0), {})
    return folder


def write(path: Path, events: list[dict[str, object]]) -> None:
    for event in events:
        append_event(path, event)
