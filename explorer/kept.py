"""What is kept in memory within bounds, of bytes or of numbers: what was not used for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_GLANCE = 0.2  # seconds between two looks at whether a value has been made
_LEAST = 1024  # bytes that a thing counts at least, so that their number is bounded too


class _Item(NamedTuple):
    value: Any
    size: int
    owner: str


class Kept(Generic[K, T]):
    """Things of several owners by key, least recently used first. For any number of threads.

    Args:
        of_one: bytes that one owner may have here.
        in_all: bytes of all owners.
    """

    def __init__(self, of_one: int, in_all: int) -> None:
        self._of_one, self._in_all = of_one, in_all
        self._items: OrderedDict[K, _Item] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: K, value: T, size: int, owner: str) -> None:
        """Keep something of `size` bytes; older things go where there is no room, those of the same owner first."""
        with self._lock:
            self._items[key] = _Item(value, max(size, _LEAST), owner)
            self._items.move_to_end(key)
            for other, item in list(self._items.items())[:-1]:
                if self._bytes(owner) > self._of_one and item.owner == owner:
                    del self._items[other]
            while len(self._items) > 1 and self._bytes() > self._in_all:
                self._items.popitem(last=False)

    def get(self, key: K) -> T | None:
        """What is kept under a key; None where there is nothing, or nothing any more."""
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            found: T = self._items[key].value
            return found

    def drop(self, key: K) -> None:
        """Keep something no longer."""
        with self._lock:
            self._items.pop(key, None)

    def list_keys(self) -> list[K]:
        """Of all things, the longest unused first."""
        with self._lock:
            return list(self._items)

    def _bytes(self, owner: str | None = None) -> int:
        return sum(item.size for item in self._items.values() if owner in (None, item.owner))


class LruCache:
    """Values by key; those that were not used for longest go first. For any number of threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, tuple[threading.Lock, int]] = {}  # how many want what is being made

    def peek(self, key: Hashable) -> Any | None:
        """The value of a key; None where it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], Any], meanwhile: Callable[[], object] = lambda: None) -> Any:
        """The value of a key, made where it is not there, once: who asks for it meanwhile waits for it.

        Args:
            key: of the value; to be asked for within `make` of another one only.
            make: gives it; where it raises something, or gives None, nothing is kept, and the next who waits makes it.
            meanwhile: called several times a second while somebody else makes it; may raise to wait no longer.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            making, waiting = self._making.get(key, (threading.Lock(), 0))
            self._making[key] = making, waiting + 1
        try:
            while not making.acquire(timeout=_GLANCE):
                meanwhile()
            try:
                with self._lock:
                    if key in self._values:
                        return self._values[key]
                made = make()
                if made is None:
                    return None
                with self._lock:
                    self._values[key] = made
                    while len(self._values) > self._most:
                        self._values.popitem(last=False)
                return made
            finally:
                making.release()
        finally:
            with self._lock:
                making, waiting = self._making.pop(key)
                if waiting > 1:
                    self._making[key] = making, waiting - 1
