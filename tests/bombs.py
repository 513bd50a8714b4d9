"""Small or lawful-looking files that would take a decoder's memory or time: one of every kind that is known."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from .raw_pictures import chunk, write_tiff
from .valid_pictures import encode

LARGE = 18 * 2**20


def make_bombs() -> Iterator[tuple[str, bytes]]:
    """Name and file of each, none larger than the limit of an upload."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8))
    png, jpeg, gif = (encode(picture, format) for format in ("PNG", "JPEG", "GIF"))

    grey = {256: (100,), 257: (100,), 258: (8,), 259: (1,), 262: (1,), 278: (100,)}
    pixels = bytes(10000)
    yield "TIFF of 2.3 million strips", write_strips(grey, 2_300_000)
    yield "TIFF of a row a strip, all of one byte", write_strips(grey | {257: (90_000,), 278: (1,)}, 90_000)
    yield "TIFF of 40,000 pages", chain_pages(write_tiff(grey, [pixels]), 40_000)
    yield "TIFF whose pages are a circle", write_tiff(grey, [pixels], following=8)

    yield "PNG of one row", write_black(50_000_000, 1)
    yield "PNG of one column", write_black(1, 50_000_000)
    yield "PNG of 16 bits, as large as is taken", write_black(4950, 4950, 16)
    yield "PNG of 16 bits in long rows", write_black(80_000, 300, 16)
    yield "PNG of 1.5 million chunks", png[:33] + 1_500_000 * chunk(b"teSt", b"") + png[33:]
    yield "PNG of 1.5 million empty parts", png[:33] + 1_500_000 * chunk(b"IDAT", b"") + png[33:]
    yield "PNG of texts that swell", png[:33] + 1000 * chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7))) + png[33:]
    for size in (LARGE, 65_000):
        yield f"PNG with EXIF of {size} bytes", png[:33] + chunk(b"eXIf", write_exif(size)) + png[33:]
    segment = b"Exif\0\0" + write_exif(65_000)
    exif = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    yield "JPEG with EXIF whose tags share their values", jpeg[:2] + exif + jpeg[2:]
    yield "JPEG with 200 times that", jpeg[:2] + 200 * exif + jpeg[2:]
    webp = encode(picture, "WEBP", exif=write_exif(LARGE))
    yield "WebP with EXIF whose tags share their values", webp

    yield "JPEG of 4 million comments", jpeg[:2] + 4_000_000 * b"\xff\xfe\0\2" + jpeg[2:]
    large = encode(Image.new("L", (7000, 7000)), "JPEG", progressive=True)
    scan = large.rindex(b"\xff\xda")
    yield "JPEG of 400 scans", large[:-2] + 400 * large[scan:-2] + large[-2:]

    image = gif.index(b",", 13 + 768)
    yield "GIF of a million frames", gif[:-1] + 1_000_000 * (b"," + bytes(8) + b"\0\2\0") + b";"
    yield "GIF of comments of one letter", gif[:image] + b"!\xfe" + 9_000_000 * b"\1a" + b"\0" + gif[image:]

    header = struct.pack("<IiiHHIIiiII", 40, 49_000_000, 1, 1, 8, 1, 0, 0, 0, 256, 0)
    runs = 192_157 * b"\xff\x01" + b"\0\1"
    yield "BMP of one row in runs", b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + header + bytes(1024) + runs
    header = struct.pack("<IiiHHIIiiII", 40, 3000, 3000, 1, 8, 1, 0, 0, 0, 256, 0)
    runs = 9_000_000 * b"\1\1" + b"\0\1"
    yield "BMP in runs of one pixel", b"BM" + struct.pack("<IHHI", 0, 0, 0, 1078) + header + bytes(1024) + runs


def write_strips(tags: dict[int, tuple[int, ...]], count: int) -> bytes:
    """A TIFF with so many strips, all of them the same 100 bytes."""
    small = bytearray(write_tiff(tags, [bytes(100)] * 3))
    place = len(small)
    for start in range(10, 10 + 12 * struct.unpack_from("<H", small, 8)[0], 12):
        if struct.unpack_from("<H", small, start)[0] in (273, 279):
            struct.pack_into("<HII", small, start + 2, 4, count, place)
            place += 4 * count
    return bytes(small) + struct.pack("<I", len(small) - 300) * count + struct.pack("<I", 100) * count


def chain_pages(page: bytes, count: int) -> bytes:
    """A TIFF of so many pages, of one tag each after the first."""
    first = len(page)
    linked = bytearray(page)
    struct.pack_into("<I", linked, 10 + 12 * struct.unpack_from("<H", page, 8)[0], first)
    tag = struct.pack("<HHHII", 1, 256, 4, 1, 9)
    pages = (tag + struct.pack("<I", first + 18 * (index + 1) if index + 1 < count else 0) for index in range(count))
    return bytes(linked) + b"".join(pages)


def write_black(width: int, height: int, depth: int = 8) -> bytes:
    """A PNG in colour, every pixel of which is there."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0))
    packer = zlib.compressobj(1)
    rows = min(height, 10_000_000 // width + 1)
    body = bytes(rows * (1 + width * 3 * depth // 8))
    parts = [packer.compress(body) for _ in range(-(-height // rows))]  # some too many do no harm
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"".join([*parts, packer.flush()])) + chunk(b"IEND", b"")


def write_exif(size: int) -> bytes:
    """EXIF data most of which is claimed by each of its tags."""
    count = min(2000, size // 24)
    body = size - 14 - 12 * count
    tags = b"".join(struct.pack("<HHII", 1000 + tag, 7, body, 14 + 12 * count) for tag in range(count))
    return b"II*\0" + struct.pack("<IH", 8, count) + tags + bytes(4) + bytes(body)
