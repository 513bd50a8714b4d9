"""The storage of Ray's jobs, without Ray: a folder, and what stands in for a bucket."""

import builtins
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from explorer.jobs import JobRefused, JobUnknown, Limits, Order
from explorer.jobs.disk import Filed
from explorer.jobs.mirror import Mirror
from explorer.jobs.ray_cluster import RayJobs, _fetch
from explorer.jobs.ray_storage import (
    EventLog,
    JobStore,
    Record,
    Storage,
    find_job,
    list_jobs,
    make_room,
    new_id,
)

ORDER = Order("explorer.toys:toy", ({"a": 1}, {"a": 2}), title="A toy")


@pytest.fixture(params=["folder", "elsewhere"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """The second is no folder of this machine as far as the storage knows."""
    (tmp_path / "storage").mkdir()
    if request.param == "folder":
        yield Storage(str(tmp_path / "storage"))
    else:
        yield Storage("jobs", fs.SubTreeFileSystem(str(tmp_path / "storage"), fs.LocalFileSystem()))


def file(storage: Storage, size: int = 3) -> JobStore:
    store = JobStore(storage, new_id())
    store.file(Filed(ORDER, 1.5, 7), {"picture.png": b"x" * size})
    return store


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written_is_read(storage: Storage) -> None:
    store = file(storage)
    assert find_job(storage, store.id).read() == Filed(ORDER, 1.5, 7)
    assert storage.read(f"{store.id}/inputs/picture.png") == b"xxx"
    assert (store.stopping, store.finished) == (False, False)
    store.ask_to_stop()
    store.finish()
    assert (store.stopping, store.finished) == (True, True)
    assert store.read_record(1) == Record()
    record = Record("failed", 3, "No é.", 1.25, 2.5)
    store.write_record(1, Record("running"))
    store.write_record(1, record)
    assert store.read_record(1) == record
    assert storage.names(store.id) == ["finished", "inputs", "order.json", "stop", "tasks"]  # and nothing half written


def test_events_are_kept_over_attempts_and_files(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.jobs.ray_storage._CHUNK", 40)
    store = file(storage)
    assert store.read_events(0) == []
    for attempt in (1, 2):
        log = EventLog(store, 0, attempt)
        for first in range(0, 30, 3):
            log.write([f'{{"attempt": {attempt}, "n": {n}}}' for n in range(first, first + 3)])
    EventLog(store, 1, 1).write(['{"other": "\\u00e9 é"}'])
    assert store.read_events(0) == [{"attempt": attempt, "n": n} for attempt in (1, 2) for n in range(30)]
    assert store.read_events(1) == [{"other": "é é"}]
    assert len(storage.names(f"{store.id}/events/0")) > 4


@settings(max_examples=25, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(["a", "b", "c/d", "c/e/f"]), st.none() | st.binary(max_size=9))))
def test_a_copy_is_what_the_folder_is(tmp_path_factory: pytest.TempPathFactory, changes: list[Any]) -> None:
    root = tmp_path_factory.mktemp("mirror")
    (root / "folder").mkdir()
    storage = Storage(str(root / "storage"))
    mirror = Mirror(storage, "job/0", root / "folder")
    mirror.restore()  # of nothing
    for name, data in changes:
        path = root / "folder" / name
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        mirror.push()
        copy = root / "storage" / "job" / "0"
        assert (tree(copy) if copy.exists() else {}) == tree(root / "folder")
    (root / "other").mkdir()
    other = Mirror(storage, "job/0", root / "other")
    other.restore()
    assert tree(root / "other") == tree(root / "folder")
    assert not other.push()


def test_what_somebody_may_be_writing_waits(storage: Storage, tmp_path: Path) -> None:
    mirror = Mirror(storage, "job/0", tmp_path)
    (tmp_path / "weights").write_bytes(b"whole")
    mirror = Mirror(storage, "job/0", tmp_path / "folder")
    (tmp_path / "folder").mkdir()
    weights = tmp_path / "folder" / "weights"
    weights.write_bytes(b"half")
    assert not mirror.push(settled=True)
    weights.write_bytes(b"whole now")
    assert not mirror.push(settled=True)
    assert mirror.push(settled=True)
    assert storage.read("job/0/weights") == b"whole now"
    assert not mirror.push(settled=True)
    weights.rename(weights.with_name("final"))
    assert mirror.push()
    assert storage.names("job/0") == ["final"]


def test_a_file_that_changes_while_it_is_copied_is_not_taken(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"old")
    assert storage.upload(source, "copy")
    copy_files = fs.copy_files

    def copy_slowly(*arguments: Any, **options: Any) -> None:
        copy_files(*arguments, **options)
        source.write_bytes(b"newer")

    monkeypatch.setattr("explorer.jobs.ray_storage.fs.copy_files", copy_slowly)
    assert not storage.upload(source, "copy")
    assert storage.read("copy") == b"old"
    assert storage.names() == ["copy"]


def test_a_result_elsewhere_is_fetched_and_only_what_is_new(storage: Storage, tmp_path: Path) -> None:
    store = file(storage)
    storage.write(f"{store.id}/0/a", b"1")
    storage.write(f"{store.id}/0/b", b"2")
    folder = tmp_path / "here"
    _fetch(store, folder)
    assert tree(folder / "0") == {"a": b"1", "b": b"2"}
    assert (folder / "inputs" / "picture.png").read_bytes() == b"xxx"
    (folder / "0" / "a").write_bytes(b"untouched")
    storage.write(f"{store.id}/0/c/d", b"3")
    storage.remove(f"{store.id}/0/b")
    _fetch(store, folder)
    assert tree(folder / "0") == {"a": b"untouched", "c/d": b"3"}


def test_the_oldest_finished_jobs_make_room(storage: Storage, tmp_path: Path) -> None:
    stores = [file(storage, 10_000) for _ in range(4)]
    order = random.Random(0).sample(range(4), 4)
    for age, place in enumerate(order[1:]):  # the first is unfinished
        stores[place].finish()
        path = next((tmp_path / "storage").rglob(f"{stores[place].id}/finished"))
        os.utime(path, (1e9 + age, 1e9 + age))
    assert make_room(storage, Limits(room=100_000), coming=1000)
    assert len(list(list_jobs(storage, set()))) == 4
    assert make_room(storage, Limits(room=40_000), coming=15_000)
    assert {job for job, _ in list_jobs(storage, set())} == {stores[place].id for place in (order[0], *order[3:])}
    with pytest.raises(JobUnknown, match="make room"):
        find_job(storage, stores[order[1]].id)
    assert not make_room(storage, Limits(room=40_000), coming=35_000)
    assert [job for job, _ in list_jobs(storage, set())] == [stores[order[0]].id]


@pytest.mark.parametrize("job", ["", "..", "a/../../b", "x" * 22, "y" * 23, None])
def test_there_is_no_such_job(storage: Storage, job: Any) -> None:
    with pytest.raises(JobUnknown, match="no job"):
        find_job(storage, job)


def test_a_job_whose_order_is_not_written_yet_is_none(storage: Storage) -> None:
    job = new_id()
    storage.write(f"{job}/inputs/a", b"1")
    assert list(list_jobs(storage, set())) == []
    with pytest.raises(JobUnknown):
        find_job(storage, job)


def test_without_ray_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find = builtins.__import__

    def find_all_but_ray(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")
        return find(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "ray", raising=False)
    monkeypatch.setattr(builtins, "__import__", find_all_but_ray)
    with pytest.raises(JobRefused, match=r"^Ray is not installed: [^.]+\.txt brings it\.$"):
        RayJobs(tmp_path)


def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    jobs = RayJobs(tmp_path, address="127.0.0.1:9")  # with nothing to go on with, nobody is asked yet
    with pytest.raises(JobRefused, match=r"^The Ray cluster at 127\.0\.0\.1:9 does not answer\.$"):
        jobs.submit(ORDER)
    assert jobs.queue() == []
