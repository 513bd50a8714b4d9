import itertools
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

import explorer.jobs.folder_jobs
import explorer.jobs.opening
from explorer.disk import measure
from explorer.jobs import JobRefused, JobUnknown, LocalJobs, Status, open_jobs
from explorer.jobs.folder import JobFolder
from explorer.jobs.shelf import Shelf
from tests.jobs.working import LIMITS, Place, begin, finish, order, say_enough, until


def test_tasks_get_their_entries_and_the_files_of_the_order(jobs: LocalJobs) -> None:
    job = jobs.submit(order("echo", {"a": 1}, {"a": [2, None]}, owner="me"), {"x.txt": b"hello", "y z.txt": b""})
    status = finish(jobs, job)
    assert (status.state, status.title, status.owner, status.device, status.problem) == (
        "done",
        "echo",
        "me",
        "cpu",
        "",
    )
    events = [task.events for task in status.tasks]
    process = events[0][0]["process"]  # one for both: what they import takes its time
    files = {"x.txt": "hello", "y z.txt": ""}
    assert events == [
        ({"number": 0, "task": {"a": 1}, "inputs": files, "process": process},),
        ({"number": 1, "task": {"a": [2, None]}, "inputs": files, "process": process},),
    ]
    assert [task.attempts for task in status.tasks] == [1, 1]
    assert process != os.getpid()


def test_results_lie_in_a_folder_a_task_for_nobody_else(place: Place) -> None:
    mask = os.umask(0)  # as of somebody who lets everybody read everything
    try:
        jobs = place.open()
        job = jobs.submit(order("count", {"of": 3}, {"of": 4}), {"x.txt": b"hello"})
        jobs.stop(job)
        again = jobs.submit(order("count", {"of": 3}, {"of": 4}), {"x.txt": b"hello"})
        finish(jobs, again)
    finally:
        os.umask(mask)
    for path in [place.root, *(place.root / job).rglob("*"), *(place.root / again).rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    job = again
    folder = jobs.result(job)
    assert [(folder / str(task) / "result").read_text() for task in range(2)] == ["3", "4"]
    assert (folder / "inputs" / "x.txt").read_bytes() == b"hello"


def test_events_are_seen_while_the_task_goes_on(jobs: LocalJobs) -> None:
    job = jobs.submit(order("wait"))
    status = begin(jobs, job)
    assert (status.state, status.tasks[0].state, status.ahead) == ("running", "running", 0)
    time.sleep(0.05)
    assert jobs.follow(job).seconds > status.seconds > 0
    jobs.stop(job)
    ended = finish(jobs, job)
    time.sleep(0.05)
    assert jobs.follow(job).seconds == ended.seconds


def test_a_task_that_fails_does_not_stop_the_others(jobs: LocalJobs) -> None:
    job = jobs.submit(order("fail", *({"how": how} for how in ("value", "error", "exit", "memory", "not at all"))))
    status = finish(jobs, job)
    assert [(task.state, task.problem) for task in status.tasks] == [
        ("failed", "A class has no pictures."),
        ("failed", "last line"),
        ("failed", "SystemExit: 3"),
        ("failed", "MemoryError"),
        ("done", ""),
    ]
    assert (status.state, status.problem) == ("done", "")


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("no_such_thing", "AttributeError: module 'tests.jobs.toys' has no attribute 'no_such_thing'"),
        ("not_a_function", "TypeError: 'int' object is not callable"),
    ],
)
def test_a_job_whose_tasks_all_fail_says_why(jobs: LocalJobs, function: str, problem: str) -> None:
    status = finish(jobs, jobs.submit(order(function, {}, {})))
    assert (status.state, status.problem) == ("failed", problem)


def test_jobs_of_a_device_run_one_after_another(jobs: LocalJobs) -> None:
    tasks: list[dict[str, object]] = [{"pause": 0.01}, {"of": 5}, {"of": 5}, {"of": 5}]
    ids = [jobs.submit(order("count", task, title=str(number))) for number, task in enumerate(tasks)]
    begin(jobs, ids[0])
    assert [(status.title, status.ahead) for status in jobs.queue()] == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    assert [jobs.follow(job).ahead for job in ids] == [0, 1, 2, 3]
    assert all(task.events == () for status in jobs.queue() for task in status.tasks)
    say_enough(jobs, ids[0])
    for job in ids:
        finish(jobs, job)
    assert jobs.queue() == []
    spans = [list_times(jobs.follow(job)) for job in ids]
    assert all(before[-1] < after[0] for before, after in itertools.pairwise(spans))


def test_two_devices_run_at_once(jobs: LocalJobs) -> None:
    first, second = (jobs.submit(order("wait", device=device)) for device in ("cpu", "cuda:0"))
    waiting = jobs.submit(order("wait", device="cuda:0"))
    assert begin(jobs, first).state == begin(jobs, second).state == "running"
    assert [(status.id, status.ahead) for status in jobs.queue()] == [(first, 0), (second, 0), (waiting, 1)]
    jobs.stop(second)
    assert begin(jobs, waiting).state == "running"
    assert jobs.follow(first).state == "running"


def test_limits_are_of_an_owner_and_of_all(place: Place) -> None:
    jobs = place.open(per_owner=2, total=3)
    mine = [jobs.submit(order("wait", owner="me")) for _ in range(2)]
    with pytest.raises(JobRefused, match=r"^You have 2 unfinished jobs, which is the limit: .*\.$"):
        jobs.submit(order("wait", owner="me"))
    jobs.submit(order("wait", owner="you"))
    with pytest.raises(JobRefused, match=r"^3 jobs are waiting already, .*\.$"):
        jobs.submit(order("wait", owner="they"))
    jobs.stop(mine[1])  # which has not begun, so that it makes place at once
    assert jobs.follow(mine[1]).state == "stopped"
    jobs.submit(order("wait", owner="me"))


@pytest.mark.parametrize(
    "elsewhere", ["os:abort", "explorer:x", "testsuite.jobs:f", "tests.jobs.toys", "tests.jobs.toys:a.b"]
)
def test_only_functions_of_the_project_run(jobs: LocalJobs, place: Place, elsewhere: str) -> None:
    with pytest.raises(ValueError, match="may not run"):
        jobs.submit(order("", target=elsewhere))
    with pytest.raises(ValueError, match="may not run"):
        place.open(packages=("explorer",)).submit(order("echo"))


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", ".hidden", "C:x", "a\nb", "a\0b", "x" * 300])
def test_files_of_an_order_have_plain_names(jobs: LocalJobs, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain file name"):
        jobs.submit(order("echo"), {name: b""})


def test_an_order_that_is_none_leaves_nothing(jobs: LocalJobs, place: Place) -> None:
    with pytest.raises(TypeError):
        jobs.submit(order("echo", {"task": object()}))
    with pytest.raises(ValueError, match="device"):
        jobs.submit(order("echo", device=""))
    assert list(Shelf(place.root).jobs()) == []
    assert measure(place.root) == 0


@pytest.mark.parametrize(
    "job", ["", ".", "..", "../jobs", "devices", "/etc", "a" * 22, "a" * 22 + "\n", "é" * 22, None]
)
def test_only_ids_are_looked_for(jobs: LocalJobs, job: str) -> None:
    for call in (jobs.follow, jobs.stop, jobs.result):
        with pytest.raises(JobUnknown) as problem:
            call(job)
        assert str(problem.value) == "There is no job of this name."


def test_stopping_asks_first(jobs: LocalJobs) -> None:
    job = jobs.submit(order("wait", {}, {}))
    begin(jobs, job)
    jobs.stop(job)
    status = finish(jobs, job)
    assert (status.state, [task.state for task in status.tasks]) == ("stopped", ["stopped", "stopped"])
    assert (jobs.result(job) / "0" / "result").read_text() == "kept"
    jobs.stop(job)  # once more changes nothing
    assert jobs.follow(job) == status


def test_what_does_not_stop_is_ended(jobs: LocalJobs) -> None:
    job, after = jobs.submit(order("sleep", {}, {})), jobs.submit(order("count", {"of": 1}))
    process = begin(jobs, job).tasks[0].events[0]["process"]
    jobs.stop(job)
    status = finish(jobs, job)
    assert (status.state, [task.state for task in status.tasks]) == ("stopped", ["stopped", "stopped"])
    assert (jobs.result(job) / "0" / "half").read_text() == "kept"
    until(lambda: not psutil.pid_exists(process))
    assert finish(jobs, after).state == "done"


def test_what_has_ended_can_be_deleted(jobs: LocalJobs, place: Place) -> None:
    job = jobs.submit(order("wait"), {"picture.png": b"a face"})
    begin(jobs, job)
    with pytest.raises(JobRefused, match=r"^It has not ended yet: stop it first\.$"):
        jobs.delete(job)
    assert not jobs.follow(job).stopping
    jobs.stop(job)
    assert (status := jobs.follow(job)).stopping != status.finished
    assert not finish(jobs, job).stopping
    jobs.delete(job)
    for call in (jobs.follow, jobs.stop, jobs.result, jobs.delete):
        with pytest.raises(JobUnknown, match=r"^The results of this job are gone: they were deleted\.$"):
            call(job)
    assert not any(b"a face" in path.read_bytes() for path in place.root.rglob("*") if path.is_file())
    assert finish(jobs, jobs.submit(order("count", {"of": 1}))).state == "done"


def test_finished_tasks_stay_when_a_later_one_is_stopped(jobs: LocalJobs) -> None:
    job = jobs.submit(order("count", {"of": 2}, {"of": 10**6, "pause": 0.01}, {"of": 1}))
    begin(jobs, job, task=1)
    jobs.stop(job)
    assert [task.state for task in finish(jobs, job).tasks] == ["done", "stopped", "stopped"]
    assert (jobs.result(job) / "0" / "result").read_text() == "2"


def test_a_restarted_server_finds_everything(place: Place) -> None:
    before = place.open()
    done, running, queued = (before.submit(order(name, {"of": 2})) for name in ("count", "wait", "count"))
    seen = finish(before, done)
    begin(before, running)
    after = place.open()
    assert after.follow(done) == seen
    assert [status.id for status in after.queue()] == [running, queued]
    assert after.follow(running).tasks[0].attempts == 1
    after.stop(running)
    assert finish(after, queued).state == "done"


def test_work_goes_on_while_nobody_asks(place: Place) -> None:
    jobs = place.open()
    ids = [jobs.submit(order("count", {"of": 3})) for _ in range(3)]
    folder = JobFolder(jobs.result(ids[-1]))
    until(lambda: folder.finished)
    until(lambda: not place.processes("device_queue"))  # and nobody stays who has nothing to do


def test_workers_are_modest(place: Place) -> None:
    jobs = place.open(niceness=19)
    (found,) = finish(jobs, jobs.submit(order("look_around"))).tasks[0].events
    assert (found["nice"], found["policy"], found["leader"]) == (19, "passive", True)
    assert found["autogroup"] == "" or found["autogroup"].split()[-1] == "19"


def test_many_threads_submit_at_once(place: Place) -> None:
    jobs = place.open(per_owner=4, total=8)
    refused = threading.Semaphore(0)

    def submit(number: int) -> str | None:
        try:
            return random.choice((jobs, other)).submit(order("count", {"of": 1}, owner=str(number % 3), device="cpu"))
        except JobRefused:
            refused.release()
            return None

    other = place.open(per_owner=4, total=8)
    blocker = jobs.submit(order("wait"))
    with ThreadPoolExecutor(9) as pool:
        ids = [job for job in pool.map(submit, range(18)) if job]
    assert len(ids) == len(set(ids)) == 7
    assert sorted(status.ahead for status in jobs.queue()) == list(range(8))
    jobs.stop(blocker)
    with ThreadPoolExecutor(6) as pool:
        assert {status.state for status in pool.map(lambda job: finish(other, job), ids)} == {"done"}
    assert {jobs.follow(job).tasks[0].attempts for job in ids} == {1}
    times = sorted(list_times(jobs.follow(job)) for job in ids)
    assert all(before[-1] < after[0] for before, after in itertools.pairwise(times))


def test_the_environment_says_which_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer.jobs.opening, "_opened", {})
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_jobs(), range(16)))
    assert isinstance(opened[0], LocalJobs)
    assert all(jobs is opened[0] for jobs in opened)
    assert (tmp_path / "jobs").is_dir()
    monkeypatch.setattr(explorer.jobs.opening, "_open", lambda address: address)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert open_jobs() == "10.0.0.1:6379"


def test_folders_of_the_environment_are_those_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which may have been started elsewhere than its processes are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPLORER_CACHE", "cache")
    place = Place(tmp_path / "cache" / "jobs")
    jobs = LocalJobs(limits=LIMITS)
    (found,) = finish(jobs, jobs.submit(order("look_around"))).tasks[0].events
    assert found["cache"] == str(tmp_path / "cache")
    until(lambda: not place.processes("device_queue"))


def test_what_is_remembered_of_events_is_little(jobs: LocalJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer.jobs.folder_jobs, "_REMEMBERED", 1)
    ids = [jobs.submit(order("count", {"of": number})) for number in range(3)]
    seen = [finish(jobs, job) for job in ids]
    assert [jobs.follow(job) for job in ids] == seen
    assert len(jobs._events) == 1


def list_times(status: Status) -> list[float]:
    """When the tasks of a job reported."""
    return [event["at"] for task in status.tasks for event in task.events]
