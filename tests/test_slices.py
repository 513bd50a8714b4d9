import itertools

import pytest

from explorer.slices import Slices, count_within, finish
from tests.slices import gather


def work(steps: int) -> Slices[str]:
    for step in range(1, steps + 1):
        yield step, steps
    return f"{steps} steps"


def longer() -> Slices[list[str]]:
    first = yield from count_within(work(2), 0, 5)
    second = yield from count_within(work(3), 2, 5)
    return [first, second]


def test_work_is_told_of_and_gives_what_it_makes() -> None:
    assert gather(work(3)) == ([(1, 3), (2, 3), (3, 3)], "3 steps")
    assert finish(work(0)) == "0 steps"


def test_who_waits_is_told_twenty_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr("explorer.slices.time.perf_counter", lambda: next(clock) / 64)  # a slice each
    told: list[int] = []
    assert finish(work(10), lambda done, of: told.append(done)) == "10 steps"
    assert told == [4, 8]


def test_parts_are_counted_within_the_whole() -> None:
    assert gather(longer()) == ([(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)], ["2 steps", "3 steps"])
