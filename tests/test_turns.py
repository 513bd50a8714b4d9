"""Who is at work: so many, in the order of asking, and nobody for ever without a turn."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from explorer.turns import Turns
from tests.jobs.working import until

LONG = 30.0  # seconds that no test waits for


@pytest.mark.parametrize("places", [1, 2, 3])
def test_so_many_are_at_work_in_the_order_of_asking(places: int) -> None:
    turns = Turns(places, LONG)
    began: list[int] = []
    most: list[int] = []
    gate = threading.Event()

    def work(number: int) -> None:
        with turns.turn():
            began.append(number)
            most.append(turns._working)
            gate.wait(LONG)

    with ThreadPoolExecutor(12) as pool:
        done = []
        for number in range(12):  # the next asks once this one has a turn or waits
            done.append(pool.submit(work, number))
            until(lambda: turns._working + len(turns._waiting) == len(done) and len(began) == min(len(done), places))
        first = [*began]
        gate.set()
        for each in done:
            each.result(LONG)
    assert first == list(range(places))
    assert max(most) == places
    assert sorted(began) == list(range(12))
    if places == 1:
        assert began == list(range(12))
    assert (turns._working, len(turns._waiting)) == (0, 0)


def test_long_work_lets_others_in_between_its_slices() -> None:
    turns = Turns(1, LONG)
    said: list[str] = []
    others_wait = threading.Event()

    def work_long() -> None:
        with turns.turn():
            said.append("first slice")
            assert others_wait.wait(LONG)
            turns.let_others()
            said.append("second slice")
            turns.let_others()  # nobody waits
            said.append("third slice")

    def work(name: str) -> None:
        with turns.turn():
            said.append(name)

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(work_long)]
        until(lambda: bool(said))
        for name in ("one", "other"):
            done.append(pool.submit(work, name))
            until(lambda: len(turns._waiting) == len(done) - 1)
        others_wait.set()
        for each in done:
            each.result(LONG)
    assert said == ["first slice", "one", "other", "second slice", "third slice"]


def test_who_waits_for_one_without_a_turn_does_not_hold_everybody_up() -> None:
    turns = Turns(1, 0.05)
    made = threading.Event()

    def need() -> bool:
        with turns.turn():
            return made.wait(LONG)

    def make() -> None:
        with turns.turn():
            made.set()

    with ThreadPoolExecutor(2) as pool:
        needing = pool.submit(need)
        until(lambda: turns._working == 1)
        pool.submit(make).result(LONG)
        assert needing.result(LONG)
    assert turns._working == 0


def test_a_turn_is_had_once_and_given_back_whatever_happens() -> None:
    turns = Turns(1, LONG)
    with turns.turn(), turns.turn():
        assert turns._working == 1
    with pytest.raises(KeyError), turns.turn():
        raise KeyError
    turns.let_others()  # without a turn there is none to give
    assert turns._working == 0


def test_threads_of_pytorch_are_shared_among_those_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = threading.local()
    torch = SimpleNamespace(get_num_threads=lambda: 8, set_num_threads=lambda count: setattr(threads, "count", count))
    monkeypatch.setitem(sys.modules, "torch", torch)
    turns = Turns(4, LONG)
    counts: list[int] = []
    gate = threading.Event()

    def work() -> None:
        with turns.turn():
            counts.append(threads.count)
            gate.wait(LONG)

    with ThreadPoolExecutor(4) as pool:
        done = []
        for _ in range(4):
            done.append(pool.submit(work))
            until(lambda: len(counts) == len(done))
        gate.set()
    assert counts == [8, 4, 2, 2]


def test_a_torch_in_the_midst_of_being_loaded_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace())
    with Turns(1, LONG).turn():
        pass
