"""Where Ray's jobs lie: a folder that all machines see, or a bucket, as for Ray Train's `storage_path`.

    root/gone                        jobs that had to make room
    root/<id>/inputs/, order.json    the files that came with it; the order, written last
    root/<id>/0/, 1/ ...             one folder a task, as it was when it was last synchronised
    root/<id>/tasks/0.json           how far a task is (see `Record`)
    root/<id>/events/0/              what it has reported, JSON lines, in files by attempt and number
    root/<id>/stop, finished         somebody wants it to end; nothing more will happen

No file is ever seen half written. One storage belongs to one cluster.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pyarrow import fs

from explorer.jobs.disk import Filed
from explorer.jobs.limits import Limits
from explorer.jobs.order import JobUnknown, State

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_OBJECT_STORES = ("s3", "gcs", "abfs")  # where a file appears whole, cannot be renamed, and folders are only names
_CHUNK = 256 * 1024  # bytes after which events go to another file: a file can only be written anew
_REMEMBERED = 10_000  # jobs of which is known that they had to make room

Events = list[Mapping[str, Any]]


@dataclass(frozen=True)
class Record:
    """How far a task is, as it is written down.

    Attributes:
        state, attempts, problem: as of a `TaskStatus`.
        began: when its first attempt began, in seconds of the wall clock; 0 before.
        ended: when it ended; 0 before.
    """

    state: State = "queued"
    attempts: int = 0
    problem: str = ""
    began: float = 0.0
    ended: float = 0.0


class Storage:
    """Files under a root, wherever that is. Paths are relative to it, with "/"."""

    def __init__(self, uri: str, filesystem: fs.FileSystem | None = None) -> None:
        """Open it.

        Args:
            uri: of the root, such as "s3://bucket/jobs", or an absolute path.
            filesystem: where the root lies, if it is not to be found from the URI.
        """
        self.uri = uri
        found: tuple[fs.FileSystem, str] = (filesystem, uri) if filesystem else fs.FileSystem.from_uri(uri)
        self._files, self._root = found
        self._whole = self._files.type_name in _OBJECT_STORES
        self._made: set[str] = set()

    @property
    def folder(self) -> Path | None:
        """The root as a folder of this machine; None where it is none."""
        return Path(self._root) if isinstance(self._files, fs.LocalFileSystem) else None

    def read(self, path: str) -> bytes:
        """A file's bytes; FileNotFoundError where there is none."""
        with self._files.open_input_stream(self._at(path)) as stream:
            return bytes(stream.read())

    def write(self, path: str, data: bytes) -> None:
        """A file, whole or not at all, in the place of one that may be there."""
        target, partial = self._prepare(path)
        with self._files.open_output_stream(partial) as stream:
            stream.write(data)
        self._show(partial, target)

    def upload(self, source: Path, path: str) -> bool:
        """Copy a file of this machine; False, and nothing is changed, where it changed meanwhile."""
        before = source.stat()
        target, partial = self._prepare(path)
        here = fs.LocalFileSystem()
        # One thread: pyarrow's uploads to S3 may wait for each other for ever (apache/arrow#32372).
        fs.copy_files(
            str(source), partial, source_filesystem=here, destination_filesystem=self._files, use_threads=False
        )
        after = source.stat() if source.exists() else None
        if after is None or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            self._files.delete_file(partial)
            return False
        self._show(partial, target)
        return True

    def fetch(self, path: str, target: Path) -> None:
        """Copy a file to this machine, whole or not at all."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
        here = fs.LocalFileSystem()
        fs.copy_files(self._at(path), str(partial), source_filesystem=self._files, destination_filesystem=here)
        partial.replace(target)

    def download(self, path: str, folder: Path) -> None:
        """Copy all files in a folder and the folders in it to a folder of this machine; there may be none."""
        for name in self.sizes(path):
            self.fetch(f"{path}/{name}", folder / name)

    def exists(self, *paths: str) -> list[bool]:
        """Which of these are there."""
        found = self._files.get_file_info([self._at(path) for path in paths])
        return [info.type != fs.FileType.NotFound for info in found]

    def remove(self, path: str) -> None:
        """A file, or a folder with all in it; nothing where there is none."""
        with suppress(FileNotFoundError):
            if self._files.get_file_info(self._at(path)).is_file:
                self._files.delete_file(self._at(path))
            else:
                self._files.delete_dir(self._at(path))

    def names(self, path: str = "") -> list[str]:
        """What lies in a folder, sorted; empty where there is none."""
        return sorted(info.base_name for info in self._list(path))

    def sizes(self, path: str) -> dict[str, tuple[int, int]]:
        """Bytes and time of the last change (ns) of all files under a path, by their paths relative to it."""
        root = self._at(path)
        infos = [info for info in self._list(path, recursive=True) if info.is_file]
        return {
            PurePosixPath(info.path).relative_to(root).as_posix(): (info.size, info.mtime_ns or 0) for info in infos
        }

    def _list(self, path: str, recursive: bool = False) -> list[fs.FileInfo]:
        return list(
            self._files.get_file_info(fs.FileSelector(self._at(path), allow_not_found=True, recursive=recursive))
        )

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}".rstrip("/")

    def _prepare(self, path: str) -> tuple[str, str]:
        """Where a file is to be, and where to write it first."""
        target = self._at(path)
        if self._whole:
            return target, target
        parent, _, name = target.rpartition("/")
        if parent not in self._made:
            self._files.create_dir(parent, recursive=True)
            self._made.add(parent)
        return target, f"{parent}/.{name}.{secrets.token_hex(4)}.partial"

    def _show(self, partial: str, target: str) -> None:
        if partial != target:
            self._files.move(partial, target)


class JobStore:
    """The parts of one job in a storage."""

    def __init__(self, storage: Storage, job: str) -> None:
        self.storage = storage
        self.id = job

    @property
    def finished(self) -> bool:
        return self.storage.exists(f"{self.id}/finished")[0]

    @property
    def stopping(self) -> bool:
        return self.storage.exists(f"{self.id}/stop")[0]

    def file(self, filed: Filed, inputs: Mapping[str, bytes]) -> None:
        """Write a new job, the order last: with it the job is one."""
        for name, data in inputs.items():
            self.storage.write(f"{self.id}/inputs/{name}", data)
        self.storage.write(f"{self.id}/order.json", filed.to_json().encode())

    def read(self) -> Filed:
        """The order, as it was filed; FileNotFoundError where there is none."""
        return Filed.from_json(self.storage.read(f"{self.id}/order.json").decode())

    def ask_to_stop(self) -> None:
        self.storage.write(f"{self.id}/stop", b"")

    def finish(self) -> None:
        self.storage.write(f"{self.id}/finished", b"")

    def read_record(self, number: int) -> Record:
        """How far a task is."""
        try:
            return Record(**json.loads(self.storage.read(f"{self.id}/tasks/{number}.json")))
        except FileNotFoundError:  # nobody has begun it
            return Record()

    def write_record(self, number: int, record: Record) -> None:
        self.storage.write(f"{self.id}/tasks/{number}.json", json.dumps(asdict(record)).encode())

    def read_events(self, number: int) -> Events:
        """All that a task has reported, over all attempts."""
        folder = f"{self.id}/events/{number}"
        chunks = [self.storage.read(f"{folder}/{name}") for name in self.storage.names(folder) if name[0] != "."]
        return [json.loads(line) for chunk in chunks for line in chunk.splitlines()]


class EventLog:
    """What one attempt of a task reports, on its way to the storage."""

    def __init__(self, store: JobStore, number: int, attempt: int) -> None:
        self._store = store
        self._stem = f"{store.id}/events/{number}/{attempt:05d}"
        self._chunk = b""
        self._number = 0

    def write(self, events: Sequence[str]) -> None:
        """Add events, each one line of JSON."""
        chunk = self._chunk + "".join(f"{event}\n" for event in events).encode()
        self._store.storage.write(f"{self._stem}-{self._number:05d}.jsonl", chunk)
        self._chunk = chunk
        if len(chunk) > _CHUNK:
            self._chunk = b""
            self._number += 1


def new_id() -> str:
    """Letters, digits, "-" and "_", which nobody guesses."""
    return secrets.token_urlsafe(16)


def find_job(storage: Storage, job: str) -> JobStore:
    """A job's parts.

    Raises:
        JobUnknown: there is none, or no longer.
    """
    if not isinstance(job, str) or not _ID.fullmatch(job):  # nothing else may become part of a path
        raise JobUnknown("There is no job of this name.")
    if not storage.exists(f"{job}/order.json")[0]:
        if job in _read_gone(storage):
            raise JobUnknown("The results of this job are gone: they had to make room for newer ones.")
        raise JobUnknown("There is no job of this name.")
    return JobStore(storage, job)


def list_jobs(storage: Storage, known_finished: set[str]) -> Iterator[tuple[str, bool]]:
    """All jobs, and whether each is finished; those that are known to be are left out."""
    names = [name for name in storage.names() if _ID.fullmatch(name) and name not in known_finished]
    if names:
        there = storage.exists(*(f"{name}/order.json" for name in names))
        finished = storage.exists(*(f"{name}/finished" for name in names))
        yield from ((name, done) for name, whole, done in zip(names, there, finished, strict=True) if whole)


def make_room(storage: Storage, limits: Limits, coming: int) -> bool:
    """Remove the oldest finished jobs until `coming` bytes more fit; False where that does not suffice."""
    sizes = {job: storage.sizes(job) for job, _ in list_jobs(storage, set())}
    finished = sorted(
        (job for job, files in sizes.items() if "finished" in files), key=lambda job: sizes[job]["finished"][1]
    )
    total = coming + sum(size for files in sizes.values() for size, _ in files.values())
    left = len(finished)
    for job in finished:
        if total <= limits.room and left <= limits.kept:
            break
        total -= sum(size for size, _ in sizes[job].values())
        left -= 1
        gone = [*_read_gone(storage), job]
        storage.write("gone", "\n".join(gone[-_REMEMBERED:]).encode())
        storage.remove(f"{job}/order.json")  # with it the job is gone, whatever takes longer
        storage.remove(job)
    return total <= limits.room


def _read_gone(storage: Storage) -> list[str]:
    try:
        return storage.read("gone").decode().split()
    except FileNotFoundError:
        return []
