"""Official torchvision weights: from the cache, or over the network with progress."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import tempfile
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from torchvision import models

from explorer.zoo.catalogue import PACKAGED, list_own, list_shipped

Progress = Callable[[int, int], None]  # bytes so far, bytes in all (0 where the server does not say)


class WeightsUnavailable(RuntimeError):
    """The weights are neither in the cache nor to be had from the network."""


def cached_path(url: str) -> Path:
    """Where torchvision keeps the file of a URL (`TORCH_HOME` moves it)."""
    return Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]


def is_cached(name: str) -> bool:
    """Whether the weights of a network are on this machine, and whole; shipped ones always are."""
    if name in list_own():
        return name not in PACKAGED or name in list_shipped()
    return is_whole(cached_path(models.get_model_weights(name).DEFAULT.url))


def is_whole(path: Path) -> bool:
    """Whether a file is there, and is the one whose sha256 begins with the digits in its name, or can be read at least.

    A download that another program has cut short may lie there under its whole name; weights that were converted from
    elsewhere may too.
    """
    try:
        found = path.stat()
        return path.is_file() and _is_readable(path, found.st_size, found.st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=64)
def _is_readable(path: Path, size: int, changed: int) -> bool:
    """Of a file of this size that was changed then: hundreds of megabytes are read once."""
    expected = _digits_in(path)
    with path.open("rb") as file:
        if expected and hashlib.file_digest(file, "sha256").hexdigest().startswith(expected):
            return True
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # whatever half a pickle, half an archive or something else altogether makes of it
        return False
    return True


def _digits_in(path: Path) -> str:
    found = re.search(r"-([0-9a-f]{8,})\.", path.name)
    return found[1] if found else ""


def ensure_downloaded(name: str, url: str, progress: Progress | None = None, timeout: float = 15.0) -> Path:
    """Bring one file of weights into torchvision's cache, unless it is there and whole.

    The first eight digits of the file's sha256 are part of torchvision's file names; a download that
    does not match them is thrown away.

    Raises:
        WeightsUnavailable: no network, a cache that cannot be written, or what came is damaged.
    """
    target = cached_path(url)
    if is_whole(target):
        return target
    digest = hashlib.sha256()
    part: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(url, timeout=timeout) as response,
            tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file,
        ):
            part = file.name
            total = int(response.headers.get("Content-Length") or 0)
            done = 0
            while block := response.read(1 << 20):
                file.write(block)
                digest.update(block)
                done += len(block)
                if progress:
                    progress(done, total)
        if (total and done != total) or not digest.hexdigest().startswith(_digits_in(target)):
            raise WeightsUnavailable(f"The download of {name}'s weights came damaged; try again.")
        os.replace(part, target)  # a reader never sees half a file
        part = None
    except (OSError, http.client.HTTPException) as error:
        where = (
            f"are damaged on this machine ({target.name} in torchvision's cache) and could not be downloaded again"
            if target.is_file()
            else "are not on this machine and could not be downloaded"
        )
        raise WeightsUnavailable(
            f"The weights of {name} {where} ({_say(error)}); the shipped networks work offline."
        ) from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)
    return target


def _say(error: Exception) -> str:
    """The reason in few words, without paths of this machine."""
    reason = getattr(error, "reason", error)
    return reason.strerror or str(reason) if isinstance(reason, OSError) and reason.filename else str(reason)
