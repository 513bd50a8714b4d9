"""The folder of a job: an order is read as it was filed, records are changed one by one."""

import errno
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import explorer.jobs.folder
import explorer.jobs.worker
from explorer.disk import FULL_DISK
from explorer.jobs import Context, Order, TaskStatus
from explorer.jobs.folder import Filed, JobFolder, Record
from explorer.jobs.folder_jobs import judge
from explorer.jobs.worker import do_task
from tests.jobs.working import LIMITS, until


def test_an_order_is_read_as_it_was_filed(tmp_path: Path) -> None:
    filed = Filed(Order("explorer.toys:toy", ({"a": [1, None, "é"]}, {}), "A toy", "me", "cuda:0"), 12.5)
    folder = JobFolder(tmp_path / "job")
    folder.fill(filed, {"picture.png": b"xxx"})
    assert folder.filed() == filed
    assert folder.records() == [Record(), Record()]
    assert (folder.path / "inputs" / "picture.png").read_bytes() == b"xxx"
    assert (folder.stopping, folder.finished) == (False, False)


def test_nobody_loses_what_another_changed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, tasks=2)

    def add(number: int) -> None:
        for _ in range(20):
            with folder.change() as records:
                records[number % 2] = replace(records[number % 2], attempts=records[number % 2].attempts + 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    assert [record.attempts for record in folder.records()] == [60, 60]


def test_what_fails_changes_nothing(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)

    def fail() -> None:
        with folder.change() as records:
            records[0] = records[0].end("done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert folder.records() == [Record()]


def test_an_attempt_that_was_begun_again_elsewhere_ends_and_counts_no_more(tmp_path: Path) -> None:
    """As where the machine of a task was thought to be lost, and was not."""
    folder, ended = make_folder(tmp_path, "wait"), threading.Event()
    attempt = threading.Thread(target=do_task, args=(folder, 0, LIMITS, "", ended.set))
    attempt.start()
    until(lambda: folder.records()[0].state == "running")
    with folder.change() as records:
        newer = records[0] = replace(records[0], attempts=2)
    assert ended.wait(60)
    folder.ask_to_stop()
    attempt.join()
    assert folder.records() == [newer]


def fail_when_full(context: Context) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def wrap_when_full(context: Context) -> None:
    try:
        fail_when_full(context)
    except OSError as error:
        raise RuntimeError("[enforce fail at inline_container.cc:672]") from error


@pytest.mark.parametrize("function", ["fail_when_full", "wrap_when_full"])
def test_a_task_on_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    """Though there is no room to write it down, but for what was kept for that."""
    folder = make_folder(tmp_path, f"{function}")
    (folder.task(0) / "checkpoint.part").write_bytes(b"half")
    monkeypatch.setattr(explorer.jobs.worker, "find_target", lambda *_: globals()[function])
    replace_whole = explorer.jobs.folder.replace_file

    def replace_full(path: Path, text: str) -> None:
        if (folder.path / "spare").exists() and '"failed"' in text:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace_whole(path, text)

    monkeypatch.setattr(explorer.jobs.folder, "replace_file", replace_full)
    do_task(folder, 0, LIMITS, "", lambda: None)
    (record,) = folder.records()
    assert (record.state, record.problem) == ("failed", FULL_DISK)
    assert list(folder.task(0).iterdir()) == []


def test_a_task_that_need_not_write_is_told_of_a_full_disk_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ended = make_folder(tmp_path, "wait"), threading.Event()
    usage, full = shutil.disk_usage(tmp_path), threading.Event()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=4096) if full.is_set() else usage)
    attempt = threading.Thread(target=do_task, args=(folder, 0, LIMITS, "", ended.set))
    attempt.start()
    until(lambda: folder.records()[0].state == "running")
    full.set()
    since = time.monotonic()
    until(lambda: folder.records()[0].state == "failed")
    assert time.monotonic() - since < 5
    assert ended.wait(60)  # which ends the process; here the task is asked
    assert folder.records()[0].problem == FULL_DISK
    folder.ask_to_stop()
    attempt.join()
    assert folder.records()[0].problem == FULL_DISK


@pytest.mark.parametrize(
    ("states", "state", "problem"),
    [
        (["queued", "queued"], "queued", ""),
        (["running", "queued"], "running", ""),
        (["done", "queued"], "running", ""),
        (["failed", "queued"], "running", ""),
        (["failed", "done"], "done", ""),
        (["failed", "failed"], "failed", "why 0"),
        (["done", "stopped"], "stopped", ""),
        (["failed", "stopped"], "stopped", ""),
    ],
)
def test_a_job_is_judged_by_its_tasks(states: list[str], state: str, problem: str) -> None:
    tasks = [TaskStatus(each, problem=f"why {number}") for number, each in enumerate(states)]  # type: ignore[arg-type]
    assert judge(tasks) == (state, problem)


def make_folder(place: Path, function: str = "count", tasks: int = 1) -> JobFolder:
    folder = JobFolder(place / "job")
    folder.fill(Filed(Order(f"tests.jobs.toys:{function}", ({"of": 1},) * tasks, "A toy"), 0.0), {})
    return folder
