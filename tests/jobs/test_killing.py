"""Processes that are killed lose at most the steps since their last checkpoint."""

import random
import time

import psutil

from explorer.jobs import LocalJobs, TaskStatus
from tests.jobs.working import Place, begin, finish, is_gone, order, until

EVERY = 10  # steps between two checkpoints


def test_killing_the_worker_at_20_moments_loses_only_steps_since_the_checkpoint(place: Place) -> None:
    jobs = place.open(attempts=1000)
    job = jobs.submit(order("count", {"of": 3}, {"of": 1500, "every": EVERY, "pause": 0.003}, {"of": 3}))
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
    status = finish(jobs, job)
    assert [task.state for task in status.tasks] == ["done", "done", "done"]
    assert [(jobs.result(job) / str(task) / "result").read_text() for task in range(3)] == ["3", "1500", "3"]
    assert result.stat().st_mtime_ns == written
    assert (status.tasks[0].attempts, status.tasks[2].attempts) == (1, 1)
    assert 10 < status.tasks[1].attempts <= 21
    check_resumed(status.tasks[1])


def check_resumed(task: TaskStatus) -> None:
    """Every attempt began at most `EVERY` steps before where the one before had come, and none left a step out."""
    reached, starts = 0, []
    for event in task.events:
        if "from" in event:
            starts.append(event["from"])
            assert max(0, reached - EVERY) <= event["from"] <= reached
            reached = event["from"]
        else:
            reached += 1
            assert event["step"] == reached
    assert reached == 1500
    assert starts == sorted(starts)
    assert starts[-1] > 0


def test_a_killed_supervisor_is_replaced_by_whoever_asks(place: Place) -> None:
    jobs = place.open()
    job = jobs.submit(order("count", {"of": 300, "pause": 0.01}))
    begin(jobs, job)
    worker = place.processes("worker")[0]
    assert place.kill("supervisor") == 1
    until(lambda: is_gone(worker))  # it does not work unattended
    until(lambda: jobs.follow(job).tasks[0].attempts == 2)
    assert len(place.processes("worker")) <= 1
    assert place.kill("supervisor") == 1
    until(lambda: jobs.queue()[0].tasks[0].attempts == 3)
    assert finish(jobs, job).state == "done"
    starts = [event["from"] for event in jobs.follow(job).tasks[0].events if "from" in event]
    assert starts == sorted(starts)
    assert starts[-1] > 0


def test_a_server_that_starts_goes_on_with_what_was_left(place: Place) -> None:
    """As after a power cut: nobody works, and nobody asks for the job."""
    job = place.open().submit(order("count", {"of": 100, "pause": 0.01}))
    folder = place.open().result(job)
    until(lambda: (folder / "0" / "checkpoint").exists())
    assert place.kill("supervisor") == 1
    until(lambda: not place.processes("worker"))
    place.open()
    until(lambda: (folder / "finished").exists())
    assert (folder / "0" / "result").read_text() == "100"


def test_a_device_is_not_taken_twice_while_a_worker_outlives_its_supervisor(place: Place) -> None:
    jobs = place.open()
    job = jobs.submit(order("sleep"))
    begin(jobs, job)
    worker = place.processes("worker")[0]
    worker.suspend()  # so that it does not notice
    assert place.kill("supervisor") == 1
    for _ in range(20):
        assert jobs.follow(job).tasks[0].attempts == 1
        time.sleep(0.01)
    assert place.processes("supervisor") == []
    worker.resume()
    until(lambda: jobs.follow(job).tasks[0].attempts == 2)


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
    job = jobs.submit(order("have_child"))
    child = psutil.Process(begin(jobs, job).tasks[0].events[0]["child"])
    jobs.stop(job)
    finish(jobs, job)
    until(lambda: is_gone(child))
