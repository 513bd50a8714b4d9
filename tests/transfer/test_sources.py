"""Where pictures come from: an untrusted ZIP file, named classes, sets that are built in, downloads."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import unicodedata
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.datasets import has_dataset
from explorer.image_folders import Limits, clean_name, is_plain
from explorer.images import ImageRejected
from explorer.transfer.data import sources, torchvision_sets
from explorer.transfer.data.own_classes import OwnClasses
from explorer.transfer.data.pictures import MOST_PICTURES, PictureSet
from explorer.transfer.data.shapes import SHAPES, draw_shape
from explorer.transfer.data.sources import (
    MAX_SIDE,
    IntakeRejected,
    accept,
    gather,
    list_built_in,
    load_built_in,
    official_split,
    read_zip,
    reopen,
)
from explorer.transfer.trial import TransferRejected
from tests.augmentation.test_image_zip import make_zip
from tests.transfer.making_pictures import noise_file, noise_set


def folders(*counts: int) -> dict[str, bytes]:
    names = ["cat", "ant", "bee"]
    return {
        f"my set/{names[label]}/{number}.png": noise_file(100 * label + number)
        for label, count in enumerate(counts)
        for number in range(count)
    }


def same(one: PictureSet, other: PictureSet) -> bool:
    return (one.files, one.names, one.classes, one.labels.tolist()) == (
        other.files,
        other.names,
        other.classes,
        other.labels.tolist(),
    )


def test_a_zip_file_with_a_folder_a_class() -> None:
    members = folders(5, 6)
    intake = read_zip(make_zip(members), "mine")
    pictures = intake.pictures
    assert pictures.title == "mine"
    assert pictures.classes == ("ant", "cat")
    assert pictures.files == tuple(members.values())
    assert pictures.labels.tolist() == [1] * 5 + [0] * 6
    assert pictures.names == (
        "0.png",
        "1.png",
        "2.png",
        "3.png",
        "4.png",
        "0.png",
        "1.png",
        "2.png",
        "3.png",
        "4.png",
        "5.png",
    )
    assert (intake.skipped, intake.note) == ((), "")


def test_bad_files_are_listed_with_their_reasons_and_good_ones_kept() -> None:
    extra = {
        "my set/cat/notes.txt": b"hello",
        "my set/cat/broken.png": noise_file(1)[:60],
        "my set/cat/more.zip": make_zip(folders(5)),
        "../up/x.png": noise_file(2),
        "top.png": noise_file(3),
        "my set/bee/lonely.png": noise_file(4),
    }
    intake = read_zip(make_zip({**folders(5, 6), **extra}), "mine")
    assert len(intake.pictures) == 11
    reasons = dict(intake.skipped)
    assert set(reasons) == {*list(extra)[:5], "bee"}
    assert "text" in reasons["my set/cat/notes.txt"]
    assert "damaged" in reasons["my set/cat/broken.png"]
    assert "archive" in reasons["my set/cat/more.zip"]
    assert "no folder" in reasons["top.png"]
    assert reasons["bee"] == "The class has only 1 of the 5 pictures that it takes."


@st.composite
def sets(draw: st.DrawFn) -> PictureSet:
    classes = draw(st.lists(_folder_names(), min_size=2, max_size=4, unique=True))
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), 5)
    labels = np.random.default_rng(draw(st.integers(0, 999))).permutation(labels)
    names = tuple(clean_name(draw(st.text(max_size=90))) for _ in labels)
    files = tuple(_FILES[draw(st.integers(0, len(_FILES) - 1))] for _ in labels)
    return PictureSet("drawn", files, names, labels, tuple(classes))


def _folder_names() -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=80).filter(
        lambda name: (
            is_plain(name)
            and "/" not in name
            and "\\" not in name
            and name not in ("__MACOSX", "train", "val", "test")
            and unicodedata.is_normalized("NFC", name)
        )
    )


_FILES = [noise_file(number, (3 + number, 2)) for number in range(6)]


@given(sets())
def test_what_was_written_is_the_same_set_in_the_same_order(pictures: PictureSet) -> None:
    data = pictures.to_zip()
    intake = read_zip(data, "drawn")
    assert same(intake.pictures, pictures)
    assert intake.pictures.key == pictures.key
    assert (intake.skipped, intake.note) == ((), "")
    assert same(reopen(data, "drawn"), pictures)


def test_only_what_was_written_here_is_reopened_unseen() -> None:
    with pytest.raises(TransferRejected, match="not put into a ZIP file here"):
        reopen(make_zip(folders(5, 5)), "mine")
    data = noise_set().to_zip()
    with pytest.raises(TransferRejected, match="damaged"):
        reopen(data.replace(b"class 1/00007", b"class 9/00007"), "mine")


def test_a_comment_that_lies_does_no_harm() -> None:
    for comment in (
        b'{"numbered": true}',
        b'{"numbered": true, "classes": 7}',
        b"[1]",
        b'{"numbered": 1, "classes": []}',
        b"[" * 60_000,
    ):
        buffer = io.BytesIO(make_zip(folders(5, 5)))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = comment
        assert read_zip(buffer.getvalue(), "mine").pictures.classes == ("ant", "cat")


def test_how_the_archive_was_understood_is_noted() -> None:
    parts = {
        f"{name}/{part}/{number}.png": noise_file(number)
        for name in "ab"
        for part in ("train", "val")
        for number in range(3)
    }
    intake = read_zip(make_zip(parts), "mine")
    assert intake.pictures.classes == ("a", "b")
    assert intake.pictures.counts.tolist() == [6, 6]
    assert intake.note == (
        "The folders inside each class (train, val) were put together: pictures are split anew here."
    )


def test_names_are_told_apart_in_their_composed_form() -> None:
    apart = unicodedata.normalize("NFD", "Käfer")
    own = OwnClasses()
    for each, name in zip(own.classes, ("Käfer", apart), strict=True):
        each.name = name
    refused = own.compose()
    assert isinstance(refused, IntakeRejected)
    assert "Two classes are called 'Käfer'" in str(refused)
    files = [(f"{number}.png", noise_file(number)) for number in range(5)]
    pictures = gather("mine", {apart: files, "ant": files}).pictures
    assert pictures.classes == ("Käfer", "ant")
    assert same(read_zip(pictures.to_zip(), "mine").pictures, pictures)


def test_large_photographs_are_saved_smaller_and_said_to_be() -> None:
    members = folders(5, 5)
    large = noise_file(7, (3000, 1500), "JPEG")
    intake = read_zip(make_zip({**members, "my set/cat/large.jpg": large}), "mine")
    place = intake.pictures.names.index("large.jpg")
    assert intake.pictures.image(place).size == (MAX_SIDE, MAX_SIDE // 2)
    assert intake.pictures.files[:5] == tuple(members.values())[:5]
    assert intake.note == "1 picture was larger than 1,024 pixels a side or 2 MB and saved again, smaller."
    difference = np.asarray(intake.pictures.image(place).resize((64, 32)), float) - np.asarray(
        Image.open(io.BytesIO(large)).resize((64, 32)), float
    )
    assert np.abs(difference).mean() < 3
    assert accept(large) == intake.pictures.files[place]
    assert accept(intake.pictures.files[place]) == intake.pictures.files[place]  # once is enough


def test_limits_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_zip(folders(5, 5))
    for changes, said in (
        ({"bytes": 10}, "more than 0 MB"),
        ({"members": 3}, "more than 3 files"),
        ({"unpacked": 10}, "would unpack to"),
        ({"pixels": 500}, "megapixels together"),
    ):
        monkeypatch.setattr(sources, "LIMITS", Limits(**{**sources.LIMITS.__dict__, **changes}))
        with pytest.raises(IntakeRejected, match=said):
            read_zip(data, "mine")
        monkeypatch.undo()
    monkeypatch.setattr(sources, "MOST_PICTURES", 8)
    with pytest.raises(IntakeRejected, match="more than 8 pictures"):
        read_zip(data, "mine")


def test_too_little_says_what_there_is_and_what_was_left_out() -> None:
    with pytest.raises(
        IntakeRejected, match=r"at least 2 classes with 5 readable pictures each; .*'cat' has 6"
    ) as caught:
        read_zip(make_zip({**folders(6, 4), "my set/ant/x.png": b"no"}), "mine")
    assert caught.value.skipped[0][0] == "my set/ant/x.png"
    with pytest.raises(IntakeRejected, match="no pictures in folders"):
        read_zip(make_zip({"x.txt": b"hello"}), "mine")
    with pytest.raises(IntakeRejected, match="no ZIP file"):
        read_zip(b"hello", "mine")
    many = {f"{number}/{each}.png": _FILES[0] for number in range(101) for each in range(5)}
    with pytest.raises(IntakeRejected, match="101 classes, more than the limit of 100"):
        read_zip(make_zip(many), "mine")


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    read_zip(make_zip(folders(5, 5)), "mine", lambda done, of: told.append((done, of)))
    assert told == [(number, 10) for number in range(1, 11)]


def test_files_dropped_onto_classes() -> None:
    good = [(f"C:\\me\\{number}.png", noise_file(number)) for number in range(6)]
    intake = gather("mine", {"z": good, "a": [*good[:5], ("bad/one.png", b"x")], "empty": []})
    assert intake.pictures.classes == ("z", "a")
    assert intake.pictures.labels.tolist() == [0] * 6 + [1] * 5
    assert intake.pictures.names[0] == "C__me_0.png"
    assert [name for name, _ in intake.skipped] == ["bad/one.png", "empty"]
    assert same(read_zip(intake.pictures.to_zip(), "mine").pictures, intake.pictures)
    assert same(gather("mine", {"z": good, "a": good[:5]}, accepted=True).pictures, intake.pictures)
    with pytest.raises(IntakeRejected, match="'a' has 4"):
        gather("mine", {"z": good, "a": good[:4]})


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "x" * 81, "a\nb", "C:", "__MACOSX"])
def test_names_that_no_folder_can_have(name: str) -> None:
    with pytest.raises(IntakeRejected, match="cannot be the name of a class"):
        gather("mine", {name: [], "b": []})


def test_what_is_no_picture_is_not_accepted() -> None:
    with pytest.raises(ImageRejected):
        accept(b"x")


def test_digits_are_scikit_learns_enlarged() -> None:
    from sklearn.datasets import load_digits

    raw = load_digits()
    pictures = load_built_in("digits", 12, seed=3)
    assert pictures.classes == tuple("0123456789")
    assert pictures.counts.tolist() == [12] * 10
    for place in (0, 50, 119):
        number = int(pictures.names[place].split("-")[1].removesuffix(".png"))
        assert raw.target[number] == pictures.labels[place]
        small = pictures.image(place).convert("L").resize((8, 8), Image.Resampling.BOX)
        assert np.abs(np.asarray(small, float) - raw.images[number] * 255 / 16).mean() < 16
    assert pictures.key == load_built_in("digits", 12, seed=3).key
    assert pictures.key != load_built_in("digits", 12, seed=4).key
    assert len(load_built_in("digits")) == 1797


def test_shapes_are_drawn_and_can_be_told_apart() -> None:
    pictures = load_built_in("shapes", 8)
    assert pictures.classes == SHAPES
    assert pictures.counts.tolist() == [8] * 4
    assert len(set(pictures.files)) == 32
    assert pictures.key == load_built_in("shapes", 8).key
    assert set(load_built_in("shapes", 8, seed=1).files).isdisjoint(pictures.files)
    assert draw_shape("star", 5).tobytes() == draw_shape("star", 5).tobytes()
    with pytest.raises(ValueError, match="no shape 'hexagon'"):
        draw_shape("hexagon", 0)


def test_every_set_on_offer_that_needs_no_network_round_trips() -> None:
    for name in list_built_in():
        if name not in torchvision_sets.TORCHVISION:
            pictures = load_built_in(name, 5)
            assert same(read_zip(pictures.to_zip(), pictures.title).pictures, pictures), name


def test_ants_and_bees_in_their_official_split() -> None:
    if not has_dataset("hymenoptera"):
        pytest.skip("EXPLORER_DATA holds no ants and bees")
    pictures = load_built_in("hymenoptera")
    dealt = official_split(pictures)
    assert dealt is not None
    assert (len(dealt.training), len(dealt.validation), len(dealt.test)) == (244, 0, 153)
    assert dealt.training.tolist() == list(range(244))
    assert np.bincount(pictures.labels[dealt.training]).tolist() == [123, 121]
    assert np.bincount(pictures.labels[dealt.test]).tolist() == [70, 83]
    again = official_split(read_zip(pictures.to_zip(), "x").pictures)
    assert again is not None
    assert again.test.tolist() == dealt.test.tolist()
    few = load_built_in("hymenoptera", 40)
    assert few.counts.tolist() == [40, 40]
    assert load_built_in("hymenoptera", 200).counts.tolist() == [193, 200]  # ants are not more
    assert official_split(few) is not None
    assert official_split(noise_set()) is None


def test_sets_beside_the_project_are_taken_evenly() -> None:
    if not has_dataset("imagenette"):
        pytest.skip("EXPLORER_DATA holds no Imagenette")
    pictures = load_built_in("imagenette", 7, seed=2)
    assert pictures.counts.tolist() == [7] * 10
    assert pictures.classes[0] == "tench"
    assert pictures.key == load_built_in("imagenette", 7, seed=2).key


def test_what_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    assert "cifar10" not in list_built_in()
    assert "torchvision-cifar10" in list_built_in()
    with pytest.raises(TransferRejected, match=r"CIFAR-10 is not on this machine\. Set EXPLORER_DATA"):
        load_built_in("cifar10")
    with pytest.raises(TransferRejected, match="no set 'faces'"):
        load_built_in("faces")


def idx(values: np.ndarray) -> bytes:
    """The format of MNIST: a magic number, the sizes, the bytes."""
    head = struct.pack(">I", 0x0800 + values.ndim) + b"".join(struct.pack(">I", size) for size in values.shape)
    return gzip.compress(head + values.astype(np.uint8).tobytes())


@pytest.fixture
def fashion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A tiny Fashion-MNIST on a server of files, whose checksums torchvision knows."""
    from torchvision import datasets

    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    server = tmp_path / "server"
    server.mkdir()
    random = np.random.default_rng(0)
    labels = np.arange(70) % 10
    images = random.integers(0, 256, (70, 28, 28))
    files = {}
    for part in ("train", "t10k"):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(images)
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(labels)
    for name, data in files.items():
        (server / name).write_bytes(data)
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"{server.as_uri()}/"])
    resources = [(name, hashlib.md5(data).hexdigest()) for name, data in files.items()]
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    return SimpleNamespace(server=server, images=images, labels=labels, cache=tmp_path / "cache")


def test_a_set_of_torchvision_is_downloaded_once_with_progress(fashion: SimpleNamespace) -> None:
    told: list[tuple[int, int]] = []
    assert not torchvision_sets.is_here("fashion")
    pictures = load_built_in("fashion", 6, tell=lambda done, of: told.append((done, of)))
    assert told
    assert all(0 < done <= of for done, of in told)
    assert pictures.counts.tolist() == [6] * 10
    assert pictures.classes[0] == "T-shirt or top"
    number = int(pictures.names[0].removesuffix(".png"))
    assert (np.asarray(pictures.image(0))[..., 0] == fashion.images[number]).all()
    assert fashion.labels[number] == pictures.labels[0]
    assert torchvision_sets.is_here("fashion")
    for file in fashion.server.iterdir():
        file.unlink()
    assert load_built_in("fashion", 6).key == pictures.key  # offline


def test_a_download_that_fails_says_so_and_leaves_nothing(fashion: SimpleNamespace) -> None:
    next(fashion.server.glob("train-images*")).write_bytes(b"something else")
    with pytest.raises(TransferRejected, match="came damaged"):
        load_built_in("fashion", 6)
    for file in fashion.server.iterdir():
        file.unlink()
    with pytest.raises(TransferRejected, match=r"could not be downloaded .* work offline"):
        load_built_in("fashion", 6)
    assert not [path for path in fashion.cache.rglob("*") if path.is_file()]


def test_the_limit_of_pictures_is_that_of_a_set() -> None:
    assert sources.LIMITS.members >= MOST_PICTURES
