"""Damaged ZIP files of pictures in folders are read or refused in one sentence, and nothing else happens."""

import io
import json
import re
import struct
import zipfile
from random import Random

from PIL import Image

from explorer.augmentation import PipelineRejected, read_image_zip
from explorer.text import can_be_shown
from explorer.transfer.data.sources import IntakeRejected, read_zip

from .damaging import EDGES, damage, seeds, try_each

ENDINGS = (".png", ".png", ".png", ".jpg", "", ".zip")
NAMES = ("red", "blue", "Käfer", "猫", "train", "cat/train", "cat/val", "a" * 90, "..", "__MACOSX", ".x", "x\\y", "😀")


def test_damaged_zip_files_are_read_or_refused() -> None:
    def check(random: Random) -> None:
        data = make(random)
        for _ in range(random.randint(0, 3)):
            data = damage(data, random) if random.random() < 0.5 else bend_a_record(data, random)
        read_or_refuse(data)

    try_each(seeds(50), check)


def make(random: Random) -> bytes:
    """A ZIP file as whoever wrote it may have meant it: names of all kinds, any comment, stored or packed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for folder in random.sample(NAMES, random.randint(2, 6)):
            for number in range(random.choice((0, 3, 5, 6))):
                archive.writestr(f"{folder}/{number}{random.choice(ENDINGS)}", picture(random))
        archive.comment = random.choice(
            (b"", b"[" * 60_000, json.dumps({"numbered": True, "classes": list(NAMES)}).encode(), random.randbytes(40))
        )
    return buffer.getvalue()


def picture(random: Random) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (random.randint(1, 9), 4), (random.randrange(256), 0, 0)).save(buffer, "PNG")
    return damage(buffer.getvalue(), random) if random.random() < 0.1 else buffer.getvalue()


def bend_a_record(data: bytes, random: Random) -> bytes:
    """Another number, or other letters, in a member's header, the directory, or the record at the end."""
    bent = bytearray(data)
    places = [found.start() for found in re.finditer(rb"PK(\x03\x04|\x01\x02|\x05\x06)", data)]
    if places:
        place = random.choice(places) + random.randrange(4, 60)
        some = (
            bytes([random.choice(EDGES)]) * random.choice((1, 2, 4)) if random.random() < 0.7 else random.randbytes(2)
        )
        if place + len(some) <= len(bent):
            bent[place : place + len(some)] = some
    if random.random() < 0.2:  # an end that announces anything
        bent += struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *(random.choice((0, 1, 7, 0xFFFF)) for _ in range(2)), 0, 0, 0)
    return bytes(bent)


def read_or_refuse(data: bytes) -> None:
    for read, refusal in ((read_image_zip, PipelineRejected), (lambda data: read_zip(data, "mine"), IntakeRejected)):
        try:
            found = read(data)
        except refusal as rejection:
            assert re.fullmatch(r"[A-Z][^\n]*\.", str(rejection))  # noqa: PT017
        else:
            assert 2 <= len(set(found.pictures.classes)) == len(found.pictures.classes)
            assert all(can_be_shown(name) and len(name) <= 80 for name in found.pictures.classes)
            assert set(found.pictures.labels.tolist()) == set(range(len(found.pictures.classes)))
