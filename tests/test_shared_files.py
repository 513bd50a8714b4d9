"""Files that several copies of the dashboard share: within bounds, whole or not at all, for nobody else to read."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import shared_files
from explorer.jobs import Limits
from explorer.shared_files import DAYS, KeptFiles, SharedFile, SharedFiles, open_shared

UNIT = 2**16  # what the smallest file counts, and what is said of one
MINE = SharedFile("mine ⅔\ud800.png", b"pixels")


def content(files: SharedFiles, data: bytes = MINE.data) -> Path:
    """Where a file's bytes lie, by the description of the module."""
    assert files.root is not None
    return files.root / hashlib.sha256(data).hexdigest()


def test_another_copy_finds_it_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        first = SharedFiles(tmp_path / "deep" / "store")
        assert first.put("picture/mine", MINE)
    finally:
        os.umask(mask)
    assert SharedFiles(first.root).find("picture/mine") == MINE
    assert [first.find(key) for key in ("picture/other", "mine", "", "../lock")] == [None] * 4
    assert content(first).read_bytes() == MINE.data  # the very bytes
    assert first.root.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in first.root.iterdir()} == {0o600}
    assert not any("mine" in path.name for path in first.root.iterdir())
    assert first.put("picture/yours", SharedFile("yours.png", MINE.data))  # the same content is there once
    assert len([path for path in first.root.iterdir() if path.suffix == ""]) == 2  # with the lock
    first.drop("picture/mine")
    first.drop("picture/mine")
    assert (first.find("picture/mine"), first.find("picture/yours")) == (None, SharedFile("yours.png", MINE.data))


def test_what_is_not_whole_is_not_found_and_is_written_anew(tmp_path: Path) -> None:
    files = SharedFiles(tmp_path)
    half = content(files).with_name(f".{content(files).name}.partial")
    half.write_bytes(MINE.data)  # as one leaves it that is killed while it writes
    assert files.find("mine") is None
    assert files.put("mine", MINE)
    assert not half.exists()
    for wrong in (b"pixelS", b"pix", b""):
        content(files).write_bytes(wrong)
        assert files.find("mine") is None
        assert not content(files).exists()
        assert files.put("mine", MINE)
        assert files.find("mine") == MINE
    about = next(path for path in tmp_path.iterdir() if path.suffix == ".json")
    for wrong in (b"", b"[]", b"{}", b'{"title": "x", "sha256": 3}', b'{"title": "x", "sha256": "../lock"}', b"\xff"):
        about.write_bytes(wrong)
        assert files.find("mine") is None
    assert files.put("mine", MINE)
    assert files.find("mine") == MINE


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "find", "drop"]), st.integers(0, 7), st.integers(0, 3 * UNIT)), max_size=25
    )
)
def test_the_longest_unused_go_first_and_never_is_there_more_than_the_bound(steps: list[tuple[str, int, int]]) -> None:
    room = 8 * UNIT
    with tempfile.TemporaryDirectory() as folder:
        copies = [SharedFiles(Path(folder), room), SharedFiles(Path(folder), room)]
        lengths: dict[int, int] = {}  # of what is there, the longest unused first
        for place, (step, number, size) in enumerate(steps):
            files, key = copies[place % 2], str(number)
            data = bytes([number]) * (size + 1)
            if step == "put":
                assert files.put(key, SharedFile(key, data))
                lengths.pop(number, None)
                lengths[number] = size + 1
            elif step == "find":
                found = files.find(key)
                if found is not None:
                    assert found == SharedFile(key, bytes([number]) * lengths[number])
                    lengths[number] = lengths.pop(number)
            else:
                files.drop(key)
                lengths.pop(number, None)
            kept = [path for path in Path(folder).iterdir() if path.name != "lock"]
            assert sum(max(path.stat().st_size, UNIT) for path in kept) <= room
            there = [
                n for n in lengths if (Path(folder) / hashlib.sha256(bytes([n]) * lengths[n]).hexdigest()).exists()
            ]
            assert there == list(lengths)[len(lengths) - len(there) :]  # those that went are the longest unused
            assert step != "put" or number in there
        assert not copies[0].put("large", SharedFile("large", bytes(room)))


def test_what_is_old_goes_and_what_is_used_stays(tmp_path: Path) -> None:
    assert Limits().days == DAYS  # as trainings
    files = SharedFiles(tmp_path)
    assert files.put("old", MINE)
    assert files.put("used", SharedFile("used", b"used"))
    (tmp_path / "jobs").mkdir()
    others = [tmp_path / "notes.txt", tmp_path / "jobs" / content(files).name, tmp_path / "jobs" / "x.partial"]
    for path in others:
        path.write_text("somebody else's")
    ago = time.time() - (DAYS * 24 + 1) * 3600
    for path in [*tmp_path.iterdir(), *others]:
        os.utime(path, (ago, ago))
    files.note_use("used")
    SharedFiles(tmp_path).tidy()
    assert files.find("old") is None
    assert files.find("used") == SharedFile("used", b"used")
    assert not content(files).exists()
    assert all(path.is_file() for path in others)
    assert {path.name for path in tmp_path.iterdir() if path.suffix == "" and path.is_file()} == {
        "lock",
        hashlib.sha256(b"used").hexdigest(),
    }


def test_two_processes_write_at_once_and_every_file_that_is_found_is_whole(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from explorer.shared_files import SharedFile, SharedFiles\n"
        "files = SharedFiles(Path(sys.argv[1]), room=8 * 2**16)\n"
        "for turn in range(8):\n"
        "    for number in range(4):\n"
        "        file = SharedFile(str(number), bytes([number]) * 2**17)\n"
        "        assert files.put(str(number), file)\n"
        "        assert files.find(str(number)) in (file, None)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    files = SharedFiles(tmp_path)
    assert files.find("3") == SharedFile("3", b"\3" * 2**17)
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("trouble", ["away", "full", "read-only", "held"])
def test_where_the_folder_cannot_be_used_the_log_says_so_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path / "store"))
    if trouble == "away":
        (tmp_path / "store").write_text("in the way")
    elif trouble == "full":
        monkeypatch.setattr(
            shared_files.shutil, "disk_usage", lambda path: shared_files.shutil._ntuple_diskusage(9, 9, 0)
        )
    elif trouble == "read-only":

        def refuse(path: Path, data: bytes) -> None:
            raise OSError(30, "Read-only file system", str(path))

        monkeypatch.setattr(shared_files, "replace_file", refuse)
    else:
        monkeypatch.setattr(shared_files, "_PATIENCE", 0.0)
        held = SharedFiles(tmp_path / "store")._alone(tmp_path / "store")
        held.acquire()
    kept: KeptFiles[str] = KeptFiles("text", 10**6, 10**6, lambda key, file: (file.data.decode(), 1))
    kept.put_file("a", "value", 1, "me", SharedFile("a", b"value"))
    assert "A file is kept in memory only: " in caplog.text
    assert kept.recall("a", "me") == "value"
    kept.drop("a")
    assert kept.recall("a", "me") is None
    open_shared().tidy()
    if trouble == "held":
        held.release()


def test_without_the_setting_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPLORER_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    kept: KeptFiles[str] = KeptFiles("text", 10**6, 10**6, lambda key, file: (file.data.decode(), 1))
    kept.put_file("a", "value", 1, "me", SharedFile("a", b"value"))
    assert kept.recall("a", "me") == "value"
    assert kept.recall("b", "me") is None
    assert not list(tmp_path.iterdir())


def test_what_another_copy_has_is_kept_from_then_on_and_dropped_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    asked: list[str] = []

    def read(key: str, file: SharedFile) -> tuple[str, int] | None:
        asked.append(key)
        return (file.data.decode(), 2000) if file.title == "good" else None

    here, there = (KeptFiles[str]("text", 5000, 10**6, read) for _ in range(2))
    here.put_file("a", "one", 2000, "me", SharedFile("good", b"one"))
    here.put_file("b", "two", 2000, "me", SharedFile("bad", b"two"))
    assert [there.recall(key, "you") for key in ("a", "a", "b", "b", "c")] == ["one", "one", None, None, None]
    assert asked == ["a", "b", "b"]
    assert there.list_keys() == ["a"]
    for number in range(2):
        there.put(str(number), "x", 2000, "you")  # counts with what was recalled
    assert there.list_keys() == ["0", "1"]
    there.drop("a")
    here.drop("b")
    assert [KeptFiles[str]("text", 5000, 10**6, read).recall(key, "you") for key in ("a", "b")] == [None, None]
    assert KeptFiles[str]("other", 5000, 10**6, read).recall("a", "you") is None
