"""Ray on a cluster of two nodes of this machine: a node, a keeper, a server and a whole cluster are lost in turn."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from explorer.jobs import JobRefused, JobUnknown, Limits, Order, Status
from explorer.jobs.ray_cluster import RayJobs

ray = pytest.importorskip("ray")

LIMITS = Limits(packages=("explorer", "tests"), grace=1.0, pause=0.1)
PATIENCE = 120.0


def describe_node(name: str) -> dict[str, Any]:
    """One core and few processes."""
    return {
        "num_cpus": 1,
        "object_store_memory": 80 * 1024**2,
        "env_vars": {"NODE": name},
        "include_dashboard": False,
        "include_log_monitor": False,
    }


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with one core; tests that need a second node add it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_prestart_worker_first_driver", "0")
        patch.setenv("RAY_worker_niceness", "0")  # by default they give way to everybody, and the tests would wait
        patch.delenv("RAY_ADDRESS", raising=False)
        cluster = start_cluster()
        try:
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()


def start_cluster() -> Any:
    """Ray's own processes wait 15 s for each other, which is not enough where the machine has much else to do."""
    from ray.cluster_utils import Cluster

    for attempt in range(3):
        cluster = Cluster()
        try:
            cluster.add_node(**describe_node("head"), no_monitor=True)
            break
        except Exception as error:
            cluster.shutdown()
            if attempt == 2:  # what is tested is ours, not whether Ray finds the time to begin
                pytest.skip(f"Ray's own processes did not start on this busy machine: {error}")
    return cluster


@pytest.fixture
def jobs(cluster: Any, tmp_path: Path) -> Iterator[RayJobs]:
    jobs = open_jobs(cluster, tmp_path)
    yield jobs
    for status in jobs.queue():
        jobs.stop(status.id)
    wait(lambda: not jobs.queue())


def open_jobs(cluster: Any, storage: Path, limits: Limits = LIMITS) -> RayJobs:
    return RayJobs(storage, address=cluster.address, limits=limits, ship=False)


def order(target: str, *tasks: dict[str, Any], owner: str = "") -> Order:
    return Order(f"tests.jobs.ray_toys:{target}", tasks, title="A toy", owner=owner)


def wait(find: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := find():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about in time")


def finish(jobs: RayJobs, job: str) -> Status:
    return wait(lambda: status if (status := jobs.follow(job)).finished else None)


def steps(status: Status, number: int = 0) -> list[int]:
    return [event["step"] for event in status.tasks[number].events if "step" in event]


def starts(status: Status, number: int = 0) -> list[int]:
    return [event["from"] for event in status.tasks[number].events if "from" in event]


def test_tasks_get_their_files_and_leave_their_own(jobs: RayJobs) -> None:
    job = jobs.submit(order("echo", {"a": 1}, {"fail": True}), {"text.txt": b"hello"})
    assert jobs.follow(job).state in ("queued", "running")
    status = finish(jobs, job)
    assert (status.state, status.problem) == ("done", "")
    assert [(task.state, task.attempts, task.problem) for task in status.tasks] == [
        ("done", 1, ""),
        ("failed", 1, "A class has no pictures."),
    ]
    assert [task.events for task in status.tasks] == [
        ({"number": 0, "task": {"a": 1}, "inputs": {"text.txt": "hello"}},),
        ({"number": 1, "task": {"fail": True}, "inputs": {"text.txt": "hello"}},),
    ]
    assert (jobs.result(job) / "inputs" / "text.txt").read_bytes() == b"hello"
    assert {"0", "1"} <= {path.name for path in jobs.result(job).iterdir()}


def test_a_node_that_is_lost_in_the_middle(jobs: RayJobs, cluster: Any) -> None:
    node = cluster.add_node(**describe_node("second"))
    job = jobs.submit(order("count", {"of": 12, "pause": 0.3}, {"of": 12, "pause": 0.3}))

    def find_lost() -> int | None:
        tasks = jobs.follow(job).tasks
        second = [n for n, task in enumerate(tasks) if task.events and task.events[0]["node"] == "second"]
        return second[0] if second and len(tasks[second[0]].events) > 4 else None

    lost = wait(lambda: None if (found := find_lost()) is None else (found,))[0]
    before = jobs.follow(job)
    cluster.remove_node(node, allow_graceful=False)
    status = finish(jobs, job)
    assert status.state == "done"
    assert [task.attempts for task in status.tasks] == [1 + (n == lost) for n in (0, 1)]
    assert starts(status, 1 - lost) == [0]
    assert steps(status, 1 - lost) == list(range(1, 13))
    # It went on where it was seen last, or further; only the step that was under way is done again.
    first, second = starts(status, lost)
    assert (first, status.tasks[lost].events[0]["node"]) == (0, "second")
    assert second >= max(steps(before, lost)) > 2
    assert steps(status, lost)[: second - 1] == list(range(1, second))
    assert steps(status, lost)[-(12 - second) :] == list(range(second + 1, 13))
    for number in (0, 1):
        assert (jobs.result(job) / str(number) / "deep" / "result").read_text() == "12"
    # What a task leaves is a checkpoint as Ray knows them.
    from ray.train import Checkpoint

    with Checkpoint(str(jobs.result(job) / str(lost))).as_directory() as folder:
        assert (Path(folder) / "checkpoint").read_text() == "12"


def test_a_server_that_comes_back(jobs: RayJobs, cluster: Any, tmp_path: Path) -> None:
    job = jobs.submit(order("count", {"of": 8, "pause": 0.3}))
    waiting = jobs.submit(order("echo", {}), {"a": b"b"})
    wait(lambda: steps(jobs.follow(job)))
    assert [(status.id, status.state, status.ahead) for status in jobs.queue()] == [
        (job, "running", 0),
        (waiting, "queued", 1),
    ]
    assert all(task.events == () for status in jobs.queue() for task in status.tasks)
    assert jobs.follow(waiting).ahead == 1
    ray.shutdown()  # as when the server ends
    again = open_jobs(cluster, tmp_path)
    assert [status.id for status in again.queue()] == [job, waiting]
    status = finish(again, job)
    assert (status.state, status.tasks[0].attempts, status.title) == ("done", 1, "A toy")
    assert steps(status) == list(range(1, 9))
    assert 8 * 0.3 <= status.seconds < PATIENCE
    assert finish(again, waiting).state == "done"
    assert again.queue() == []
    assert open_jobs(cluster, tmp_path).follow(job) == status  # from the storage alone


def test_a_keeper_that_is_lost(jobs: RayJobs) -> None:
    job = jobs.submit(order("count", {"of": 12, "pause": 0.3}))

    def wait_for_life(number: int) -> list[int]:
        wait(lambda: len(starts(jobs.follow(job))) == number and steps(jobs.follow(job)))
        return steps(jobs.follow(job))

    for number, forgotten in ((1, False), (2, True)):  # the second time, as where the whole cluster was started anew
        seen = wait_for_life(number)
        ray.kill(ray.get_actor(job, namespace="cnn-explorer"), no_restart=forgotten)
        assert wait_for_life(number + 1)[: len(seen)] == seen
        assert starts(jobs.follow(job))[-1] >= max(seen)
    status = finish(jobs, job)
    assert (status.state, status.tasks[0].attempts) == ("done", 3)
    # A step may have been under way, and its event lost or told twice; all else is there, in order.
    assert steps(status) == sorted(steps(status))
    assert len(set(steps(status))) >= 10
    assert (jobs.result(job) / "0" / "deep" / "result").read_text() == "12"


def test_a_process_that_always_dies(cluster: Any, tmp_path: Path) -> None:
    jobs = open_jobs(cluster, tmp_path, Limits(packages=("tests",), attempts=2, pause=0.1))
    status = finish(jobs, jobs.submit(order("die", {})))
    assert (status.state, status.tasks[0].attempts) == ("failed", 2)
    assert status.problem.startswith("It was begun 2 times and its process did not live to the end")
    assert len(status.tasks[0].events) == 2


def test_stopping_keeps_what_is_there(jobs: RayJobs) -> None:
    job = jobs.submit(order("count", {"of": 10_000, "pause": 0.1}, {"of": 5}))
    wait(lambda: steps(jobs.follow(job)))
    jobs.stop(job)
    status = finish(jobs, job)
    assert status.state == "stopped"
    assert [(task.state, task.attempts) for task in status.tasks] == [("stopped", 1), ("stopped", 0)]
    assert int((jobs.result(job) / "0" / "checkpoint").read_text()) == steps(status)[-1]
    jobs.stop(job)  # again is no mistake
    assert jobs.follow(job) == status


def test_what_does_not_listen_is_ended(jobs: RayJobs) -> None:
    job = jobs.submit(order("sleep", {}))
    process = wait(lambda: jobs.follow(job).tasks[0].events)[0]["process"]
    jobs.stop(job)
    status = finish(jobs, job)
    assert (status.state, status.tasks[0].state, status.tasks[0].attempts) == ("stopped", "stopped", 1)
    assert (jobs.result(job) / "0" / "half").read_text() == "kept"
    wait(lambda: not Path(f"/proc/{process}").exists())


def test_limits(jobs: RayJobs, cluster: Any, tmp_path: Path) -> None:
    tight = open_jobs(cluster, tmp_path, Limits(packages=("tests",), per_owner=1, total=2, room=100_000))
    with pytest.raises(JobRefused, match="room"):
        tight.submit(order("echo", {}), {"large": bytes(100_001)})
    with pytest.raises(JobRefused, match="GPU"):
        tight.submit(Order("tests.jobs.ray_toys:echo", ({},), title="A toy", device="cuda"))
    with pytest.raises(ValueError, match="may not run"):
        tight.submit(Order("os.path:join", ({},), title="A toy"))
    with pytest.raises(ValueError, match="plain file name"):
        tight.submit(order("echo", {}), {"../a": b""})
    tight.submit(order("sleep", {}, owner="a"))
    with pytest.raises(JobRefused, match="1 unfinished job,"):
        tight.submit(order("echo", {}, owner="a"))
    tight.submit(order("echo", {}, owner="b"))
    with pytest.raises(JobRefused, match="2 jobs are waiting"):
        tight.submit(order("echo", {}, owner="c"))
    for call in (jobs.follow, jobs.stop, jobs.result):
        with pytest.raises(JobUnknown):
            call("x" * 22)


def test_the_code_is_sent(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray.shutdown()
    monkeypatch.setattr("explorer.jobs.ray_connection._SENT", ("explorer", "tests"))
    jobs = RayJobs(tmp_path, address=cluster.address, limits=LIMITS)
    with ThreadPoolExecutor() as pool:  # a page does not run in the main thread, and it is the first to need Ray
        job = pool.submit(jobs.submit, order("locate", {})).result()
    status = finish(jobs, job)
    ray.shutdown()
    assert status.state == "done", status.problem
    (event,) = status.tasks[0].events
    assert not Path(event["code"]).is_relative_to(Path(__file__).parents[2])
    assert (event["models"], event["tests"]) == (False, True)
