"""A journal survives what a killed process or a full disk leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.journal import EventReader, append_event

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
        file.write(b"\0\0\0\n[]\n3\n\xff\n" + b"[" * 100_000 + b'\n{"b": "' + b"x" * 200_000)
    append_event(path, {"a": 2})
    assert EventReader(path).read() == ({"a": 1}, {"a": 2})


def test_a_journal_that_cannot_be_read_has_told_nothing(tmp_path: Path) -> None:
    assert EventReader(tmp_path).read() == ()  # a folder


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


def write(path: Path, events: list[dict[str, object]]) -> None:
    for event in events:
        append_event(path, event)
