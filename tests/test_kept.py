"""What is kept in memory: no more than the bounds, the newest, and each owner its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer.kept import Kept, LruCache

KB = 1024


def test_the_oldest_of_one_owner_go_first() -> None:
    kept: Kept[str, str] = Kept(of_one=10 * KB, in_all=25 * KB)
    for session in ("me", "you"):
        for number in range(4):
            kept.put(f"{session} {number}", "x", 4 * KB, session)
    assert kept.list_keys() == ["me 2", "me 3", "you 2", "you 3"]
    assert kept.get("me 2") == "x"  # which is now the last to go
    for number in range(3):
        kept.put(f"they {number}", "x", 4 * KB, "they")
    assert kept.list_keys() == ["me 3", "you 2", "you 3", "me 2", "they 1", "they 2"]
    kept.put("we", "x", 8 * KB, "we")
    assert kept.list_keys() == ["you 3", "me 2", "they 1", "they 2", "we"]
    assert (kept.get("me 3"), kept.get("we")) == (None, "x")


def test_one_thing_beyond_the_bounds_stays_alone_and_many_small_ones_count() -> None:
    kept: Kept[int, str] = Kept(of_one=10 * KB, in_all=20 * KB)
    for number in range(30):
        kept.put(number, "x", 0, "me")
    assert kept.list_keys() == list(range(20, 30))
    kept.put(30, "large", 100 * KB, "me")
    assert kept.list_keys() == [30]
    kept.drop(30)
    kept.drop(30)
    assert kept.list_keys() == []


def test_equal_questions_at_once_are_answered_once() -> None:
    cache, made, gate = LruCache(8), list[int](), threading.Event()
    waited = threading.Semaphore(0)

    def make() -> int:
        made.append(len(made))
        assert gate.wait(30)
        return made[-1]

    with ThreadPoolExecutor(6) as pool:
        same = [pool.submit(cache.get, "key", make, waited.release) for _ in range(5)]
        for _ in range(4):
            assert waited.acquire(timeout=30)  # each of the four waits
        assert cache.get("another", lambda: "at once") == "at once"
        gate.set()
        assert [each.result(30) for each in same] == [0] * 5
    assert made == [0]
    assert not cache._making


def test_where_one_fails_the_next_makes_it_and_who_will_not_wait_need_not() -> None:
    cache, gate, begun = LruCache(8), threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        assert gate.wait(30)
        raise KeyError("no")

    def leave() -> None:
        raise InterruptedError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "key", fail)
        assert begun.wait(30)
        with pytest.raises(InterruptedError):
            cache.get("key", lambda: "mine", leave)
        second = pool.submit(cache.get, "key", lambda: "mine", gate.set)
        assert second.result(30) == "mine"
        with pytest.raises(KeyError):
            first.result(30)
    assert (cache.peek("key"), cache._making) == ("mine", {})


def test_nothing_is_not_kept() -> None:
    cache = LruCache(8)
    assert cache.get("key", lambda: None) is None
    assert cache.get("key", lambda: 1) == 1
