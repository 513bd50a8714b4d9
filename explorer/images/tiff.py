"""TIFF files taken apart: the first page as a file of its own, and how its samples are meant (TIFF 6.0).

Pillow reads some kinds wrongly (16 bits where white is zero, planes of uncompressed colours) and builds an object for
every strip that a file claims. So it is given the page with the tags that decoding needs, all through libtiff, and only
of the kinds in `_is_read`, which tests compare with what was written.
"""

import struct
from dataclasses import dataclass, replace
from math import ceil

from PIL import TiffImagePlugin

from explorer.images.containers import MOST_FRAMES
from explorer.images.directories import ORIENTATION, Directory, Entry, count_pages, read_directory
from explorer.images.limits import check_pieces, check_size, refuse_kind

# Pillow's own decoder of uncompressed files mistakes planes and deep samples; libtiff does not.
TiffImagePlugin.READ_LIBTIFF = True

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, CHANNELS = 256, 257, 258, 259, 262, 273, 277
ROWS, STRIP_BYTES, PLANAR, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 278, 279, 284, 322, 323, 324, 325
EXTRA, FORMAT, PROFILE = 338, 339, 34675
_PIECES = (STRIPS, STRIP_BYTES, TILES, TILE_BYTES)
_NEEDED = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, CHANNELS, PLANAR, EXTRA, FORMAT, PROFILE),
    *(ROWS, TILE_WIDTH, TILE_HEIGHT, *_PIECES),
    *(266, 292, 293, 317, 320, 347),  # order of bits, options of facsimile, predictor, palette, tables of JPEG
    *(*range(512, 522), 529, 530, 531, 532),  # the old kind of JPEG, colour differences
}
_MOST_VALUES = 4 * 2**20  # of a tag other than `_PIECES`: a colour profile can be long
_COMPRESSIONS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000)


@dataclass(frozen=True)
class Page:
    """The first page of a TIFF.

    Attributes:
        picture: a file with this page and the tags that its decoding needs.
        orientation: as EXIF has it; the picture is not turned.
        frames: how many pages there are, counted up to `MOST_FRAMES`.
        inverted: whether zero is white, where Pillow does not know.
        white: the largest value of a sample that has no more than 16 bits.
        unsigned: whether the 32 bits of a sample are a number without a sign.
        deep: whether its colours have 16 bits, of which both bytes can be had: those of planes cannot.
        piece: bytes of the largest strip or tile, decoded.
    """

    picture: bytes
    orientation: int
    frames: int
    inverted: bool
    white: float
    unsigned: bool
    deep: bool
    piece: int


def read_tiff(data: bytes) -> Page:
    """Take a TIFF apart.

    Raises:
        ImageRejected: it is too large, cut into too many pieces, or of a kind that is not read.
        ValueError, struct.error: it is damaged.
    """
    directory = read_directory(data)
    size = width, height = directory.number(WIDTH, 0), directory.number(HEIGHT, 0)
    check_size("TIFF", size, 0)
    bits = directory.numbers(BITS, 1)
    channels = directory.number(CHANNELS, len(bits) if directory.number(COMPRESSION, 1) != 6 else 3)
    photometric, planar = directory.number(PHOTOMETRIC, 0), directory.number(PLANAR, 1)
    form = directory.number(FORMAT, 1)
    _check_kind(directory, photometric, bits, channels, planar)
    inverted = photometric == 0 and bits[0] > 8
    changes = {}
    if inverted:
        changes[PHOTOMETRIC] = 1
    unsigned = bits[0] == 32 and form == 1
    if unsigned:
        changes[FORMAT] = 2
    across, down = width, min(height, directory.number(ROWS, height) or height)
    if TILE_WIDTH in directory.entries:
        across, down = directory.number(TILE_WIDTH, 0), directory.number(TILE_HEIGHT, 0)
    pieces = ceil(width / across) * ceil(height / down) * (channels if planar == 2 else 1)
    check_pieces("TIFF", pieces)
    return Page(
        _write(directory, changes, pieces),
        directory.number(ORIENTATION, 1),
        count_pages(directory, MOST_FRAMES),
        inverted,
        4095.0 if bits[0] == 12 else 65535.0,
        unsigned,
        bits[0] == 16 and photometric in (2, 5) and planar == 1,
        across * down * max(4, channels * bits[0] // 8),
    )


def _check_kind(directory: Directory, photometric: int, bits: tuple[int, ...], channels: int, planar: int) -> None:
    """Raise `ImageRejected` for what is not read, in words that the settings of an image editor use."""
    compression = directory.number(COMPRESSION, 1)
    form, extra = directory.numbers(FORMAT, 1), directory.numbers(EXTRA)
    if compression not in _COMPRESSIONS:
        raise refuse_kind("TIFF", f"compression number {compression}")
    if len(set(bits)) > 1 or len(set(form)) > 1:
        raise refuse_kind("TIFF", "channels of different kinds")
    if not _is_read(directory, photometric, bits[0], form[0], extra, planar, channels):
        what = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "Lab"}.get(photometric, "such")
        how = {1: "", 2: " as signed numbers", 3: " as real numbers"}.get(form[0], " of an unusual kind")
        more = (f", {channels} channels" if channels > 1 else "") + (" in planes" if planar == 2 else "")
        raise refuse_kind("TIFF", f"{what} colours of {bits[0]} bits{how}{more}")


def _is_read(
    directory: Directory, photometric: int, bits: int, form: int, extra: tuple[int, ...], planar: int, channels: int
) -> bool:
    """Whether Pillow, given the changed tags, reads this kind as it is meant."""
    colours = {2: 3, 5: 4, 6: 3}.get(photometric, 1)
    if channels != colours + len(extra) and not (photometric == 2 and channels == 4 and bits == 8):
        return False
    plain = form == 1
    if photometric in (0, 1):
        if extra:
            return plain and photometric == 1 and bits == 8 and planar == 1 and extra in ((0,), (2,))
        if bits == 12:
            return plain and directory.order == "<"
        return bits in {1: (1, 2, 4, 8, 16, 32), 2: (16, 32), 3: (32,)}.get(form, ())
    if photometric == 2:
        known = extra in ((), (0,), (1,), (2,)) and bits in (8, 16)
        return plain and known and not (planar == 2 and bits == 16 and extra)
    if photometric == 3:
        return plain and ((bits in (1, 2, 4, 8) and not extra) or (bits == 8 and planar == 1 and extra in ((0,), (2,))))
    if photometric == 5:
        return plain and ((bits == 8 and extra in ((), (0,))) or (bits == 16 and not extra))
    return photometric == 6 and plain and bits == 8 and not extra


def _write(directory: Directory, changes: dict[int, int], pieces: int) -> bytes:
    """The file with a new directory at its end, and nothing that points to any other."""
    order, big = directory.order, directory.big
    offset, room = ("Q", 8) if big else ("I", 4)
    entries = {tag: entry for tag, entry in directory.entries.items() if tag in _NEEDED}
    for tag, entry in directory.entries.items():
        if tag in _PIECES and entry.count > pieces:
            entries[tag] = _shorten(directory, entry, pieces)
        elif tag in entries and tag not in _PIECES and entry.count > _MOST_VALUES:
            raise ValueError(f"tag {tag} is damaged")
    for tag, value in changes.items():  # of pictures with one channel
        entries[tag] = Entry(tag, 3, 1, struct.pack(f"{order}H", value).ljust(room, b"\0"))
    data = directory.data + b"\0" * (len(directory.data) % 2)
    head = data[: 8 if big else 4] + struct.pack(f"{order}{offset}", len(data))
    listed = [
        struct.pack(f"{order}HH{offset}", tag, entry.kind, entry.count) + entry.field
        for tag, entry in sorted(entries.items())
    ]
    count = struct.pack(f"{order}{'Q' if big else 'H'}", len(listed))
    return b"".join([head, memoryview(data)[len(head) :], count, *listed, b"\0" * room])


def _shorten(directory: Directory, entry: Entry, count: int) -> Entry:
    """An entry with its first values only, which must stand in it where they fit."""
    shorter = replace(entry, count=count)
    if shorter.bytes > len(entry.field):
        return shorter
    return replace(shorter, field=directory.values(entry)[: shorter.bytes].ljust(len(entry.field), b"\0"))
