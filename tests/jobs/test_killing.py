"""Processes that are killed lose at most the steps since their last checkpoint."""

import itertools
import random
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from filelock import FileLock, Timeout

from explorer.jobs import LocalJobs, Status, TaskStatus
from explorer.jobs.folder import JobFolder
from tests.jobs.working import Place, begin, finish, is_gone, order, say_enough, until

EVERY = 10  # steps between two checkpoints


def test_killing_the_worker_at_20_moments_loses_only_steps_since_the_checkpoint(place: Place) -> None:
    jobs = place.open(attempts=1000)
    job = jobs.submit(order("count", {"of": 3}, {"every": EVERY, "pause": 0.003}, {"of": 3}))
    begin(jobs, job, task=1)
    result = jobs.result(job) / "0" / "result"
    first, written = jobs.follow(job).tasks[0], result.stat().st_mtime_ns
    chance = random.Random(7)
    attempts = 0
    for kill in range(20):
        if kill % 2:  # in the midst of its work, however long it takes to start
            until(lambda before=attempts: jobs.follow(job).tasks[1].attempts > before)
        time.sleep(chance.uniform(0, 0.2))
        assert until(lambda: place.kill("worker")) == 1
        status = jobs.follow(job)
        assert status.tasks[0] == first
        assert status.state == "running"
        attempts = status.tasks[1].attempts
    say_enough(jobs, job)
    status = finish(jobs, job)
    assert [task.state for task in status.tasks] == ["done", "done", "done"]
    results = [int((jobs.result(job) / str(task) / "result").read_text()) for task in range(3)]
    assert (results[0], results[2]) == (3, 3)
    assert result.stat().st_mtime_ns == written
    assert (status.tasks[0].attempts, status.tasks[2].attempts) == (1, 1)
    assert 10 < status.tasks[1].attempts <= 21
    check_resumed(status.tasks[1], results[1])


def check_resumed(task: TaskStatus, of: int) -> None:
    """Every attempt began at most `EVERY` steps before where the one before had come, and none left a step out."""
    reached, starts = 0, []
    for event in task.events:
        if "from" in event:
            starts.append(event["from"])
            assert max(0, reached - EVERY) <= event["from"] <= reached
            reached = event["from"]
        elif "step" in event:
            reached += 1
            assert event["step"] == reached
    assert reached == of
    assert starts == sorted(starts)
    assert starts[-1] > 0


def test_whoever_is_killed_a_device_is_never_taken_twice(place: Place, tmp_path: Path) -> None:
    """Queues and workers are killed at random, so that workers are left alone, and others wait for the device."""
    jobs = place.open(attempts=1000)
    task = {"every": EVERY, "pause": 0.003, "lock": str(tmp_path / "lock")}
    ids = [jobs.submit(order("guard", task)) for _ in range(2)]
    chance = random.Random(3)
    for _ in range(12):
        until(lambda: jobs.queue() and any(map(has_child, place.processes("device_queue"))))
        time.sleep(chance.uniform(0, 0.3))
        with suppress(psutil.NoSuchProcess):
            chance.choice(place.processes("device_queue") + place.processes("worker")).kill()
    times = []
    for job in ids:
        say_enough(jobs, job)
        status = finish(jobs, job)
        assert status.state == "done"
        events = status.tasks[0].events
        assert all(event["alone"] for event in events if "alone" in event)
        for before, event in itertools.pairwise(events):  # nobody reports any more once another one has begun
            assert before["process"] == event["process"] or "alone" in event
        times.append([event["at"] for event in events if "at" in event])
    assert times[0][-1] < times[1][0]  # and turns stay turns


def has_child(process: psutil.Process) -> bool:
    try:
        return bool(process.children())
    except psutil.NoSuchProcess:
        return False


def test_a_worker_outlives_its_queue_and_keeps_its_device(place: Place, tmp_path: Path) -> None:
    jobs = place.open()
    job = jobs.submit(order("guard", {"pause": 0.01, "lock": str(tmp_path / "lock")}))
    begin(jobs, job)
    (worker,) = place.processes("worker")
    worker.suspend()  # so that it notices nothing
    assert place.kill("device_queue") == 1
    until(lambda: jobs.follow(job) and len(place.processes("worker")) == 2)  # another queue, whose worker waits
    with pytest.raises(Timeout):
        FileLock(place.root / "devices" / "cpu.lock").acquire(blocking=False)
    assert jobs.follow(job).tasks[0].attempts == 1
    worker.kill()
    status = until(lambda: status if (status := jobs.follow(job)).tasks[0].attempts == 2 else None)
    until(lambda: count_starts(jobs.follow(job)) == 2)
    assert [event["alone"] for event in jobs.follow(job).tasks[0].events if "alone" in event] == [True, True]
    assert status.state == "running"


def count_starts(status: Status) -> int:
    return sum("from" in event for event in status.tasks[0].events)


def test_killing_a_queue_costs_nothing(place: Place) -> None:
    jobs = place.open()
    job, after = (jobs.submit(order("count", task)) for task in ({"pause": 0.01}, {"of": 1}))
    begin(jobs, job)
    assert place.kill("device_queue") == 1
    say_enough(jobs, job)
    assert finish(jobs, job).tasks[0].attempts == 1
    assert finish(jobs, after).state == "done"


def test_a_server_that_starts_goes_on_with_what_was_left(place: Place) -> None:
    """As after a power cut: nobody works, and nobody asks for the job."""
    jobs = place.open()
    job = jobs.submit(order("count", {"pause": 0.01}))
    folder = JobFolder(place.root / job)
    until(lambda: (folder.task(0) / "checkpoint").exists())
    assert place.kill("device_queue") == 1
    assert place.kill("worker") == 1
    place.open()
    say_enough(jobs, job)
    until(lambda: folder.finished)
    (record,) = folder.records()
    assert (record.state, record.attempts) == ("done", 2)


def test_what_always_dies_ends(jobs: LocalJobs) -> None:
    status = finish(jobs, jobs.submit(order("die", {}, {})))
    assert [(task.state, task.attempts) for task in status.tasks] == [("failed", 3), ("failed", 3)]
    assert status.state == "failed"
    assert status.problem == (
        "It was begun 3 times and its process did not live to the end: "
        "it was killed, perhaps because the memory ran out."
    )


def test_what_gets_on_may_die_more_often(jobs: LocalJobs) -> None:
    status = finish(jobs, jobs.submit(order("die", {"times": 5, "writing": True})))
    assert (status.state, status.tasks[0].attempts) == ("done", 6)


def test_children_of_a_worker_go_with_it(place: Place, jobs: LocalJobs) -> None:
    stopped, killed = (jobs.submit(order("have_child")) for _ in range(2))
    child = psutil.Process(begin(jobs, stopped).tasks[0].events[0]["child"])
    jobs.stop(stopped)
    until(lambda: is_gone(child))
    child = psutil.Process(begin(jobs, killed).tasks[0].events[0]["child"])
    assert place.kill("worker") == 1
    until(lambda: is_gone(child))
