"""What the server holds of people's files: no more than the bounds, the newest, and each session its own."""

from types import SimpleNamespace

import pytest
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile, UploadedFileRec

from explorer.ui.session import quantities
from explorer.ui.session.quantities import PICTURE_SETS, bound, refuse_pictures, release

KB = 1024


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What a page knows of its session."""
    context = SimpleNamespace(session_id="me", uploaded_file_mgr=MemoryUploadedFileManager("/upload"))
    monkeypatch.setattr(quantities, "get_script_run_ctx", lambda: context)
    return context


def test_uploads_are_bounded_and_what_had_to_go_is_named(
    context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantities, "UPLOADS_OF_SESSION", 10 * KB)
    monkeypatch.setattr(quantities, "UPLOADS", 25 * KB)
    manager: MemoryUploadedFileManager = context.uploaded_file_mgr
    lost: dict[str, list[str]] = {}
    bound(manager, lost)

    def held() -> dict[str, list[str]]:
        return {session: [file.name for file in files.values()] for session, files in manager.file_storage.items()}

    for number in range(4):
        manager.add_file("me", UploadedFileRec(f"a{number}", f"{number}.jpg", "image/jpeg", bytes(4 * KB)))
    assert held() == {"me": ["2.jpg", "3.jpg"]}
    assert lost == {"me": ["0.jpg", "1.jpg"]}
    for session in ("you", "they"):
        for number in range(2):
            manager.add_file(session, UploadedFileRec(f"{session}{number}", f"{number}.png", "", bytes(5 * KB)))
    assert held() == {"me": ["3.jpg"], "you": ["0.png", "1.png"], "they": ["0.png", "1.png"]}
    assert sum(len(file.data) for files in manager.file_storage.values() for file in files.values()) <= 25 * KB
    manager.remove_session_files("you")
    manager.add_file("me", UploadedFileRec("b", "b.jpg", "", bytes(6 * KB)))
    assert held()["me"] == ["3.jpg", "b.jpg"]


@pytest.mark.parametrize("several", [False, True])
def test_bytes_that_were_read_are_let_go_and_the_file_stays_listed(
    context: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    manager: MemoryUploadedFileManager = context.uploaded_file_mgr
    manager.add_file("me", UploadedFileRec("a", "a.jpg", "image/jpeg", bytes(KB)))
    (record,) = manager.get_files("me", ["a"])
    file = UploadedFile(record, FileURLs())
    state = {"files": [DeletedFile("b"), file] if several else file, "none": None, "gone": DeletedFile("b")}
    monkeypatch.setattr(quantities.st, "session_state", state)
    for key in ("files", "none", "gone", "other"):
        release(key)
    assert (file.getvalue(), file.name) == (b"", "a.jpg")
    (left,) = manager.get_files("me", ["a"])
    assert (left.file_id, left.name, left.type, left.data) == ("a", "a.jpg", "image/jpeg", b"")
    assert manager._total_bytes == 0


def test_pictures_to_train_on_are_refused_where_others_fill_the_server() -> None:
    class Holder:
        pass

    quantities._sets.clear()  # those of other tests, some of which have yet to be collected
    first, second = Holder(), Holder()
    assert refuse_pictures(first, PICTURE_SETS - 100) == ""
    assert refuse_pictures(second, 100) == ""
    assert refuse_pictures(second, 101).startswith("The server holds 3 GB of pictures")
    assert refuse_pictures(second, 50) == ""  # what one has in place of what one had
    del first
    assert refuse_pictures(second, PICTURE_SETS) == ""
