import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.datasets import ARCHIVES, DatasetMissing, locate
from explorer.training.datasets import IMAGENETTE_CLASSES, load_split


def pack(tmp_path: Path, name: str, folders: dict[str, list[int]]) -> None:
    """An archive whose folders hold flat PNG pictures of these grey values."""
    root = tmp_path / "pictures"
    for folder, greys in folders.items():
        (root / folder).mkdir(parents=True)
        for number, grey in enumerate(greys):
            Image.new("RGB", (4, 6), (grey, grey, 7)).save(root / folder / f"{number}.png")
    (tmp_path / "data").mkdir()
    with tarfile.open(tmp_path / "data" / ARCHIVES[name], "w:xz") as tar:
        for path in sorted(root.iterdir()):
            tar.add(path, path.name)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_split_is_pictures_labels_and_names(places: Path) -> None:
    pack(places, "cifar10", {"train/cat": [1], "test/dog": [10, 20], "test/cat": [30]})
    test = load_split("cifar10", "test")
    assert test.classes == ("cat", "dog")
    assert test.labels.tolist() == [0, 1, 1]
    assert test.images.shape == (3, 3, 6, 4)
    assert test.images.is_contiguous()
    assert test.images[:, 0, 0, 0].tolist() == [30, 10, 20]
    assert np.array_equal(test.images[1].permute(1, 2, 0).numpy(), np.full((6, 4, 3), (10, 10, 7)))


def test_imagenette_folders_get_their_names(places: Path) -> None:
    pack(places, "imagenette", {f"imagenette/val/{wnid}": [1] for wnid in IMAGENETTE_CLASSES})
    assert load_split("imagenette", "val").classes == tuple(IMAGENETTE_CLASSES.values())
    assert sorted(IMAGENETTE_CLASSES) == list(IMAGENETTE_CLASSES)  # the order of the folders


def test_it_is_unpacked_once(places: Path) -> None:
    pack(places, "cifar10", {"test/cat": [30] * 50})
    (places / "cache" / "cifar10.unpacking" / "half").mkdir(parents=True)
    with ThreadPoolExecutor(4) as pool:  # several servers may have one cache
        (folder,) = set(pool.map(locate, ["cifar10"] * 4))
    assert folder == places / "cache" / "cifar10"
    (places / "data" / ARCHIVES["cifar10"]).write_bytes(b"not needed any more")
    assert locate("cifar10") == folder
    assert {path.name for path in folder.parent.iterdir()} - {"cifar10.lock"} == {"cifar10"}
    assert len(list(folder.rglob("*.*"))) == 50
    assert not (folder / "half").exists()


def test_a_broken_archive_is_never_taken_for_a_whole_one(places: Path) -> None:
    pack(places, "cifar10", {"test/cat": [30] * 20})
    archive = places / "data" / ARCHIVES["cifar10"]
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    for _ in range(2):
        with pytest.raises((tarfile.TarError, EOFError, OSError)):
            locate("cifar10")


def test_missing_data_is_named(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DatasetMissing, match=r"holds no cifar10\.tar\.xz"):
        load_split("cifar10", "test")
    monkeypatch.delenv("EXPLORER_DATA")
    with pytest.raises(DatasetMissing, match="Set EXPLORER_DATA"):
        load_split("imagenette", "val")
