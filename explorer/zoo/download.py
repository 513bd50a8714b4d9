"""Official torchvision weights: from the cache, or over the network with progress."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import tempfile
import urllib.request
from collections.abc import Callable
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
    """Whether the weights of a network are on this machine; shipped ones always are."""
    if name in list_own():
        return name not in PACKAGED or name in list_shipped()
    return cached_path(models.get_model_weights(name).DEFAULT.url).is_file()


def ensure_downloaded(name: str, url: str, progress: Progress | None = None, timeout: float = 15.0) -> Path:
    """Bring one file of weights into torchvision's cache, unless it is there.

    The first eight digits of the file's sha256 are part of torchvision's file names; a download that
    does not match them is thrown away.

    Raises:
        WeightsUnavailable: no network, a cache that cannot be written, or what came is damaged.
    """
    target = cached_path(url)
    if target.is_file():
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
        expected = re.search(r"-([0-9a-f]{8,})\.", target.name)
        if (total and done != total) or (expected and not digest.hexdigest().startswith(expected[1])):
            raise WeightsUnavailable(f"The download of {name}'s weights came damaged; try again.")
        os.replace(part, target)  # a reader never sees half a file
        part = None
    except (OSError, http.client.HTTPException) as error:
        raise WeightsUnavailable(
            f"The weights of {name} are not on this machine and could not be downloaded "
            f"({getattr(error, 'reason', error)}); the shipped networks work offline."
        ) from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)
    return target
