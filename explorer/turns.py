"""A few at work at a time, the others in the order of asking.

Thirty threads on two cores take longer in all than two after two: they fight for the interpreter's lock at every
operation of PyTorch, which lets go of it, and for the processor's caches. And who asked first is answered first, where
otherwise all would be answered last.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_CORES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PATIENCE: Final = 2.0  # seconds


class Turns:
    """Who may be at work. For any number of threads; a thread has one turn at most.

    Where no turn has begun or ended for `patience` seconds, the next in the queue is let in as one more: a turn may
    wait for what somebody without one is about to make, and would otherwise hold everybody up for ever.

    Args:
        places: how many have a turn at a time.
        patience: seconds.
    """

    def __init__(self, places: int = max(2, _CORES), patience: float = PATIENCE) -> None:
        self._places, self._patience = places, patience
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._working = 0
        self._moved = 0.0  # when a turn last began or ended, of time.monotonic
        self._threads = 0  # of PyTorch, as it was started; 0 before it is loaded
        self._mine = threading.local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and have it; within a turn of this thread, nothing."""
        if getattr(self._mine, "turn", False):
            yield
            return
        self._take()
        try:
            yield
        finally:
            self._give()

    def let_others(self) -> None:
        """Between two slices of long work: go to the end of the queue, where there is one."""
        if self._waiting and getattr(self._mine, "turn", False):
            self._give()
            self._take()

    def _take(self) -> None:
        called = threading.Event()
        with self._lock:
            self._waiting.append(called)
            self._call()
        while not called.wait(self._patience):
            with self._lock:
                if time.monotonic() - self._moved >= self._patience:
                    self._call(self._working + 1)
        self._mine.turn = True
        self._share_cores()

    def _give(self) -> None:
        self._mine.turn = False
        with self._lock:
            self._working -= 1
            self._moved = time.monotonic()
            self._call()

    def _call(self, places: int = 0) -> None:
        """Let in who waits, as far as there are places."""
        while self._waiting and self._working < (places or self._places):
            self._waiting.popleft().set()
            self._working += 1
            self._moved = time.monotonic()

    def _share_cores(self) -> None:
        """PyTorch's threads for what this thread computes: all for one alone, a share of them for each of many."""
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "set_num_threads"):  # it may be in the midst of being loaded
            self._threads = self._threads or torch.get_num_threads()
            torch.set_num_threads(max(1, self._threads // max(1, self._working)))


RUNS: Final = Turns()
"""Of this server's pages: each run of a page is a turn."""
