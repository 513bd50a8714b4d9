"""Locks that processes take on files and that the system lets go when their holders die, however they die.

Where there is `fcntl` (Linux, macOS) a lock is an `flock`, which a child inherits: the device's lock passes from
whoever starts a supervisor to the supervisor and its worker, and is free only when all of them are gone. The folder
must lie on a disk of this machine, because network file systems imitate `flock` without inheritance. Windows locks a
byte of the file instead, which no child inherits: there a supervisor takes the lock itself, and a worker that has lost
its supervisor ends by itself (see `worker`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _let_go(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


INHERITED = sys.platform != "win32"


class Lock:
    """A lock that is held, until `release` or the death of everybody who has its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def again(self) -> bool:
        """Take it once more after `release`; False where somebody else was faster."""
        return _try(self.descriptor)

    def release(self) -> None:
        """Let go, for all who share it."""
        _let_go(self.descriptor)

    def close(self) -> None:
        """Forget it here; whoever inherited it still holds it."""
        os.close(self.descriptor)


def take(path: Path) -> Lock | None:
    """The lock of a file, which is made where it is missing; None where somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if _try(descriptor):
        return Lock(descriptor)
    os.close(descriptor)
    return None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait for the lock of a file and hold it for the block: one thread of one process at a time is inside."""
    while (lock := take(path)) is None:
        time.sleep(0.005)
    try:
        yield
    finally:
        lock.release()
        lock.close()
