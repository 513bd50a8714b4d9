"""Names in ZIP files as programs of macOS and Windows write them, without saying how."""

import io
import struct
import unicodedata
import zipfile
import zlib

import pytest

from explorer.zip_names import decode_names, guess_page


def members_of(names: list[bytes], extras: list[bytes] | None = None) -> list[zipfile.ZipInfo]:
    """Members of an archive with these bytes as names and no UTF-8 flag, as `zipfile` reads them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place, name in enumerate(names):
            stand_in = zipfile.ZipInfo("x" * (len(name) - 4) + f"{place:04d}")
            stand_in.extra = (extras or [b""] * len(names))[place]
            archive.writestr(stand_in, b"")
    data = buffer.getvalue()
    for place, name in enumerate(names):
        data = data.replace(b"x" * (len(name) - 4) + b"%04d" % place, name)
    return zipfile.ZipFile(io.BytesIO(data)).infolist()


def test_macos_writes_utf8_without_saying_so() -> None:
    names = ["Käfer/1.png", "猫/2.png", "नमस्ते/3.png", "plain/4.png"]
    assert decode_names(members_of([name.encode() for name in names])) == (names, "")


def test_names_with_the_flag_are_left_alone() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Ã¤/1.png", b"")  # which would be valid UTF-8, were it bytes of Latin-1
    assert decode_names(zipfile.ZipFile(buffer).infolist()) == (["Ã¤/1.png"], "")


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("cp437", ["señal", "Müller", "éléphant"]),
        ("cp850", ["Ávila", "São Paulo", "Müll"]),
        ("cp852", ["žába", "kočka"]),
        ("cp866", ["кошка", "КОТ", "Собака"]),
        ("cp737", ["γάτα", "σκύλος"]),
        ("cp932", ["ねこ", "いぬ"]),
        ("cp932", ["猫/1.png", "犬/2.png"]),
        ("cp936", ["蝴蝶", "蜜蜂"]),
    ],
)
def test_windows_writes_the_code_page_of_its_country(page: str, words: list[str]) -> None:
    raw = [word.encode(page) for word in words]
    assert [name.decode(guess_page(raw)) for name in raw] == words
    names, remark = decode_names(members_of([word.encode(page) + b"/0001.png" for word in words]))
    assert names == [f"{word}/0001.png" for word in words]
    assert f"({page})" in remark


def test_info_zips_field_says_the_name() -> None:
    raw = "кот/0001".encode("cp866")
    for crc, found in ((zlib.crc32(raw), "кот/0001"), (1, raw.decode("cp866"))):
        told = struct.pack("<BI", 1, crc) + "кот/0001".encode()
        extra = struct.pack("<HHxxx", 0x1234, 3) + struct.pack("<HH", 0x7075, len(told)) + told
        names, _ = decode_names(members_of([raw], [extra]))
        assert unicodedata.normalize("NFC", names[0]) == found


@pytest.mark.parametrize("extra", [b"\x75\x70", b"\x75\x70\xff\xff\1", b"\x75\x70\2\0\1\2", b"\0" * 7])
def test_a_damaged_field_is_passed_over(extra: bytes) -> None:
    member = zipfile.ZipInfo("Käfer")
    member.extra = extra
    assert decode_names([member])[0] == ["Käfer"]
