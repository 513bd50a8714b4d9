"""People's files in a folder that every copy of the dashboard sees, so that a link opens at any of them.

    root/<sha256>            a file, by its content
    root/<sha256>.json       by a key, such as the label of a picture: what the file is called and which it is
    root/lock                held for every change of what lies here

Without the setting `EXPLORER_STORE` there is no such folder and nothing is written.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from filelock import FileLock

from explorer.disk import list_files, replace_file
from explorer.kept import Kept

T = TypeVar("T")

ROOM: Final = 4 * 10**9  # bytes of all files together
DAYS: Final = 7.0  # that a file is kept after somebody last brought or fetched it: as long as trainings
_LEAST: Final = 2**16  # bytes that a file counts at least, so that their number is bounded too
_SPARE: Final = 200 * 10**6  # bytes of the disk that are left to others
_PATIENCE: Final = 10.0  # seconds for another copy to finish a change
_TIDY: Final = 3600.0  # seconds between two looks at what is old
_OURS: Final = re.compile(r"\.?[0-9a-f]{64}(\.json)?(\.partial)?")  # what else lies in the folder is left alone


class SharedFile(NamedTuple):
    """A file that some copy has taken in.

    Attributes:
        title: what it was called, untrusted text.
        data: its bytes, untrusted.
    """

    title: str
    data: bytes


class SharedFiles:
    """Files by key, in a folder; the longest unused go first. For any number of threads, processes and machines.

    Where the folder cannot be used nothing is raised: this copy goes on with what it has in memory, which a person can
    do nothing about, and the server's log says why.

    Args:
        root: the folder; None for none, which then holds nothing.
        room: bytes of all files.
        days: that a file is kept after its last use.
    """

    def __init__(self, root: Path | None, room: int = ROOM, days: float = DAYS) -> None:
        self.root, self._room, self._days = root, room, days

    def put(self, key: str, file: SharedFile) -> bool:
        """Keep a file under a key; False where that cannot be done. Older files go where there is no room."""
        if self.root is None:
            return False
        digest = hashlib.sha256(file.data).hexdigest()
        said = json.dumps({"title": file.title, "sha256": digest}).encode()
        try:
            with self._alone(self.root):
                parts = [(self.root / digest, file.data), (self._about(self.root, key), said)]
                missing = [(path, data) for path, data in parts if not _is_there(path, data)]
                self._make_room(self.root, sum(max(len(data), _LEAST) for _, data in missing))
                for path, data in missing:
                    replace_file(path, data)
                    _touch(path)
        except OSError as problem:
            logging.getLogger(__name__).warning("A file is kept in memory only: %s", problem)
            return False
        return True

    def find(self, key: str) -> SharedFile | None:
        """The file under a key; None where there is none, none any more, or not the one that was put there."""
        title, path = self._look_up(key)
        try:
            data = path.read_bytes() if path is not None else None
        except OSError:
            data = None
        if path is None or data is None:
            return None
        if hashlib.sha256(data).hexdigest() != path.name:
            with suppress(OSError):
                path.unlink()  # so that it is written anew when somebody brings it
            return None
        self.note_use(key)
        return SharedFile(title, data)

    def note_use(self, key: str) -> None:
        """Let what is under a key go later."""
        path = self._look_up(key)[1]
        if self.root is not None and path is not None:
            with suppress(OSError):
                _touch(path)
                _touch(self._about(self.root, key))

    def _look_up(self, key: str) -> tuple[str, Path | None]:
        """What the file under a key is called, and where it should lie; None where there is none."""
        if self.root is not None:
            with suppress(OSError, ValueError, LookupError, TypeError):
                said = json.loads(self._about(self.root, key).read_bytes())
                return str(said["title"]), self.root / os.path.basename(said["sha256"])
        return "", None

    def drop(self, key: str) -> None:
        """Find a file no longer under a key."""
        if self.root is not None:
            with suppress(OSError):
                self._about(self.root, key).unlink()

    def tidy(self) -> None:
        """Remove what is old."""
        if self.root is not None:
            with suppress(OSError), self._alone(self.root):
                self._make_room(self.root)

    def _alone(self, root: Path) -> FileLock:
        """To be held for a change.

        Raises:
            OSError: there can be no such folder.
        """
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(PermissionError):  # somebody else's, where every file in it is private all the same
            root.chmod(0o700)
        return FileLock(root / "lock", timeout=_PATIENCE, mode=0o600)

    def _about(self, root: Path, key: str) -> Path:
        return root / f"{hashlib.sha256(key.encode(errors='replace')).hexdigest()}.json"

    def _make_room(self, root: Path, coming: int = 0) -> None:
        """Remove what is old, and the longest unused files until so many bytes have room.

        Raises:
            OSError: there is no such room, or the disk is full.
        """
        files = [file for file in list_files(root) if _OURS.fullmatch(os.path.relpath(file[0], root))]
        total = coming + sum(max(size, _LEAST) for _, size, _ in files)
        for path, size, used in sorted(files, key=lambda file: file[2]):
            half = path.endswith(".partial")  # nobody is at it while somebody else holds the lock
            if half or total > self._room or time.time() - used / 1e9 > self._days * 24 * 3600:
                Path(path).unlink(missing_ok=True)
                total -= max(size, _LEAST)
        if total > self._room or (coming and shutil.disk_usage(root).free < coming + _SPARE):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(root))


def _is_there(path: Path, data: bytes) -> bool:
    """Whether a file need not be written; it counts as used now."""
    try:
        there = path.stat().st_size == len(data) and (path.suffix == "" or path.read_bytes() == data)
        if there:
            _touch(path)
        return there
    except FileNotFoundError:
        return False


def _touch(path: Path) -> None:
    """Note that a file is used now; to the nanosecond, which the system's own clock of files is not."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))


def open_shared() -> SharedFiles:
    """The folder that `EXPLORER_STORE` names, which is looked through for what is old now and every hour."""
    return _open(os.environ.get("EXPLORER_STORE", ""))


@lru_cache(maxsize=4)
def _open(folder: str) -> SharedFiles:
    if not folder:
        return SharedFiles(None)
    shared = SharedFiles(Path(folder).expanduser().absolute())

    def tidy() -> None:
        while True:
            shared.tidy()
            time.sleep(_TIDY)

    threading.Thread(target=tidy, daemon=True).start()
    return shared


class KeptFiles(Kept[str, T]):
    """Things in memory that were read from files; where one is not in memory, its file may be in the shared folder.

    Args:
        kind: of the things, which have keys of their own.
        of_one, in_all: as of `Kept`.
        read: gives the thing and its size in memory from its file again; None where it is not the one with that key.
    """

    def __init__(
        self, kind: str, of_one: int, in_all: int, read: Callable[[str, SharedFile], tuple[T, int] | None]
    ) -> None:
        super().__init__(of_one, in_all)
        self._kind, self._read = kind, read

    def put_file(self, key: str, value: T, size: int, owner: str, file: SharedFile) -> None:
        """Keep something as `put` does, and its file for other copies."""
        self.put(key, value, size, owner)
        open_shared().put(f"{self._kind}/{key}", file)

    def recall(self, key: str, owner: str) -> T | None:
        """What is kept under a key, here or by any copy; kept here from now on, as the owner's. None for nothing."""
        kept = self.get(key)
        if kept is not None:
            open_shared().note_use(f"{self._kind}/{key}")
            return kept
        file = open_shared().find(f"{self._kind}/{key}")
        found = self._read(key, file) if file is not None else None
        if found is None:
            return None
        self.put(key, *found, owner)
        return found[0]

    def drop(self, key: str) -> None:
        """Keep something no longer, nowhere."""
        super().drop(key)
        open_shared().drop(f"{self._kind}/{key}")
