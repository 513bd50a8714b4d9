"""Sets that torchvision knows, by name: downloaded once with progress, checked by its checksums, kept in the cache.

torchvision's own download shows its progress in a terminal only, and does not say politely that there is no network.
So the files are brought here; unpacking them and reading their formats stays with torchvision.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explorer.disk import cache_folder
from explorer.transfer.data.splitting import choose_evenly
from explorer.transfer.trial import TransferRejected

TORCHVISION: Final[Mapping[str, str]] = {
    "torchvision-cifar10": "CIFAR-10 (170 MB)",
    "fashion": "Fashion-MNIST (31 MB)",
    "kuzushiji": "Kuzushiji-MNIST (21 MB)",
    "eurosat": "EuroSAT from above (94 MB)",
}
_EUROSAT: Final = (  # as torchvision.datasets.EuroSAT.download has it; it offers them nowhere else
    "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
    "c8fa014336c82ac7804f0398fcb19387",
)
_PATIENCE = 15.0  # seconds without a byte
_lock = threading.Lock()  # one download at a time: two persons may ask for the same set

Tell = Callable[[int, int], None]  # (bytes so far, bytes in all)
Loaded = tuple[tuple[bytes, ...], tuple[str, ...], NDArray[np.int64], tuple[str, ...]]


@dataclass(frozen=True)
class Remote:
    """A file of a set: where it comes from, where torchvision looks for it, and its MD5."""

    url: str
    path: Path
    md5: str


def load_torchvision(name: str, count: int | None, seed: int, tell: Tell | None = None) -> Loaded:
    """Files, names, labels and classes of the training part, downloaded first where it is not in the cache.

    Args:
        name: one of `TORCHVISION`.
        count: pictures of each class; None for as many as fit into a set.
        seed: which ones.
        tell: called after every piece of a download.

    Raises:
        TransferRejected: it is not in the cache and cannot be downloaded.
    """
    root = cache_folder() / "torchvision"
    with _lock:
        for remote in remotes_of(name, root):
            bring(remote, TORCHVISION[name], tell)
        found = _open(name, root)
    labels = np.asarray(found.targets).astype(np.int64)
    chosen = choose_evenly(labels, count, seed)
    if name == "eurosat":
        paths = [Path(found.samples[place][0]) for place in chosen.tolist()]
        files, names = [path.read_bytes() for path in paths], [path.name for path in paths]
    else:
        files = [_as_png(np.asarray(found.data[place])) for place in chosen.tolist()]
        names = [f"{place:05d}.png" for place in chosen.tolist()]
    classes = tuple(str(each).replace("/", " or ") for each in found.classes)  # no folder may be called "T-shirt/top"
    return tuple(files), tuple(names), labels[chosen], classes


def remotes_of(name: str, root: Path) -> Sequence[Remote]:
    """What has to be in the cache before torchvision can read a set."""
    from torchvision import datasets

    if name == "torchvision-cifar10":
        known = datasets.CIFAR10
        return [Remote(known.url, root / known.filename, known.tgz_md5)]
    if name == "eurosat":
        return [Remote(_EUROSAT[0], root / "eurosat" / "EuroSAT.zip", _EUROSAT[1])]
    small = _class_of(name)
    folder = root / small.__name__ / "raw"
    return [Remote(small.mirrors[0] + file, folder / file, md5) for file, md5 in small.resources]


def is_here(name: str) -> bool:
    """Whether a set has been downloaded before."""
    return all(remote.path.is_file() for remote in remotes_of(name, cache_folder() / "torchvision"))


def bring(remote: Remote, title: str, tell: Tell | None = None) -> None:
    """Download a file, unless it is there and whole.

    Raises:
        TransferRejected: no network, a cache that cannot be written, or what came is damaged.
    """
    if remote.path.is_file() and _md5(remote.path) == remote.md5:
        return
    part: str | None = None
    digest = hashlib.md5(usedforsecurity=False)
    try:
        remote.path.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(remote.url, timeout=_PATIENCE) as response,
            tempfile.NamedTemporaryFile(dir=remote.path.parent, suffix=".part", delete=False) as file,
        ):
            part = file.name
            total, done = int(response.headers.get("Content-Length") or 0), 0
            while block := response.read(1 << 18):
                file.write(block)
                digest.update(block)
                done += len(block)
                if tell is not None:
                    tell(done, total)
        if digest.hexdigest() != remote.md5:
            raise TransferRejected(f"The download of {title} came damaged; try again.")
        os.replace(part, remote.path)  # a reader never sees half a file
        part = None
    except (OSError, http.client.HTTPException) as error:
        raise TransferRejected(
            f"{title} is not on this machine and could not be downloaded ({getattr(error, 'reason', error)}); "
            "digits, shapes and your own pictures work offline."
        ) from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)


def _class_of(name: str) -> Any:
    from torchvision import datasets

    return {
        "torchvision-cifar10": datasets.CIFAR10,
        "fashion": datasets.FashionMNIST,
        "kuzushiji": datasets.KMNIST,
        "eurosat": datasets.EuroSAT,
    }[name]


def _open(name: str, root: Path) -> Any:
    """Torchvision's own object; "download" only unpacks what is there and agrees with its checksums."""
    try:
        return _class_of(name)(root, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise TransferRejected(f"{TORCHVISION[name]} could not be unpacked ({error}).") from error


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _as_png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
