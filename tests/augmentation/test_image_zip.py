"""A person's ZIP file of pictures: what is read, what is left out, and what is refused in one sentence."""

import builtins
import contextlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer import image_folders
from explorer.augmentation import PipelineRejected, image_zip
from explorer.augmentation.image_zip import MAX_MEMBERS, SIDE, read_image_zip, shrink, take_evenly

RED, BLUE = (200, 20, 10), (10, 30, 220)


def png(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (40, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def make_zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def two_classes(each: int = 5, prefix: str = "") -> dict[str, bytes]:
    names = (("red", RED), ("blue", BLUE))
    return {f"{prefix}{name}/{number}.png": png(colour) for name, colour in names for number in range(each)}


@pytest.mark.parametrize("prefix", ["", "mine/", "mine/photos of 2024/"])
def test_the_folder_of_a_picture_names_its_class(prefix: str) -> None:
    folder = read_image_zip(make_zip(two_classes(6, prefix)))
    assert folder.pictures.classes == ("blue", "red")
    assert folder.pictures.labels.tolist() == [0] * 6 + [1] * 6
    assert folder.pictures.images.shape == (12, 3, SIDE, SIDE)
    assert (folder.pictures.images[0] == np.array(BLUE)[:, None, None]).all()
    assert (folder.pictures.images[-1] == np.array(RED)[:, None, None]).all()
    assert folder.note == ""


def test_training_and_test_parts_are_one_class() -> None:
    folder = read_image_zip(make_zip({**two_classes(5, "train/"), **two_classes(2, "test/")}))
    assert folder.pictures.classes == ("blue", "red")
    assert np.bincount(folder.pictures.labels).tolist() == [7, 7]


def test_folders_of_a_split_inside_the_classes_are_said() -> None:
    parts = {name.replace("/", "/train/"): data for name, data in two_classes().items()}
    folder = read_image_zip(make_zip({**parts, "red/x.txt": b"hello"}))
    assert folder.pictures.classes == ("blue", "red")
    assert folder.note.startswith("The folders inside each class (train) were put together")
    assert folder.note.endswith("Left out: 1 file that is no readable picture.")


def test_names_with_backslashes() -> None:
    members = {name.replace("/", "\\"): data for name, data in two_classes(5, "mine/").items()}
    assert read_image_zip(make_zip(members)).pictures.classes == ("blue", "red")


def test_the_middle_square_is_kept() -> None:
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = 255  # the middle square is white
    assert (shrink(Image.fromarray(wide))[:, :, 4:-4] == 255).all()


def test_pictures_of_one_pixel() -> None:
    members = {f"{name}/{n}.png": png(c, (1, 1)) for name, c in (("a", RED), ("b", BLUE)) for n in range(5)}
    folder = read_image_zip(make_zip(members))
    assert (folder.pictures.images[0] == np.array(RED)[:, None, None]).all()


def test_what_is_no_picture_is_counted_and_the_rest_kept() -> None:
    cut = png(size=(60, 60))
    extra = {
        "red/notes.txt": b"hello",
        "red/empty.png": b"",
        "blue/cut.png": cut[: len(cut) // 2],
        "blue/inner.zip": make_zip(two_classes()),
        "blue/more.tar.gz": b"x",
        "top.png": png(),
        "__MACOSX/red/._0.png": b"x",
        "red/.hidden.png": png(),
        "few/0.png": png(),
        "few/1.png": png(),
    }
    folder = read_image_zip(make_zip({**two_classes(), **extra}))
    assert folder.skipped == {"file": 3, "archive": 2, "name": 2, "loose": 1, "few": 2}
    assert np.bincount(folder.pictures.labels).tolist() == [5, 5]
    assert folder.note == (
        "Left out: 3 files that are no readable pictures, 2 archives inside the archive, 2 files with hidden or odd "
        "names, 1 picture outside any folder and 2 pictures in folders with fewer than 5."
    )


def test_an_archive_that_calls_itself_a_picture_is_no_picture() -> None:
    folder = read_image_zip(make_zip({**two_classes(), "red/x.png": make_zip(two_classes())}))
    assert folder.skipped == {"file": 1}


@pytest.mark.parametrize(
    "name", ["../../red/x.png", "/etc/red/x.png", "red/../x.png", "C:/red/x.png", "..\\red\\x.png", "re\x07d/x.png"]
)
def test_names_that_lead_elsewhere_lead_nowhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_zip({**two_classes(), name: png()})
    read_image_zip(data)  # so that the process which decodes pictures has been started

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a file was opened")

    with monkeypatch.context() as patched:
        for module, function in ((builtins, "open"), (io, "open"), (os, "open"), (os, "mkdir")):
            patched.setattr(module, function, refuse)
        folder = read_image_zip(data)
    assert folder.skipped == {"name": 1}
    assert folder.pictures.classes == ("blue", "red")


def test_links_are_left_out() -> None:
    link = zipfile.ZipInfo("red/link.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(make_zip(two_classes()))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert read_image_zip(buffer.getvalue()).skipped == {"link": 1}


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = make_zip({**two_classes(), "red/bomb.png": bytes(60 * 2**20)})

    def refuse(*args: object) -> None:
        raise AssertionError("something was unpacked")

    monkeypatch.setattr(image_folders, "_unpack", refuse)
    with pytest.raises(PipelineRejected, match="times its size"):
        read_image_zip(bomb)


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_claims() -> None:
    data = bytearray(make_zip({**two_classes(), "red/liar.png": bytes(30 * 2**20)}))
    place = 0
    while (place := data.find(struct.pack("<I", 30 * 2**20), place)) >= 0:
        data[place : place + 4] = struct.pack("<I", 100)
    assert read_image_zip(bytes(data)).skipped == {"file": 1}


def test_a_member_that_is_too_large_is_not_unpacked() -> None:
    noise = np.random.default_rng(0).bytes(21 * 2**20)
    folder = read_image_zip(make_zip({**two_classes(), "red/big.png": noise}, zipfile.ZIP_STORED))
    assert folder.skipped == {"file": 1}


def test_rare_compression_is_left_out() -> None:
    buffer = io.BytesIO(make_zip(two_classes()))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("red/lzma.png", png())
    assert read_image_zip(buffer.getvalue()).skipped == {"file": 1}


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    good = make_zip(two_classes())
    for name, limit, said in (
        ("MAX_BYTES", len(good) - 1, "The ZIP file takes"),
        ("MAX_UNPACKED", 1000, "would unpack to"),
        ("MAX_PIXELS", 9 * 40 * 40, "megapixels together"),
        ("MOST_CLASSES", 1, "2 classes, more than the limit of 1"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(image_zip, name, limit)
            with pytest.raises(PipelineRejected, match=said):
                read_image_zip(good)
    with pytest.raises(PipelineRejected, match="more than 5,000 files"):
        read_image_zip(make_zip({f"a/{number}": b"" for number in range(MAX_MEMBERS + 1)}))


def test_a_directory_that_lies_about_its_length() -> None:
    data = bytearray(make_zip({f"a/{number}": b"" for number in range(MAX_MEMBERS + 1)}))
    struct.pack_into("<HH", data, len(data) - 14, 1, 1)
    with pytest.raises(PipelineRejected):
        read_image_zip(bytes(data))


@pytest.mark.parametrize("data", [b"", b"hello", png(), b"PK\5\6", b"PK\3\4" + bytes(40)])
def test_what_is_no_zip_file(data: bytes) -> None:
    with pytest.raises(PipelineRejected, match="This is no ZIP file"):
        read_image_zip(data)


def test_a_password() -> None:
    data = bytearray(make_zip(two_classes()))
    place = 0
    while (place := data.find(b"PK\1\2", place)) >= 0:
        data[place + 8] |= 1
        place += 4
    with pytest.raises(PipelineRejected, match="protected by a password"):
        read_image_zip(bytes(data))


def test_too_little_to_learn_from() -> None:
    with pytest.raises(PipelineRejected, match="no pictures in folders"):
        read_image_zip(make_zip({}))
    with pytest.raises(PipelineRejected, match="no pictures in folders"):
        read_image_zip(make_zip({f"{number}.png": png() for number in range(10)}))
    with pytest.raises(PipelineRejected, match=r"at least two folders with 5 readable pictures each; .* 'red' 9\.$"):
        read_image_zip(make_zip({f"red/{number}.png": png() for number in range(9)}))
    with pytest.raises(PipelineRejected, match=r"'blue' 4, 'red' 4\.$"):
        read_image_zip(make_zip(two_classes(4)))


def test_as_many_of_each_class() -> None:
    uneven = {**two_classes(6), **{f"red/more{number}.png": png() for number in range(20)}}
    pictures = read_image_zip(make_zip(uneven)).pictures
    assert np.bincount(take_evenly(pictures, 14).labels).tolist() == [6, 7]
    assert np.bincount(take_evenly(pictures, 1).labels).tolist() == [5, 5]
    assert len(take_evenly(pictures, 10_000).labels) == 32


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), length=st.integers(0, 40))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(place: int, byte: int, length: int) -> None:
    data = bytearray(_GOOD)
    place %= len(data)
    data[place : place + length] = bytes([byte]) * length
    with contextlib.suppress(PipelineRejected):  # and no other exception
        folder = read_image_zip(bytes(data))
        assert len(folder.pictures.labels) + sum(folder.skipped.values()) <= 10


_GOOD = make_zip(two_classes())


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read_image_zip(make_zip({**two_classes(), "../x.png": png()}))
    assert not list(tmp_path.iterdir())
