"""Sets of pictures that need no upload: two that are always there, and those that lie beside the project.

What torchvision would download first is in `torchvision_sets`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.datasets import IMAGENETTE_CLASSES, DatasetMissing, has_dataset, locate
from explorer.image_folders import clean_name
from explorer.transfer.data.pictures import LEAST_PICTURES, MOST_PICTURES, PictureSet
from explorer.transfer.data.shapes import SHAPES, shape_file
from explorer.transfer.data.splitting import Split, choose_evenly
from explorer.transfer.data.torchvision_sets import TORCHVISION, load_torchvision
from explorer.transfer.trial import TransferRejected

_ALWAYS = {"digits": "Handwritten digits", "shapes": "Shapes on textured grounds"}
_BESIDE = {"hymenoptera": "Ants and bees", "cifar10": "CIFAR-10", "imagenette": "Imagenette"}
BUILT_IN: Mapping[str, str] = {**_ALWAYS, **_BESIDE, **TORCHVISION}
"""Titles of all sets by name; `list_built_in` has those that this machine can offer."""

_SHAPES_EACH = 200  # there is no end to them, but somewhere a slider must end
_DIGIT_SIDE = 32
_OFFICIAL = ("ants", "bees")

Tell = Callable[[int, int], None]  # (bytes so far, bytes in all)


def list_built_in() -> dict[str, str]:
    """Titles of the sets that can be had on this machine: the last ones after a download."""
    beside = {name: title for name, title in _BESIDE.items() if has_dataset(name)}
    remote = {
        name: title for name, title in TORCHVISION.items() if name != "torchvision-cifar10" or "cifar10" not in beside
    }
    return {**_ALWAYS, **beside, **remote}


def load_built_in(name: str, count: int | None = None, seed: int = 0, tell: Tell | None = None) -> PictureSet:
    """One of `BUILT_IN`.

    Args:
        name: which one.
        count: pictures of each class, as far as it has so many; None for all, or as many as a set can hold.
        seed: which ones are chosen.
        tell: called while something is downloaded.

    Raises:
        TransferRejected: no such set, or it is not on this machine and cannot be downloaded.
    """
    if name not in BUILT_IN:
        raise TransferRejected(f"There is no set {name!r}; there are {', '.join(BUILT_IN)}.")
    if name in TORCHVISION:
        files, names, labels, classes = load_torchvision(name, count, seed, tell)
        return PictureSet(TORCHVISION[name], files, names, labels, classes)
    if name == "digits":
        return _load_digits(count, seed)
    if name == "shapes":
        return _load_shapes(count, seed)
    try:
        root = locate(name)
    except DatasetMissing as missing:
        raise TransferRejected(f"{BUILT_IN[name]} is not on this machine. {missing}") from missing
    return _load_hymenoptera(root, count, seed) if name == "hymenoptera" else _load_folder(name, root, count, seed)


def official_split(pictures: PictureSet) -> Split | None:
    """The split that others report, where a set comes with one and its pictures are all marked with their part.

    Ants and bees: the training pictures of its archive, and its validation pictures to test with. None are watched.
    """
    if pictures.classes != _OFFICIAL or not all(name.startswith(("train-", "val-")) for name in pictures.names):
        return None
    tested = np.array([name.startswith("val-") for name in pictures.names])
    return Split(np.flatnonzero(~tested), np.empty(0, np.int64), np.flatnonzero(tested))


def _load_digits(count: int | None, seed: int) -> PictureSet:
    """Scikit-learn's digits, 8 x 8 with 17 greys, light on dark.

    They are enlarged smoothly: the corners of enlarged pixels would be edges that nobody wrote.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    labels = found.target.astype(np.int64)
    chosen = choose_evenly(labels, count, seed)
    files = []
    for grey in found.images[chosen]:
        image = Image.fromarray(np.rint(grey * (255 / 16)).astype(np.uint8))
        buffer = io.BytesIO()
        image.resize((_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.BICUBIC).save(buffer, "PNG")
        files.append(buffer.getvalue())
    names = tuple(f"digit-{place:04d}.png" for place in chosen.tolist())
    return PictureSet(_ALWAYS["digits"], tuple(files), names, labels[chosen], tuple(map(str, range(10))))


def _load_shapes(count: int | None, seed: int) -> PictureSet:
    each = max(LEAST_PICTURES, min(count or _SHAPES_EACH, MOST_PICTURES // len(SHAPES)))
    places = range(seed * MOST_PICTURES, seed * MOST_PICTURES + each)  # other pictures for every seed
    files = tuple(shape_file(shape, place) for shape in SHAPES for place in places)
    names = tuple(f"{shape}-{place:04d}.png" for shape in SHAPES for place in places)
    labels = np.repeat(np.arange(len(SHAPES), dtype=np.int64), each)
    return PictureSet(_ALWAYS["shapes"], files, names, labels, SHAPES)


def _load_hymenoptera(root: Path, count: int | None, seed: int) -> PictureSet:
    """Training pictures first, then those that others validate with: 244 and 153, or of each class a share of both.

    One file in the archive is a GIF that says that a picture was not found; nobody's loader takes it.
    """
    base = next(path for path in (root / "hymenoptera", root) if (path / "train").is_dir())
    paths = [
        path for part in ("train", "val") for name in _OFFICIAL for path in sorted((base / part / name).glob("*.jp*g"))
    ]
    if count is not None:
        tested = np.array([path.parents[1].name == "val" for path in paths])
        kept: list[int] = []
        for label, name in enumerate(_OFFICIAL):
            own = np.array([path.parent.name == name for path in paths])
            learned, rest = (
                np.random.default_rng((seed, label, part)).permutation(np.flatnonzero(own & (tested == part))).tolist()
                for part in (False, True)
            )
            wanted = min(max(LEAST_PICTURES, count), len(learned) + len(rest))
            first = round(wanted * len(learned) / (len(learned) + len(rest)))  # both parts keep their proportion
            kept += learned[:first] + rest[: wanted - first]
        paths = [paths[place] for place in sorted(kept)]
    labels = np.array([_OFFICIAL.index(path.parent.name) for path in paths], np.int64)
    names = tuple(f"{path.parents[1].name}-{clean_name(path.name, 60)}" for path in paths)
    return PictureSet(_BESIDE["hymenoptera"], tuple(path.read_bytes() for path in paths), names, labels, _OFFICIAL)


def _load_folder(name: str, root: Path, count: int | None, seed: int) -> PictureSet:
    """The training part of a set of folders."""
    base = next(path for path in (root / "train", root / name / "train") if path.is_dir())
    folders = sorted(path for path in base.iterdir() if path.is_dir())
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    places = {folder.name: place for place, folder in enumerate(folders)}
    labels = np.array([places[path.parent.name] for path in paths], np.int64)
    chosen = choose_evenly(labels, count, seed)
    files = tuple(paths[place].read_bytes() for place in chosen.tolist())
    names = tuple(clean_name(paths[place].name) for place in chosen.tolist())
    classes = tuple(IMAGENETTE_CLASSES.get(folder.name, folder.name) for folder in folders)
    return PictureSet(_BESIDE[name], files, names, labels[chosen], classes)
