"""What is kept in memory: no more than the bounds, the newest, and each owner its own."""

from explorer.kept import Kept

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
