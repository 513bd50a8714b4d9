"""Ray on a cluster of two nodes of this machine: processes, a node, a server and all actors are lost in turn."""

import builtins
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

import explorer.jobs.ray_cluster
from explorer.jobs import JobRefused, JobUnknown, Limits, Order, Status
from explorer.jobs.folder import JobFolder
from explorer.jobs.ray_cluster import NAMESPACE, RayJobs
from tests.jobs.clusters import describe_node, open_cluster
from tests.jobs.working import begin, finish, is_gone, order, say_enough, until

ray = pytest.importorskip("ray")

LIMITS = Limits(packages=("explorer", "tests"), grace=0.3, pause=0.0, per_owner=10)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with one core; tests that need a second node add it."""
    with open_cluster() as cluster:
        yield cluster


@pytest.fixture
def jobs(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RayJobs]:
    monkeypatch.setattr(explorer.jobs.ray_cluster, "_PAUSE", 0.2)
    jobs = open_jobs(cluster, tmp_path)
    yield jobs
    for status in jobs.queue():
        jobs.stop(status.id)
    until(lambda: not jobs.queue())


def open_jobs(cluster: Any, storage: Path, limits: Limits = LIMITS) -> RayJobs:
    return RayJobs(storage, address=cluster.address, limits=limits, ship=False)


def steps(status: Status, number: int = 0) -> list[int]:
    return [event["step"] for event in status.tasks[number].events if "step" in event]


def starts(status: Status, number: int = 0) -> list[int]:
    return [event["from"] for event in status.tasks[number].events if "from" in event]


def check_resumed(status: Status, attempts: int, number: int = 0) -> None:
    """Every step was done, none twice but those that were under way when something was lost."""
    begun = starts(status, number)
    assert (status.tasks[number].attempts, len(begun)) == (attempts, attempts)
    assert begun == sorted(begun)
    assert begun[-1] > 0
    done = steps(status, number)
    assert sorted(set(done)) == list(range(1, done[-1] + 1))
    assert len(done) - len(set(done)) <= attempts - 1


def find_actor(job: str, number: int = 0) -> Any:
    return ray.get_actor(f"{job}/{number}", namespace=NAMESPACE)


def test_a_node_that_is_lost_in_the_middle(jobs: RayJobs, cluster: Any) -> None:
    node = cluster.add_node(**describe_node("second"))
    job = jobs.submit(order("count", {"pause": 0.02}, {"pause": 0.02}))
    until(lambda: all(len(steps(jobs.follow(job), number)) > 2 for number in (0, 1)))
    before = jobs.follow(job)
    nodes = [task.events[0]["node"] for task in before.tasks]
    assert sorted(nodes) == ["head", "second"]
    lost = nodes.index("second")
    process = psutil.Process(before.tasks[lost].events[0]["process"])
    cluster.remove_node(node, allow_graceful=False)
    until(lambda: is_gone(process))
    until(lambda: len(steps(jobs.follow(job), 1 - lost)) > len(steps(before, 1 - lost)))  # the other one goes on
    say_enough(jobs, job)
    status = finish(jobs, job)
    assert status.state == "done"
    assert starts(status, 1 - lost) == [0]
    check_resumed(status, 2, lost)
    assert starts(status, lost)[1] >= max(steps(before, lost)) - 1
    assert [event["node"] for event in status.tasks[lost].events if "node" in event] == ["second", "head"]
    for number in (0, 1):
        assert int((jobs.result(job) / str(number) / "result").read_text()) == steps(status, number)[-1]


def test_a_server_that_comes_back(jobs: RayJobs, cluster: Any, tmp_path: Path) -> None:
    job = jobs.submit(order("count", {"pause": 0.02}))
    until(lambda: steps(jobs.follow(job)))
    waiting = jobs.submit(order("echo", {"a": 1}, {"fail": True}), {"text.txt": b"hello"})
    assert [(status.id, status.state, status.ahead) for status in jobs.queue()] == [
        (job, "running", 0),
        (waiting, "queued", 1),
    ]
    assert jobs.follow(waiting).ahead == 1
    ray.shutdown()  # as when the server ends
    seen = len(jobs._shelf.find(job).events(0).read_bytes())
    until(lambda: len(jobs._shelf.find(job).events(0).read_bytes()) > seen)  # it goes on without
    again = open_jobs(cluster, tmp_path)
    assert [status.id for status in again.queue()] == [job, waiting]
    say_enough(again, job)
    status = finish(again, job)
    assert (status.state, status.tasks[0].attempts, status.title) == ("done", 1, "count")
    assert steps(status) == list(range(1, len(steps(status)) + 1))
    assert finish(again, waiting).state == "done"
    check_echo(again.follow(waiting))
    assert again.queue() == []
    assert open_jobs(cluster, tmp_path).follow(job) == status  # from the storage alone
    until(lambda: not has_actor(job) and not has_actor(waiting, 0) and not has_actor(waiting, 1))  # they hold no core


def check_echo(status: Status) -> None:
    assert (status.state, status.problem) == ("done", "")
    assert [(task.state, task.attempts, task.problem) for task in status.tasks] == [
        ("done", 1, ""),
        ("failed", 1, "A class has no pictures."),
    ]
    inputs = {"text.txt": "hello"}
    assert [{**event, "process": 0} for task in status.tasks for event in task.events] == [
        {"number": 0, "task": {"a": 1}, "inputs": inputs, "process": 0},
        {"number": 1, "task": {"fail": True}, "inputs": inputs, "process": 0},
    ]


def has_actor(job: str, number: int = 0) -> bool:
    try:
        return bool(find_actor(job, number))
    except ValueError:
        return False


def test_what_ray_has_forgotten_goes_on(jobs: RayJobs) -> None:
    """As where the whole cluster was started anew."""
    job = jobs.submit(order("count", {"pause": 0.02}))
    until(lambda: len(steps(jobs.follow(job))) > 2)
    ray.kill(find_actor(job), no_restart=True)
    until(lambda: len(starts(jobs.follow(job))) == 2)
    say_enough(jobs, job)
    status = finish(jobs, job)
    assert status.state == "done"
    check_resumed(status, 2)


def test_a_process_that_always_dies(cluster: Any, tmp_path: Path) -> None:
    """Ray begins it again each time; it is we who end it."""
    jobs = open_jobs(cluster, tmp_path, replace(LIMITS, attempts=1))
    status = finish(jobs, jobs.submit(order("die", {})))
    assert (status.state, status.tasks[0].attempts) == ("failed", 1)
    assert status.problem == (
        "It was begun once and its process did not live to the end: it was killed, perhaps because the memory ran out, "
        "or its machine was lost."
    )


def test_stopping_keeps_what_is_there(jobs: RayJobs) -> None:
    job = jobs.submit(order("count", {"pause": 0.02}, {"pause": 0.02}))
    begun = until(lambda: [number for number in (0, 1) if steps(jobs.follow(job), number)])[0]
    jobs.stop(job)
    status = finish(jobs, job)
    assert [task.state for task in status.tasks] == ["stopped", "stopped"]
    assert [task.attempts for task in status.tasks] == [int(number == begun) for number in (0, 1)]
    assert int((jobs.result(job) / str(begun) / "checkpoint").read_text()) == steps(status, begun)[-1]
    jobs.stop(job)  # again is no mistake
    assert jobs.follow(job) == status


def test_what_does_not_listen_is_ended(jobs: RayJobs) -> None:
    job = jobs.submit(order("sleep", {}))
    process = psutil.Process(begin(jobs, job).tasks[0].events[0]["process"])
    jobs.stop(job)
    status = finish(jobs, job)
    assert (status.state, status.tasks[0].state, status.tasks[0].attempts) == ("stopped", "stopped", 1)
    assert (jobs.result(job) / "0" / "half").read_text() == "kept"
    until(lambda: is_gone(process))


def test_what_no_machine_can_do_is_stopped_all_the_same(cluster: Any, jobs: RayJobs, tmp_path: Path) -> None:
    """No machine has two cores: as where the machine that worked is lost, and no other one comes."""
    wide = RayJobs(tmp_path, address=cluster.address, limits=LIMITS, cpus=2, ship=False)
    waiting, lost = (wide.submit(order("count", {})) for _ in range(2))
    assert has_actor(waiting)
    assert has_actor(lost)
    wide.stop(waiting)
    assert wide.follow(waiting).state == "stopped"
    folder = JobFolder(wide.result(lost))
    with folder.change() as records:
        records[0] = replace(records[0], state="running", attempts=1)
    wide.stop(lost)
    assert wide.follow(lost).state == "running"  # its machine may yet answer
    os.utime(folder.path / "stop", (0, 0))
    assert finish(wide, lost).state == "stopped"
    until(lambda: not has_actor(waiting) and not has_actor(lost))


def test_limits(jobs: RayJobs, cluster: Any, tmp_path: Path) -> None:
    tight = open_jobs(cluster, tmp_path, Limits(packages=("tests",), per_owner=1, total=2, room=100_000))
    with pytest.raises(JobRefused, match="room"):
        tight.submit(order("echo", {}), {"large": bytes(100_001)})
    with pytest.raises(JobRefused, match="GPU"):
        tight.submit(order("echo", device="cuda"))
    with pytest.raises(ValueError, match="may not run"):
        tight.submit(Order("os.path:join", ({},), title="A toy"))
    with pytest.raises(ValueError, match="plain file name"):
        tight.submit(order("echo", {}), {"../a": b""})
    tight.submit(order("wait", {}, owner="a"))
    with pytest.raises(JobRefused, match="1 unfinished job,"):
        tight.submit(order("echo", {}, owner="a"))
    tight.submit(order("wait", {}, owner="b"))
    with pytest.raises(JobRefused, match="2 jobs are waiting"):
        tight.submit(order("echo", {}, owner="c"))
    for call in (jobs.follow, jobs.stop, jobs.result):
        with pytest.raises(JobUnknown):
            call("x" * 22)


def test_the_code_is_sent(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray.shutdown()
    monkeypatch.setattr("explorer.jobs.ray_cluster._SENT", ("explorer", "tests"))
    jobs = RayJobs(tmp_path, address=cluster.address, limits=LIMITS)
    with ThreadPoolExecutor() as pool:  # a page does not run in the main thread, and it is the first to need Ray
        job = pool.submit(jobs.submit, order("locate", {})).result()
    status = finish(jobs, job)
    ray.shutdown()
    assert status.state == "done", status.problem
    (event,) = status.tasks[0].events
    assert not Path(event["code"]).is_relative_to(Path(__file__).parents[2])
    assert (event["models"], event["tests"]) == (False, True)


def test_a_machine_that_does_not_see_the_storage_is_said(
    jobs: RayJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_here = RayJobs._let_begin

    def begin_elsewhere(jobs: RayJobs, folder: JobFolder, number: int, gpus: float) -> str:
        return begin_here(jobs, JobFolder(tmp_path / "elsewhere" / folder.id), number, gpus)

    monkeypatch.setattr(RayJobs, "_let_begin", begin_elsewhere)
    status = finish(jobs, jobs.submit(order("echo", {})))
    assert (status.state, status.tasks[0].attempts) == ("failed", 0)
    assert status.problem == (
        "A machine of the Ray cluster does not see the storage: all machines must see the same folder."
    )


def test_what_is_no_folder_is_refused() -> None:
    with pytest.raises(JobRefused, match=r"^s3://bucket is no folder: "):
        RayJobs("s3://bucket")


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
    ray.shutdown()
    jobs = RayJobs(tmp_path, address="127.0.0.1:9")  # with nothing to go on with, nobody is asked yet
    with pytest.raises(JobRefused, match=r"^The Ray cluster at 127\.0\.0\.1:9 does not answer\.$"):
        jobs.submit(order("echo", target="explorer.toys:toy"))
    assert jobs.queue() == []
