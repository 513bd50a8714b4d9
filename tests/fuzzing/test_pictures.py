"""Damaged pictures of every format are taken in or refused in one sentence, and nothing else happens."""

import re
import struct
import warnings
import zlib
from random import Random
from time import process_time

from explorer.images import MAX_SIDE, ImageRejected, read_image

from ..raw_pictures import Kind, draw_pngs, draw_tiff
from ..valid_pictures import VALID
from .damaging import damage, seeds, try_each

KINDS = [Kind(2, 16, tiled=True), Kind(2, 8, 2, 2, compression=8), Kind(0, 16, order=">"), Kind(1, 12), Kind(6, 8),
         Kind(1, 32, real=True), Kind(3, 4, tiled=True, compression=8), Kind(5, 16, order=">")]  # fmt: skip
WHOLE = [*VALID, *(drawn.data for drawn in draw_pngs()), *(draw_tiff(kind).data for kind in KINDS)]


def test_damaged_pictures_are_taken_or_refused() -> None:
    def check(random: Random) -> None:
        data = damage(random.choice(WHOLE), random)
        start = process_time()
        take_or_refuse(mend_checksums(data) if random.random() < 0.7 else data)
        assert process_time() - start < 5

    try_each(seeds(200), check)


def take_or_refuse(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            intake = read_image(data)
        except ImageRejected as rejection:
            assert re.fullmatch(r"[A-Z][^\n]*\.", str(rejection))  # noqa: PT017
        else:
            assert intake.image.mode == "RGB"
            assert 1 <= min(intake.image.size) <= max(intake.image.size) <= MAX_SIDE


def mend_checksums(data: bytes) -> bytes:
    """A PNG whose damage its checksums no longer tell, so that it is met further on; others as they are."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    mended, start = bytearray(data), 8
    while start + 12 <= len(mended):
        end = start + 8 + struct.unpack_from(">I", mended, start)[0]
        if end + 4 > len(mended):
            break
        struct.pack_into(">I", mended, end, zlib.crc32(mended[start + 4 : end]))
        start = end + 4
    return bytes(mended)
