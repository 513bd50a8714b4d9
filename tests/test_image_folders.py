"""An untrusted ZIP file: what is found in it, what is left out with a reason, and what is refused."""

import io
import unicodedata
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.image_folders import (
    FolderRejected,
    Found,
    Limits,
    Remark,
    Skipped,
    clean_name,
    count_members,
    is_plain,
    read_comment,
    read_folders,
)

LIMITS = Limits(bytes=2**20, members=50, unpacked=2**20, ratio=100, pixels=100_000)


def png(size: tuple[int, int] = (8, 6)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "PNG")
    return buffer.getvalue()


def make_zip(members: Mapping[str, bytes], comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return buffer.getvalue()


def test_good_pictures_come_in_the_archives_order_with_their_bytes() -> None:
    members = {"zoo/cat/b.png": png((9, 5)), "zoo/ant/a.png": png((3, 4)), "zoo/cat/a.png": png()}
    found = list(read_folders(make_zip(members), LIMITS))
    assert all(isinstance(each, Found) for each in found)
    assert [(each.folder, each.name) for each in found] == [("cat", "b.png"), ("ant", "a.png"), ("cat", "a.png")]
    assert [each.data for each in found] == list(members.values())
    assert [each.opened.image.size for each in found] == [(9, 5), (3, 4), (8, 6)]


def test_what_is_left_out_has_its_name_and_a_reason() -> None:
    members = {
        "cat/good.png": png(),
        "cat/empty.png": b"",
        "cat/letter.txt": b"Dear cat",
        "cat/inner.zip": make_zip({"a/b.png": png()}),
        "cat/../up.png": png(),
        "loose.png": png(),
        "cat/huge.png": bytes(600),
    }
    found = list(read_folders(make_zip(members), Limits(2**20, 50, 2**20, 100, 100_000, picture_bytes=500)))
    skipped = {each.name: each for each in found if isinstance(each, Skipped)}
    assert len(found) == len(members)
    assert {name: each.reason for name, each in skipped.items()} == {
        "cat/empty.png": "file",
        "cat/letter.txt": "file",
        "cat/inner.zip": "archive",
        "cat/../up.png": "name",
        "loose.png": "loose",
        "cat/huge.png": "file",
    }
    assert "zero bytes" in skipped["cat/empty.png"].why
    assert "text, not a picture" in skipped["cat/letter.txt"].why
    assert "more than the 0 MB of one picture" in skipped["cat/huge.png"].why
    assert all(each.why.endswith(".") for each in skipped.values())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bytes": 100}, "The ZIP file takes"),
        ({"members": 2}, "more than 2 files"),
        ({"unpacked": 100}, "would unpack to"),
        ({"pixels": 100}, "more than 0 megapixels together"),
    ],
)
def test_every_limit_is_named(changes: dict[str, int], said: str) -> None:
    data = make_zip({f"cat/{number}.png": png() for number in range(3)})
    with pytest.raises(FolderRejected, match=said):
        list(read_folders(data, Limits(**{**LIMITS.__dict__, **changes})))


NAMES = [
    "क्‍ष",  # with a joiner
    "می‌خواهم",  # with a non-joiner
    "👩‍🔬",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "🫨",  # newer than the Unicode of Python 3.11
    "Screenshot at 3.04 PM",  # macOS writes a narrow space
    "Käfer",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_all_scripts_are_read(name: str) -> None:
    assert is_plain(name)
    assert clean_name(name) == name
    (found,) = read_folders(make_zip({f"{name}/1.png": png()}), LIMITS)
    assert isinstance(found, Found)
    assert found.folder == name


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u3000", "a\nb", "a\u2028b", "\u202egnp", "\ud800", ".a", "..", "C:"]
)
def test_names_that_cannot_be_shown_are_not(name: str) -> None:
    assert not is_plain(name)


def test_one_name_in_two_spellings_is_one_class() -> None:
    composed, apart = unicodedata.normalize("NFC", "Käfer"), unicodedata.normalize("NFD", "Käfer")
    assert composed != apart
    found = list(read_folders(make_zip({f"{composed}/1.png": png(), f"{apart}/2.png": png()}), LIMITS))
    assert [each.folder for each in found if isinstance(each, Found)] == [composed, composed]


@pytest.mark.parametrize(
    ("folders", "classes", "said"),
    [
        (
            ["cat/train", "cat/val", "dog/train", "dog/val"],
            ["cat", "cat", "dog", "dog"],
            "inside each class (train, val)",
        ),
        (["a/cat/Train", "a/dog/Test"], ["cat", "dog"], "inside each class (Test, Train)"),
        (["train/cat", "val/cat", "train/dog"], ["cat", "cat", "dog"], "around the classes (train, val)"),
        (["train", "bus", "car"], ["train", "bus", "car"], ""),  # the vehicles
        (["toys/train", "toys/bus"], ["train", "bus"], ""),
        (["train/train", "train/bus"], ["train", "bus"], "around the classes (train)"),
        (["train", "val"], ["train", "val"], ""),
    ],
)
def test_folders_of_a_split_are_told_from_classes(folders: list[str], classes: list[str], said: str) -> None:
    found = list(
        read_folders(make_zip({f"{folder}/{place}.png": png() for place, folder in enumerate(folders)}), LIMITS)
    )
    assert [each.folder for each in found if isinstance(each, Found)] == classes
    remarks = [each.text for each in found if isinstance(each, Remark)]
    assert len(remarks) == bool(said)
    assert all(said in remark for remark in remarks)


def test_a_bomb_names_its_ratio() -> None:
    data = make_zip({"cat/bomb.png": bytes(30 * 2**20)})
    with pytest.raises(FolderRejected, match="the limit is 100 times"):
        list(read_folders(data, Limits(2**20, 50, 100 * 2**20, 100, 100_000)))


def test_the_end_of_the_file_says_how_many_and_what_its_writer_noted() -> None:
    data = make_zip({"a/b.png": png(), "a/c.png": png()}, b"a note")
    assert count_members(data) == 2
    assert read_comment(data) == b"a note"
    assert count_members(b"no zip") == 0
    assert read_comment(b"no zip") == b""


@given(st.text(max_size=120))
def test_a_cleaned_name_is_read_again(name: str) -> None:
    cleaned = clean_name(name)
    numbered = f"00000 {cleaned}"
    assert is_plain(numbered)
    assert clean_name(cleaned) == cleaned
    (found,) = read_folders(make_zip({f"cat/{numbered}": _PNG}), LIMITS)
    assert isinstance(found, Found)
    assert found.name == numbered


_PNG = png()
