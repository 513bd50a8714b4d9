"""What lies in the folder of all jobs, without anybody who works there, but for the last tests."""

import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

import explorer.jobs.folder
import explorer.jobs.folder_jobs
import explorer.jobs.shelf
from explorer.disk import measure
from explorer.jobs import JobRefused, JobUnknown, Limits, LocalJobs, Order
from explorer.jobs.folder import JobFolder
from explorer.jobs.shelf import Shelf
from tests.jobs.working import Place, begin, finish, order, until

SIZE = 100_000  # bytes of the files of each job; all else is a few thousand
TOY = Order("explorer.toys:toy", ({"a": 1},), title="A toy")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "jobs")


def add(shelf: Shelf, size: int = SIZE, room: int = 10**9) -> JobFolder:
    with shelf.alone():
        return shelf.add(TOY, {"pictures.bin": bytes(size)}, Limits(room=room))


def end(folder: JobFolder, days_ago: float = 0.0) -> JobFolder:
    with folder.change() as records:
        records[0] = replace(records[0].end("done"), ended=time.time() - days_ago * 86_400)
    return folder


def make_room(shelf: Shelf, **limits: int) -> bool:
    with shelf.alone():
        return shelf.make_room(Limits(**limits), spare_newest=True)


def list_ids(shelf: Shelf) -> set[str]:
    return {folder.id for folder in shelf.jobs()}


def test_the_oldest_finished_jobs_make_room(shelf: Shelf) -> None:
    folders = [add(shelf) for _ in range(4)]
    for place in (2, 0, 3):  # the second is unfinished
        end(folders[place])
    assert make_room(shelf, room=int(3.5 * SIZE))
    assert list_ids(shelf) == {folders[place].id for place in (0, 1, 3)}
    assert measure(shelf.root) <= 3.5 * SIZE
    with pytest.raises(JobUnknown) as problem:
        Shelf(shelf.root).find(folders[2].id)
    assert str(problem.value) == "The results of this job are gone: they had to make room for newer ones."
    later = add(shelf, room=int(2.5 * SIZE))  # for which what finished last goes too, but not what is unfinished
    assert list_ids(shelf) == {folders[1].id, later.id}


def test_unfinished_jobs_never_make_room(shelf: Shelf) -> None:
    kept = {add(shelf).id, add(shelf).id}
    with pytest.raises(JobRefused, match=r"^There is no room .* may take 0\.00025 GB\.$"):
        add(shelf, room=int(2.5 * SIZE))
    assert list_ids(shelf) == kept
    assert measure(shelf.root) < 2.5 * SIZE  # nothing of the refused one


def test_what_can_never_fit_is_refused_before_anything_goes(shelf: Shelf) -> None:
    job = end(add(shelf))
    with pytest.raises(JobRefused, match="no room"):
        add(shelf, 2 * SIZE + 1, room=2 * SIZE)
    assert list_ids(shelf) == {job.id}


def test_what_finished_last_stays_until_somebody_needs_the_room(shelf: Shelf) -> None:
    job = end(add(shelf))
    assert not make_room(shelf, room=SIZE // 2)
    assert list_ids(shelf) == {job.id}
    last = add(shelf, 10, room=SIZE // 2)
    assert list_ids(shelf) == {last.id}


def test_what_is_old_goes_although_there_is_room(shelf: Shelf) -> None:
    old, young, unfinished, unreadable = end(add(shelf), 7.1), end(add(shelf), 6.9), add(shelf), add(shelf)
    (unreadable.path / "status.json").unlink()
    past = time.time() - 7.1 * 86_400
    for folder in (unfinished, unreadable):
        os.utime(folder.path, (past, past))
    assert make_room(shelf)
    assert list_ids(shelf) == {young.id, unfinished.id}
    assert not any(old.id in str(path) for path in shelf.root.rglob("*") if path.parent.name != "gone")
    with pytest.raises(JobUnknown, match=r"^The results of this job are gone: they were kept for 7 days\.$"):
        shelf.find(old.id)


def test_a_server_lets_old_jobs_go_by_itself(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer.jobs.folder_jobs, "_TIDY", 0.05)
    for _ in range(2):  # copies of the dashboard on one folder
        place.open()
    shelf = Shelf(place.root)
    young, *old = end(add(shelf), 6), *(end(add(shelf), 8) for _ in range(3))  # long after they have started
    until(lambda: not any(job.path.exists() for job in old))
    assert list_ids(shelf) == {young.id}


def test_results_count_too(shelf: Shelf) -> None:
    first, second = end(add(shelf, 10)), end(add(shelf, 10))
    (first.task(0) / "deep").mkdir()
    (first.task(0) / "deep" / "weights").write_bytes(bytes(3 * SIZE))
    assert make_room(shelf, room=3 * SIZE)
    assert list_ids(shelf) == {second.id}


def test_small_jobs_do_not_pile_up(shelf: Shelf) -> None:
    folders = [end(add(shelf, 10)) for _ in range(3)]
    assert make_room(shelf, kept=2)
    assert list_ids(shelf) == {folder.id for folder in folders[1:]}


def test_what_cannot_be_read_makes_room_first(shelf: Shelf) -> None:
    """As after a power cut, or where an older version of this project wrote it."""
    kept, broken = end(add(shelf)), add(shelf)
    (broken.path / "status.json").unlink()
    assert make_room(shelf, room=int(1.5 * SIZE))
    assert list_ids(shelf) == {kept.id}


def test_a_full_disk_refuses(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(shelf.root)
    monkeypatch.setattr(explorer.jobs.shelf.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(JobRefused, match=r"^The disk is too full for another job\.$"):
        add(shelf)
    monkeypatch.setattr(explorer.jobs.shelf.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(explorer.jobs.folder, "open_privately", no_space)
    with pytest.raises(JobRefused, match="too full"):
        add(shelf)
    assert measure(shelf.root) == 0


def no_space(path: str, flags: int) -> int:
    raise OSError(28, "No space left on device")


def test_what_a_killed_server_left_half_written_is_cleared_away(shelf: Shelf) -> None:
    half = shelf.root / ".half-job"
    half.mkdir()
    (half / "file").write_bytes(b"x")
    assert make_room(shelf)
    assert not half.exists()


def test_a_queue_makes_room_for_what_comes_after(place: Place) -> None:
    jobs = place.open(room=SIZE)
    first, second = (jobs.submit(order("fill", {"bytes": SIZE * 3 // 4})) for _ in range(2))
    assert finish(jobs, second).state == "done"
    until(lambda: not (place.root / first).exists())
    with pytest.raises(JobUnknown, match="make room"):
        jobs.follow(first)


def test_a_job_removed_by_hand_holds_nobody_up(place: Place) -> None:
    jobs = place.open()
    running, queued, last = (jobs.submit(order(name, {"of": 1})) for name in ("wait", "count", "count"))
    begin(jobs, running)
    shutil.rmtree(jobs.result(queued))
    shutil.rmtree(jobs.result(running))
    with pytest.raises(JobUnknown, match="no job"):
        jobs.follow(running)
    assert finish(jobs, last).state == "done"


GARBAGE = ["", "\0" * 100, "{", "null", "3", "[]", "{}", "[null]", "[3]", "[" * 100_000, '"text"']
ODD_RECORDS = [{"state": "nonsense"}, {"state": None}, {"began": "x"}, {"ended": None}, {"attempts": "x"}, {"more": 1}]
ODD_ORDERS = [
    *({"title": None}, {"device": 5}, {"owner": {}}, {"target": 1}, {"submitted": "x"}, {"submitted": None}),
    *({"tasks": []}, {"tasks": [3]}, {"tasks": None}, {"tasks": [{}, {}]}, {"more": 1}),
]


@pytest.mark.parametrize("name", ["order.json", "status.json"])
def test_garbage_takes_nobodys_place(shelf: Shelf, name: str) -> None:
    """As a power cut, a full disk or another version of this project leaves it."""
    kept = end(add(shelf))
    whole = json.loads((kept.path / "order.json").read_text())
    orders, records = [{**whole, **change} for change in ODD_ORDERS], [[change] for change in ODD_RECORDS]
    for text in [*GARBAGE, *map(json.dumps, orders if name == "order.json" else records)]:
        (add(shelf, size=10).path / name).write_text(text)
    broken = add(shelf, size=10)
    (broken.path / name).unlink()
    (broken.path / name).mkdir()
    jobs = LocalJobs(shelf.root)
    assert (jobs.queue(), shelf.turns("cpu")) == ([], [])
    for folder in shelf.jobs():
        if folder.id != kept.id:
            with pytest.raises(JobUnknown, match="cannot be read"):
                jobs.follow(folder.id)
    assert make_room(shelf, kept=1)
    assert list_ids(shelf) == {kept.id}


def test_a_job_that_nobody_can_begin_holds_nobody_up(place: Place) -> None:
    jobs = place.open()
    first, second = (jobs.submit(order("wait")) for _ in range(2))
    begin(jobs, first)
    (jobs.result(second) / "output.txt").mkdir()
    last = jobs.submit(order("count", {"of": 1}))
    jobs.stop(first)
    assert finish(jobs, last).state == "done"
    status = finish(jobs, second)
    assert (status.state, status.problem.split(":")[0]) == ("failed", "It could not be begun")


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, which holds no folders, not even for root")
    jobs = LocalJobs(tmp_path / "home" / "jobs")
    assert jobs.queue() == []
    with pytest.raises(JobUnknown, match="no job of this name"):
        jobs.follow("a" * 22)
    with pytest.raises(
        JobRefused, match=r"^Trainings need a folder that can be written.* EXPLORER_CACHE set to one\.$"
    ):
        jobs.submit(TOY)


@pytest.mark.parametrize("name", ["order.json", "status.json"])
def test_a_job_that_cannot_be_read_holds_nobody_up(place: Place, name: str) -> None:
    """As after a power cut."""
    before = place.open()
    running, broken = (before.submit(order(function, {"of": 1})) for function in ("wait", "count"))
    (before.result(broken) / name).write_text("")
    begin(before, running)
    jobs = LocalJobs(place.root, before._limits)
    last = jobs.submit(order("count", {"of": 1}))
    jobs.stop(running)
    assert finish(jobs, last).state == "done"
    with pytest.raises(JobUnknown, match="cannot be read"):
        jobs.follow(broken)
