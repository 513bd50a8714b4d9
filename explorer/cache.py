"""Where this project keeps what it makes, and how much lies there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


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
