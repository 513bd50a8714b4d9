"""An untrusted ZIP file with one folder of pictures a class: read in memory within limits, never extracted.

Names in the archive only name classes and pictures, they are never paths on this machine: so a name such as "../../x"
does no harm. What an archive can do wrong is judged from its directory before anything is unpacked, and again while
unpacking. What becomes of the pictures is the business of those who ask for them.
Sizes are in bytes; "MB" means 2**20 bytes.
"""

from __future__ import annotations

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from explorer.images import MAX_BYTES as MAX_PICTURE_BYTES
from explorer.images import ImageRejected, Intake, read_apart
from explorer.text import can_be_shown
from explorer.zip_names import decode_names

_SMALL = 10 * 2**20  # what unpacks to less is no bomb, whatever its ratio
_LONGEST = 80  # characters of a name
_ENTRY = 512  # bytes of the directory for each member: 46, and its name
# Others (bzip2, LZMA) cannot be unpacked piece by piece with a bound, and no usual program writes them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev", "eval", "holdout"}
_PICTURES = (".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".jar")

Reason = Literal["file", "archive", "link", "name", "loose"]
_WHY: dict[Reason, str] = {
    "file": "It is no readable picture.",
    "archive": "It is an archive inside the archive.",
    "link": "It is a link.",
    "name": "Its name is hidden, odd or too long.",
    "loose": "It lies in no folder, so it has no class.",
}


class FolderRejected(ValueError):
    """A ZIP file that is not read at all; the message is one sentence for the person who chose it."""


@dataclass(frozen=True)
class Limits:
    """How much is read.

    Attributes:
        bytes: of the ZIP file.
        members: files and folders in it.
        unpacked: bytes of all members together.
        ratio: of all members together, against the bytes of the file; pictures hardly shrink.
        pixels: of all pictures together, which is what takes time.
        picture_bytes: of one picture.
    """

    bytes: int
    members: int
    unpacked: int
    ratio: int
    pixels: int
    picture_bytes: int = MAX_PICTURE_BYTES


@dataclass(frozen=True)
class Found:
    """A picture that can be read.

    Attributes:
        folder: the folder it lies in, which names its class.
        name: its own name.
        data: the file.
        opened: its pixels.
    """

    folder: str
    name: str
    data: bytes
    opened: Intake


@dataclass(frozen=True)
class Skipped:
    """A member that is left out.

    Attributes:
        name: as the archive has it: untrusted text.
        reason: what kind of thing it is.
        why: the same in a sentence.
    """

    name: str
    reason: Reason
    why: str


@dataclass(frozen=True)
class Remark:
    """What a person should know of how the archive was understood, in a sentence; comes before all files."""

    text: str


def read_folders(data: bytes, limits: Limits, loose: bool = False) -> Iterator[Found | Skipped | Remark]:
    """All files of a ZIP file in its order; those that are no pictures in folders are said, not raised.

    The folder that a picture lies in names its class. So folders around the classes do not matter, and "train/cat" and
    "test/cat" are one class; so are "cat/train" and "cat/test", where all pictures lie in folders of such names. One
    name in two spellings of Unicode is one class: names are in its composed form (NFC).

    Args:
        data: the file.
        limits: how much of it is read.
        loose: take pictures that lie in no folder too, as of the folder "".

    Raises:
        FolderRejected: not a readable ZIP file, beyond one of the limits, or protected by a password; while it is
            iterated over, and mostly before the first file.
    """
    if len(data) > limits.bytes:
        raise FolderRejected(f"The ZIP file takes {_megabytes(len(data))}, more than {_megabytes(limits.bytes)}.")
    _check_directory(data, limits)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, len(data), limits)
            names, remark = decode_names(members)
            if remark:
                yield Remark(remark)
            # As some programs of Windows write it; and macOS decomposes letters with accents.
            names = [unicodedata.normalize("NFC", name.replace("\\", "/")) for name in names]
            layout = _Layout.of([name for name in names if name.lower().endswith(_PICTURES) and _is_usual(name)])
            if layout.remark:
                yield Remark(layout.remark)
            yield from _read_members(archive, list(zip(names, members, strict=True)), layout, limits, loose)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise FolderRejected("The ZIP file is damaged and cannot be read.") from error


def count_members(data: bytes) -> int:
    """How many members the end of a ZIP file announces, for progress; 0 where it is none."""
    end = _find_end(data)
    return 0 if end is None else int(struct.unpack_from("<H", data, end + 10)[0])


def read_comment(data: bytes) -> bytes:
    """The comment at the end of a ZIP file, which whoever wrote it chose; b"" where there is none."""
    end = _find_end(data)
    return b"" if end is None else data[end + 22 :]


def is_plain(name: str) -> bool:
    """Whether a name is neither hidden, nor "..", nor a drive, nor long, nor something that cannot be shown."""
    return can_be_shown(name) and not name.startswith(".") and ":" not in name and len(name) <= _LONGEST


def clean_name(name: str, longest: int = _LONGEST - 10) -> str:
    """A file's name as it is read from an archive again: no folders, nothing that cannot be shown, not long.

    Args:
        name: untrusted text.
        longest: characters, the last ones; by default there is room for a number before them.
    """
    composed = unicodedata.normalize("NFC", name)
    plain = "".join(letter if can_be_shown(f"x{letter}") and letter not in '\\:/"' else "_" for letter in composed)
    plain = unicodedata.normalize("NFC", plain[-longest:])
    return f"{plain[1:]}_" if plain.lower().endswith(_ARCHIVES) else plain


def _find_end(data: bytes) -> int | None:
    """Where the record at the end of a ZIP file begins (PKWARE's APPNOTE, 4.3.16).

    It has 22 bytes and may be followed by a comment of up to 65,535.
    """
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != b"PK\5\6" or data[-2:] != b"\0\0":
        end = data.rfind(b"PK\5\6", max(0, end - 65535))
    return None if end < 0 or len(data) < end + 22 else end


def _check_directory(data: bytes, limits: Limits) -> None:
    """Judge the archive's own directory by its record, before `zipfile` makes an object of every member."""
    end = _find_end(data)
    if end is None:
        raise FolderRejected("This is no ZIP file; put one folder for each class into a ZIP file.")
    count, size = struct.unpack_from("<HI", data, end + 10)
    large = data[max(0, end - 20) : end].startswith(b"PK\6\7")  # ZIP64, for archives beyond all limits here
    if large or count > limits.members or size > _ENTRY * limits.members:
        raise FolderRejected(f"The ZIP file holds more than {limits.members:,} files, the most that are read.")


def _check_members(members: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    if len(members) > limits.members:
        raise FolderRejected(f"The ZIP file holds more than {limits.members:,} files, the most that are read.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > _SMALL and unpacked > limits.ratio * packed:
        times = unpacked / packed
        raise FolderRejected(
            f"The ZIP file would unpack to {times:,.0f} times its size, which pictures never do; "
            f"the limit is {limits.ratio:,} times."
        )
    if unpacked > limits.unpacked:
        raise FolderRejected(
            f"The ZIP file would unpack to {_megabytes(unpacked)}, more than {_megabytes(limits.unpacked)}."
        )
    if any(member.flag_bits & 1 for member in members):
        raise FolderRejected("The ZIP file is protected by a password; save it without one.")


@dataclass(frozen=True)
class _Layout:
    """Where in a path the class is.

    Attributes:
        depth: 1 for the folder that a picture lies in, 2 for the one around it.
        remark: what to tell of it; "" for nothing.
    """

    depth: int = 1
    remark: str = ""

    @classmethod
    def of(cls, names: Sequence[str]) -> _Layout:
        """From the paths of all pictures."""
        folders = {tuple(name.split("/")[:-1]) for name in names} - {()}
        inside = {folder[-1] for folder in folders if folder[-1].lower() in _SPLITS}
        around = {part for folder in folders for part in folder[:-1] if part.lower() in _SPLITS}
        classes = {folder[-2] for folder in folders if len(folder) > 1}
        if inside and len(inside) == len({folder[-1] for folder in folders}) and len(classes) > 1:
            return cls(2, _say_parts(inside, "inside each class"))
        return cls(1, _say_parts(around, "around the classes") if around else "")


def _say_parts(parts: set[str], where: str) -> str:
    """That an archive's own split is not kept."""
    told = ", ".join(sorted(parts))
    return f"The folders {where} ({told}) were put together: pictures are split anew here."


def _is_usual(name: str) -> bool:
    """Whether a path has only names that are read."""
    parts = name.split("/")
    return parts[0] != "__MACOSX" and all(map(is_plain, parts))


def _read_members(
    archive: zipfile.ZipFile,
    members: Sequence[tuple[str, zipfile.ZipInfo]],
    layout: _Layout,
    limits: Limits,
    loose: bool,
) -> Iterator[Found | Skipped]:
    seen = 0  # pixels
    for name, member in members:
        if name.endswith("/"):
            continue
        reason, why = _refuse_unread(member, name, limits)
        if reason is not None:
            yield Skipped(name, reason, why or _WHY[reason])
            continue
        try:
            data = _unpack(archive, member)
            opened = read_apart(data)
        except ImageRejected as problem:
            yield Skipped(name, "file", str(problem))
            continue
        # A damaged member is one picture less, not the end.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError):
            yield Skipped(name, "file", "It is damaged inside the ZIP file.")
            continue
        seen += opened.original_size[0] * opened.original_size[1]
        if seen > limits.pixels:
            raise FolderRejected(
                f"The pictures have more than {limits.pixels / 1e6:,.0f} megapixels together; make them smaller first."
            )
        if "/" not in name and not loose:
            yield Skipped(name, "loose", _WHY["loose"])
            continue
        *folders, own = name.split("/")
        folder = folders[-min(layout.depth, len(folders))] if folders else ""
        yield Found(folder, own, data, opened)


def _refuse_unread(member: zipfile.ZipInfo, name: str, limits: Limits) -> tuple[Reason | None, str]:
    """Why a member is not even unpacked, and that in a sentence where it is not the usual one."""
    if name.startswith("__MACOSX/"):
        return "name", "macOS has added it; it is no picture."
    if not _is_usual(name):
        return "name", ""
    if stat.S_ISLNK(member.external_attr >> 16):
        return "link", ""
    if name.lower().endswith(_ARCHIVES):
        return "archive", ""
    if member.file_size > limits.picture_bytes:
        return "file", (
            f"It takes {_megabytes(member.file_size)}, more than the {_megabytes(limits.picture_bytes)} of one picture."
        )
    if member.compress_type not in _METHODS:
        return "file", "It is packed in a way that is not read here; use the usual one (deflate)."
    return None, ""


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, never more than it claims to have, which was checked."""
    with archive.open(member) as file:
        return file.read(member.file_size + 1)  # one more, so that the end is reached and the checksum compared


def _megabytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MB"
