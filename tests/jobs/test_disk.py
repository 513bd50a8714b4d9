import os
import shutil
import time
from pathlib import Path

import pytest

import explorer.jobs.disk
from explorer.jobs import JobRefused, JobUnknown, LocalJobs
from explorer.jobs.disk import measure
from tests.jobs.working import Place, begin, finish, order, until

SIZE = 100_000  # bytes of the files of each job; all else that a toy needs is a few thousand


def submit(jobs: LocalJobs, size: int = SIZE) -> str:
    return jobs.submit(order("count", {"of": 1}), {"pictures.bin": bytes(size)})


def run(jobs: LocalJobs, size: int = SIZE) -> str:
    """Submit a job and see it done, put away by its supervisor too."""
    job = submit(jobs, size)
    assert finish(jobs, job).state == "done"
    until(lambda: (jobs.result(job) / "finished").exists())
    return job


def wait_until_gone(jobs: LocalJobs, job: str) -> None:
    """Room is made a moment after a job is put away."""

    def is_gone() -> bool:
        try:
            jobs.follow(job)
        except JobUnknown:
            return True
        return False

    until(is_gone)


def test_the_oldest_finished_jobs_make_room(place: Place) -> None:
    jobs = place.open(room=int(3.5 * SIZE))
    ids = [run(jobs) for _ in range(4)]
    wait_until_gone(jobs, ids[0])
    assert jobs.follow(ids[1]).state == "done"
    for call in (jobs.follow, jobs.result, place.open().follow):
        with pytest.raises(JobUnknown) as problem:
            call(ids[0])
        assert str(problem.value) == "The results of this job are gone: they had to make room for newer ones."
    assert measure(place.root) <= 3.5 * SIZE


def test_unfinished_jobs_never_make_room(place: Place) -> None:
    jobs = place.open(room=int(2.5 * SIZE))
    running = jobs.submit(order("wait"), {"pictures.bin": bytes(SIZE)})
    begin(jobs, running)
    waiting = submit(jobs)
    with pytest.raises(JobRefused, match=r"^There is no room .* may take 0\.00025 GB\.$"):
        submit(jobs)
    assert [status.id for status in jobs.queue()] == [running, waiting]
    assert not [path for path in place.root.iterdir() if path.name.startswith(".")]  # nothing of the refused one


def test_what_can_never_fit_is_refused_before_anything_goes(place: Place) -> None:
    jobs = place.open(room=2 * SIZE)
    job = run(jobs)
    with pytest.raises(JobRefused, match="no room"):
        submit(jobs, 2 * SIZE + 1)
    assert jobs.follow(job).state == "done"


def test_what_finished_last_stays_until_somebody_needs_the_room(place: Place) -> None:
    large, small = place.open(), place.open(room=SIZE // 2)
    job = run(large)
    assert small.follow(job).state == "done"
    last = run(small, 10)  # for which the one before had to go
    wait_until_gone(small, job)
    with pytest.raises(JobUnknown, match="make room"):
        small.follow(job)
    assert small.follow(last).state == "done"


def test_results_count_too(place: Place) -> None:
    jobs = place.open(room=3 * SIZE)
    first = run(jobs, 10)
    (jobs.result(first) / "0" / "deep").mkdir()
    (jobs.result(first) / "0" / "deep" / "weights").write_bytes(bytes(3 * SIZE))
    second = run(jobs, 10)
    wait_until_gone(jobs, first)
    with pytest.raises(JobUnknown, match="make room"):
        jobs.follow(first)
    assert jobs.follow(second).state == "done"


def test_small_jobs_do_not_pile_up(place: Place) -> None:
    jobs = place.open(kept=2)
    ids = [run(jobs, 10) for _ in range(3)]
    wait_until_gone(jobs, ids[0])
    with pytest.raises(JobUnknown, match="make room"):
        jobs.follow(ids[0])
    assert [jobs.follow(job).state for job in ids[1:]] == ["done", "done"]


def test_a_full_disk_refuses(jobs: LocalJobs, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(place.root)
    monkeypatch.setattr(explorer.jobs.disk.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(JobRefused, match=r"^The disk is too full for another job\.$"):
        submit(jobs)
    monkeypatch.setattr(explorer.jobs.disk.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(JobRefused, match="too full"):
        submit(jobs)
    assert measure(place.root) == 0


def no_space(path: Path, data: bytes) -> int:
    raise OSError(28, "No space left on device")


def test_what_a_killed_server_left_half_written_is_cleared_away(place: Place) -> None:
    jobs = place.open()
    old, new, going = (place.root / name for name in (".coming-old", ".coming-new", ".going-old"))
    for path in (old, new, going):
        path.mkdir()
        (path / "file").write_bytes(b"x")
    os.utime(old, (time.time() - 7200,) * 2)
    run(jobs, 10)
    assert (old.exists(), new.exists(), going.exists()) == (False, True, False)


def test_a_job_removed_by_hand_holds_nobody_up(place: Place) -> None:
    jobs = place.open()
    running, queued, last = jobs.submit(order("wait")), submit(jobs), submit(jobs)
    begin(jobs, running)
    shutil.rmtree(jobs.result(queued))
    shutil.rmtree(jobs.result(running))
    with pytest.raises(JobUnknown, match="no job"):
        jobs.follow(running)
    assert finish(jobs, last).state == "done"


def test_an_order_that_cannot_be_read_holds_nobody_up(place: Place) -> None:
    """As after a power cut."""
    before = place.open()
    running, broken = before.submit(order("wait")), submit(before)
    (before.result(broken) / "order.json").write_text("")
    begin(before, running)
    jobs = place.open()
    last = submit(jobs)
    jobs.stop(running)
    assert finish(jobs, last).state == "done"
    with pytest.raises(JobUnknown, match="cannot be read"):
        jobs.follow(broken)
