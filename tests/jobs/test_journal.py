import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.jobs import TaskStatus
from explorer.jobs.journal import JournalReader, JournalWriter, judge, list_waiting

TASKS = 3
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=3,
)
EVENTS = st.lists(st.tuples(st.integers(0, TASKS - 1), st.dictionaries(st.text(), VALUES, max_size=3)), max_size=8)


@settings(max_examples=50)
@given(EVENTS, st.floats(0, 1))
def test_a_line_that_was_cut_is_lost_alone(events: list[tuple[int, dict[str, object]]], where: float) -> None:
    """Killed at any byte; whoever read before or reads after sees the whole lines, once, and all that came later."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        reader = JournalReader(path, TASKS)
        write(path, events)
        path.write_bytes(path.read_bytes()[: round(where * path.stat().st_size)])
        whole = path.read_bytes().count(b"\n")
        assert list_events(reader) == sort_events(events[:whole])
        write(path, events)
        assert list_events(reader) == list_events(JournalReader(path, TASKS)) == sort_events(events[:whole] + events)
        assert all(json.loads(line) for line in path.read_text().splitlines())


@settings(max_examples=50)
@given(EVENTS, st.lists(st.integers(0, 2000), max_size=6))
def test_reading_bit_by_bit_says_the_same(events: list[tuple[int, dict[str, object]]], ends: list[int]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, events)
        data = path.read_bytes()
        reader = JournalReader(path, TASKS)
        for end in [*sorted(ends), len(data)]:
            path.write_bytes(data[:end])
            seen = list_events(reader)
        assert seen == sort_events(events)


def test_a_long_half_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, [(0, {"a": 1})])
    with path.open("ab") as file:
        file.write(b'{"kind": "event", "event": "' + b"x" * 200_000)
    write(path, [(0, {"a": 2})])
    assert list_events(JournalReader(path, 1)) == [[{"a": 1}, {"a": 2}]]


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    """As a power cut leaves them."""
    path = tmp_path / "journal.jsonl"
    write(path, [(0, {"a": 1})])
    with path.open("ab") as file:
        file.write(b'\0\0\0\n[]\n3\n{"kind": "event"}\n{"kind": "event", "at": 1, "task": 7}\n')
        file.write(b'{"kind": "event", "at": 1, "task": 0}\n{"kind": "ended", "at": 1, "task": 0}\n\xff\n')
    write(path, [(0, {"a": 2})])
    assert list_events(JournalReader(path, 1)) == [[{"a": 1}, {"a": 2}]]


def test_what_is_no_json_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with pytest.raises(TypeError):
        write(path, [(0, {"a": object()})])
    assert path.read_bytes() == b""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import explorer.jobs.journal as journal

    path = tmp_path / "journal.jsonl"
    write(path, [(0, {"a": 1})])
    before, whole_write = path.read_bytes(), journal.os.write
    monkeypatch.setattr(journal.os, "write", lambda file, data: whole_write(file, data[:5]))
    with pytest.raises(OSError, match="took 5 of"):
        write(path, [(0, {"a": 2})])
    assert path.read_bytes() == before


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
    assert (state in ("queued", "running")) == bool(list_waiting(tasks))


def write(path: Path, events: list[tuple[int, dict[str, object]]]) -> None:
    writer = JournalWriter(path)
    try:
        for task, event in events:
            writer.event(task, event)
    finally:
        writer.close()


def list_events(reader: JournalReader) -> list[list[object]]:
    return [list(task.events) for task in reader.read()]


def sort_events(events: list[tuple[int, dict[str, object]]]) -> list[list[object]]:
    return [[event for task, event in events if task == number] for number in range(TASKS)]
