"""What was computed, kept for the whole server while it is among the last that were asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

import streamlit as st

T = TypeVar("T")
MOST_KEPT = 32


class LruCache:
    """Values by key; those that were not used for longest go first. Safe to share between sessions."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()

    def peek(self, key: Hashable) -> Any | None:
        """The value of a key; None where it is not there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The value of a key, made where it is not there; two sessions may make it at the same time."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made


@st.cache_resource(show_spinner=False)
def _kept() -> LruCache:
    return LruCache(MOST_KEPT)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once while it is kept; `key` says everything that it depends on."""
    return cast(T, _kept().get(key, make))
