"""A task's folder on the machine that works, and its copy in the storage, from which another machine may go on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from explorer.jobs.disk import list_files
from explorer.jobs.ray_storage import Storage


class Mirror:
    """A folder of this machine and its copy in the storage. Not to be used from several threads at once."""

    def __init__(self, storage: Storage, path: str, folder: Path) -> None:
        self._storage = storage
        self._path = path
        self._folder = folder
        self._copied: dict[str, tuple[int, int]] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def restore(self) -> None:
        """Bring the folder to where the copy is."""
        self._storage.download(self._path, self._folder)
        self._copied = self._look()

    def push(self, settled: bool = False) -> bool:
        """Bring the copy to where the folder is; whether anything had to be done.

        Args:
            settled: leave out files that were not yet as they are now at the last call: somebody may be writing them.
        """
        if not self._folder.is_dir():
            return False
        present = self._look()
        changed = [name for name, mark in present.items() if self._copied.get(name) != mark]
        if settled:
            changed = [name for name in changed if self._seen.get(name) == present[name]]
        self._seen = present
        gone = [name for name in self._copied if name not in present and not (self._folder / name).exists()]
        done = False
        for name in sorted(changed, key=lambda name: present[name][1]):  # as they were written: one may name another
            with suppress(FileNotFoundError):  # renamed meanwhile
                if self._storage.upload(self._folder / name, f"{self._path}/{name}"):
                    self._copied[name] = present[name]
                    done = True
        for name in gone:
            self._storage.remove(f"{self._path}/{name}")
            del self._copied[name]
        return done or bool(gone)

    def _look(self) -> dict[str, tuple[int, int]]:
        return {
            os.path.relpath(path, self._folder).replace(os.sep, "/"): (size, time)
            for path, size, time in list_files(self._folder)
        }
