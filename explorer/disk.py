"""Files on the disk: where this project keeps what it makes, how much there is, what is private, and full disks."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FULL_DISK = "The disk is full; what had been measured is kept. Make room and start again."


def cache_folder() -> Path:
    """`EXPLORER_CACHE`, or `~/.cache/cnn-explorer`: jobs, data sets unpacked, stages of a training."""
    try:
        return Path(os.environ.get("EXPLORER_CACHE", "~/.cache/cnn-explorer")).expanduser()
    except RuntimeError:  # nobody's home, as in a container with a made-up user
        return Path(tempfile.gettempdir()) / "cnn-explorer"


def list_files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Path, bytes and time of the last change (ns) of all files in a folder, folders in it included.

    What goes meanwhile is left out.
    """
    pending = [str(folder)]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        found = entry.stat(follow_symlinks=False)
                        yield entry.path, found.st_size, found.st_mtime_ns


def measure(folder: Path) -> int:
    """Bytes of all files in a folder, folders in it included."""
    return sum(size for _, size, _ in list_files(folder))


def open_privately(path: str, flags: int) -> int:
    """An `opener` of files that nobody else can read."""
    return os.open(path, flags, 0o600)


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a file that is seen whole or not at all, and survives a power cut."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with open(partial, "wb", opener=open_privately) as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        with suppress(OSError):  # on a full disk what is there of it would take the last room
            partial.unlink()
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, says that a disk is full.

    PyTorch and safetensors wrap what the system said in errors of their own.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "os error 28" in str(error) or "PytorchStreamWriter failed writing" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def remove_halves(folder: Path) -> None:
    """Files that were not written to the end: they may be what fills the disk."""
    for path in folder.glob("*.part*"):
        with suppress(OSError):
            path.unlink()
