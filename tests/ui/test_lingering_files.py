"""What a page showed a moment ago, or made on demand, is still there when the browser asks for it."""

from pathlib import Path

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from explorer.ui.kit import lingering_files
from explorer.ui.kit.lingering_files import LingeringFiles

NOBODY = "dontcare"  # the session of who adds files outside a server


class Clock:
    """`time` that a test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(lingering_files.time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def show(manager: MediaFileManager, *pictures: bytes) -> list[str]:
    """A run of a page that shows these, and the end of it."""
    manager.clear_session_refs(NOBODY)
    ids = [Path(manager.add(data, "image/png", str(place))).stem for place, data in enumerate(pictures)]
    manager.remove_orphaned_files()
    return ids


def test_a_picture_is_there_while_its_page_runs_again(clock: Clock) -> None:
    for storage, there in ((MemoryMediaFileStorage("/media"), False), (LingeringFiles("/media"), True)):
        manager = MediaFileManager(storage)
        [picture] = show(manager, b"a picture")
        manager.clear_session_refs(NOBODY)  # its page begins to run
        manager.remove_orphaned_files()  # somebody else's has run
        assert (manager.read_file(picture) is not None) == there


def test_it_is_deleted_when_its_while_is_over_and_no_page_shows_it_again(clock: Clock) -> None:
    manager = MediaFileManager(LingeringFiles("/media"))
    first, second = show(manager, b"first", b"second")
    [third] = show(manager, b"third")
    clock.now += lingering_files.SECONDS - 1
    assert show(manager, b"first") == [first]  # shown again
    assert manager.read_file(second) is not None
    clock.now += 1
    [fourth] = show(manager, b"fourth")
    assert manager.read_file(second) is None
    assert all(manager.read_file(each) is not None for each in (first, third, fourth))
    clock.now += lingering_files.SECONDS
    show(manager)
    assert [manager.read_file(each) is None for each in (first, third, fourth)] == [True, True, False]


def test_a_file_on_demand_outlives_the_runs_of_others() -> None:
    manager = MediaFileManager(LingeringFiles("/media"))
    demand = manager.add_deferred(lambda: "über", "text/plain", "0", "a.txt")
    file_id = Path(manager.execute_deferred(demand)).stem
    for _ in range(3):
        manager.remove_orphaned_files()
    file = manager.read_file(file_id)
    assert file is not None
    assert (file.content, file.filename) == ("über".encode(), "a.txt")


def test_the_oldest_go_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(lingering_files, "BYTES", 100)
    manager = MediaFileManager(LingeringFiles("/media"))
    pictures = [bytes([number]) * 40 for number in range(4)]
    ids = []
    for picture in pictures:
        ids += show(manager, picture)
        clock.now += 1
    [large] = show(manager, b"x" * 1000)
    assert [manager.read_file(each) is None for each in ids] == [True, True, False, False]
    show(manager)  # and one that is too large alone stays its while
    assert [manager.read_file(each) is None for each in (*ids, large)] == [True] * 4 + [False]


def test_what_is_shown_again_no_longer_counts(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(lingering_files, "BYTES", 100)
    manager = MediaFileManager(LingeringFiles("/media"))
    first, second, third = (bytes([number]) * 40 for number in range(3))
    ids = [show(manager, picture)[0] for picture in (first, second, first, third)]
    assert all(manager.read_file(each) is not None for each in ids)  # two are left, of 80 bytes
