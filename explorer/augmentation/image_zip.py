"""A person's own image folder as a ZIP file: one folder a class, read in memory, never extracted.

Names in the archive only name classes, they are never paths on this machine: so a name such as "../../x" does no harm.
What an archive can do wrong is judged from its directory before anything is unpacked, and again while unpacking.
Sizes are in bytes; "MB" means 2**20 bytes.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from explorer.augmentation.experiment import Pictures
from explorer.augmentation.rejection import PipelineRejected
from explorer.images import MAX_BYTES as MAX_PICTURE_BYTES
from explorer.images import read_image

SIDE = 32  # pixels of a picture in the experiment
LEAST_CLASSES, LEAST_PICTURES = 2, 5
MOST_CLASSES = 50
MAX_BYTES = 200 * 2**20
MAX_MEMBERS = 5000
MAX_UNPACKED = 500 * 2**20
MAX_RATIO = 100  # of all members together, against the bytes of the file; pictures hardly shrink
MAX_PIXELS = 2_000_000_000  # of all pictures together: what a minute or so can decode
_SMALL = 10 * 2**20  # what unpacks to less is no bomb, whatever its ratio
_LONGEST = 80  # characters of a folder's name
_DIRECTORY_BYTES = 512 * MAX_MEMBERS  # 46 for each member, and its name
# Others (bzip2, LZMA) cannot be unpacked piece by piece with a bound, and no usual program writes them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".jar")

Reason = Literal["file", "archive", "link", "name", "loose", "few"]
_REASONS: dict[Reason, tuple[str, str]] = {
    "file": ("file that is no readable picture", "files that are no readable pictures"),
    "archive": ("archive inside the archive", "archives inside the archive"),
    "link": ("link", "links"),
    "name": ("file with a hidden or odd name", "files with hidden or odd names"),
    "loose": ("picture outside any folder", "pictures outside any folder"),
    "few": (
        f"picture in a folder with fewer than {LEAST_PICTURES}",
        f"pictures in folders with fewer than {LEAST_PICTURES}",
    ),
}


@dataclass(frozen=True, eq=False)
class ImageFolder:
    """What was read from a ZIP file.

    Attributes:
        pictures: (N, 3, 32, 32), sorted by class; the middle square of every picture.
        skipped: how many files were left out, by reason.
    """

    pictures: Pictures
    skipped: dict[Reason, int]

    @property
    def note(self) -> str:
        """What was left out, in one sentence; "" for nothing."""
        parts = [f"{count:,} {_REASONS[reason][count != 1]}" for reason, count in self.skipped.items()]
        if not parts:
            return ""
        return f"Left out: {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."


def read_image_zip(data: bytes) -> ImageFolder:
    """Read a ZIP file with one folder a class: the folder that a picture lies in names its class.

    So folders around the classes do not matter, and "train/cat" and "test/cat" are one class.

    Raises:
        PipelineRejected: not a readable ZIP file, beyond one of the limits, protected by a password, or fewer than two
            folders with five pictures each.
    """
    if len(data) > MAX_BYTES:
        raise PipelineRejected(f"The ZIP file takes {_megabytes(len(data))}, more than {_megabytes(MAX_BYTES)}.")
    skipped: Counter[Reason] = Counter()
    found: dict[str, list[NDArray[np.uint8]]] = {}
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, len(data))
            for folder, pixels in _read_members(archive, members, skipped):
                found.setdefault(folder, []).append(pixels)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise PipelineRejected("The ZIP file is damaged and cannot be read.") from error
    return ImageFolder(_gather(found, skipped), {reason: skipped[reason] for reason in _REASONS if skipped[reason]})


def take_evenly(pictures: Pictures, count: int) -> Pictures:
    """The first pictures of every class, as many of each as make `count` together; at least five of each."""
    each = max(LEAST_PICTURES, -(-count // len(pictures.classes)))
    places = [np.flatnonzero(pictures.labels == label)[:each] for label in range(len(pictures.classes))]
    chosen = np.sort(np.concatenate(places))
    return Pictures(pictures.images[chosen], pictures.labels[chosen], pictures.classes)


def _check_directory(data: bytes) -> None:
    """Judge the archive's own directory by the record at its end, before `zipfile` makes an object of every member.

    The record (PKWARE's APPNOTE, 4.3.16) has 22 bytes and may be followed by a comment of up to 65,535.
    """
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != b"PK\5\6" or data[-2:] != b"\0\0":
        end = data.rfind(b"PK\5\6", max(0, end - 65535))
    if end < 0 or len(data) < end + 22:
        raise PipelineRejected("This is no ZIP file; put one folder for each class into a ZIP file.")
    count, size = struct.unpack_from("<HI", data, end + 10)
    large = data[max(0, end - 20) : end].startswith(b"PK\6\7")  # ZIP64, for archives beyond all limits here
    if large or count > MAX_MEMBERS or size > _DIRECTORY_BYTES:
        raise PipelineRejected(f"The ZIP file holds more than {MAX_MEMBERS:,} files, the most that are read.")


def _check_members(members: list[zipfile.ZipInfo], packed: int) -> None:
    if len(members) > MAX_MEMBERS:
        raise PipelineRejected(f"The ZIP file holds more than {MAX_MEMBERS:,} files, the most that are read.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > _SMALL and unpacked > MAX_RATIO * packed:
        times = unpacked / packed
        raise PipelineRejected(f"The ZIP file would unpack to {times:,.0f} times its size, which pictures never do.")
    if unpacked > MAX_UNPACKED:
        raise PipelineRejected(
            f"The ZIP file would unpack to {_megabytes(unpacked)}, more than {_megabytes(MAX_UNPACKED)}."
        )
    if any(member.flag_bits & 1 for member in members):
        raise PipelineRejected("The ZIP file is protected by a password; save it without one.")


def _read_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], skipped: Counter[Reason]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The class and the pixels, (3, 32, 32), of every picture; what is none is counted."""
    seen = 0  # pixels
    for member in members:
        name = member.filename.replace("\\", "/")  # as some programs of Windows write it
        if name.endswith("/"):
            continue
        reason = _refuse_unread(member, name)
        if reason is not None:
            skipped[reason] += 1
            continue
        try:
            intake = read_image(_unpack(archive, member))
        # A damaged member is one picture less, not the end. `ImageRejected` is a ValueError.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, NotImplementedError):
            skipped["file"] += 1
            continue
        seen += intake.original_size[0] * intake.original_size[1]
        if seen > MAX_PIXELS:
            raise PipelineRejected("The pictures have more than 2,000 megapixels together; make them smaller first.")
        if "/" not in name:
            skipped["loose"] += 1
            continue
        yield name.split("/")[-2], shrink(intake.image)


def _refuse_unread(member: zipfile.ZipInfo, name: str) -> Reason | None:
    """Why a member is not even unpacked."""
    parts = name.split("/")
    if parts[0] == "__MACOSX" or not all(_is_plain(part) for part in parts):
        return "name"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "link"
    if name.lower().endswith(_ARCHIVES):
        return "archive"
    if member.file_size > MAX_PICTURE_BYTES or member.compress_type not in _METHODS:
        return "file"
    return None


def _is_plain(part: str) -> bool:
    """Whether a part of a name is neither hidden, nor "..", nor a drive, nor something that cannot be shown."""
    hidden = part.startswith(".") or not part.strip()
    return not hidden and ":" not in part and part.isprintable() and len(part) <= _LONGEST


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, never more than it claims to have, which was checked."""
    with archive.open(member) as file:
        return file.read(member.file_size + 1)  # one more, so that the end is reached and the checksum compared


def shrink(image: Image.Image) -> NDArray[np.uint8]:
    """(3, 32, 32) the middle square of a picture, made smaller or, if it is tiny, larger."""
    square = ImageOps.fit(image, (SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _gather(found: dict[str, list[NDArray[np.uint8]]], skipped: Counter[Reason]) -> Pictures:
    """The classes with enough pictures, in the order of their names."""
    if not found:
        raise PipelineRejected("The ZIP file holds no pictures in folders; put one folder for each class into it.")
    classes = sorted(name for name, pictures in found.items() if len(pictures) >= LEAST_PICTURES)
    if len(classes) < LEAST_CLASSES:
        counts = ", ".join(f"{name!r} {len(found[name])}" for name in sorted(found)[:5])
        more = f" and {len(found) - 5:,} more folders" if len(found) > 5 else ""
        raise PipelineRejected(
            f"An experiment needs at least two folders with {LEAST_PICTURES} readable pictures each; "
            f"this ZIP file has {counts}{more}."
        )
    if len(classes) > MOST_CLASSES:
        raise PipelineRejected(f"The ZIP file holds {len(classes):,} classes, more than the limit of {MOST_CLASSES}.")
    skipped["few"] += sum(len(pictures) for name, pictures in found.items() if name not in classes)
    images = np.stack([pixels for name in classes for pixels in found[name]])
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(found[name]) for name in classes])
    return Pictures(images, labels, tuple(classes))


def _megabytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MB"
