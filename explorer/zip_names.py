"""Names in a ZIP file that does not say how they are written.

The format knows two ways (PKWARE's APPNOTE, appendix D): the letters of the first PC (code page 437), and UTF-8, which
a member's flag tells. Programs of macOS write UTF-8 without the flag, those of Windows the code page of its country.
"""

from __future__ import annotations

import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

_UTF8 = 0x800  # of a member's flags
_UNICODE_PATH = 0x7075  # an extra field of Info-ZIP: version, CRC-32 of the name, the name in UTF-8
# What Windows writes in America, western and central Europe, Russia, Greece, Japan and China.
_PAGES = {
    "cp437": "Western",
    "cp850": "Western European",
    "cp852": "Central European",
    "cp866": "Cyrillic",
    "cp737": "Greek",
    "cp932": "Japanese",
    "cp936": "Chinese",
}


def decode_names(members: Sequence[zipfile.ZipInfo]) -> tuple[list[str], str]:
    """The names of all members, and a remark where they had to be guessed.

    Args:
        members: as `zipfile` reads them: names without the flag are decoded as code page 437.

    Returns:
        A name for each, and one sentence, "" where nothing was guessed.
    """
    names, unsaid = [], []  # the latter as (place, bytes)
    for place, member in enumerate(members):
        name = member.filename
        names.append(name)
        if member.flag_bits & _UTF8 or name.isascii():
            continue
        raw = name.encode("cp437")
        if told := _find_unicode_path(member.extra, raw):
            names[place] = told
            continue
        try:
            names[place] = raw.decode("utf-8")
        except UnicodeDecodeError:
            unsaid.append((place, raw))
    if not unsaid:
        return names, ""
    page = guess_page([raw for _, raw in unsaid])
    for place, raw in unsaid:
        names[place] = raw.decode(page)
    return names, (
        f"The ZIP file does not say how its names are written; they were read as {_PAGES[page]} ({page}). "
        "Where they are wrong, pack the pictures again with names in UTF-8."
    )


def guess_page(names: Sequence[bytes]) -> str:
    """The code page in which names are most like words: letters of one script, no signs, capitals only in front.

    Args:
        names: with bytes beyond ASCII.
    """
    return max(_PAGES, key=lambda page: _plausibility(names, page))  # the first of equals


def _plausibility(names: Sequence[bytes], page: str) -> float:
    """Share of plausible letters among those beyond ASCII; below 0 where the bytes are none of this code page."""
    good = count = 0
    for raw in names:
        try:
            name = raw.decode(page)
        except UnicodeDecodeError:
            return -1.0
        for before, letter in zip(f"/{name}", name, strict=False):
            if letter.isascii() and before.isascii():
                continue
            count += 1
            good += (
                (letter.isascii() or (letter.isalpha() and _script(letter) != "HALFWIDTH"))
                and not (before.isalpha() and letter.isalpha() and _script(before) != _script(letter))
                and not (letter.isupper() and before.islower())
            )
    return good / count


def _script(letter: str) -> str:
    """The first word of a letter's name, which is its script; the Japanese ones go together."""
    script = unicodedata.name(letter, "?").split()[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA") else script


def _find_unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in a member's extra fields, where it belongs to the name in its header; else ""."""
    start = 0
    while start + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, start)
        field = extra[start + 4 : start + 4 + size]
        if kind == _UNICODE_PATH and len(field) > 5 and struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw):
            return field[5:].decode("utf-8", "replace")
        start += 4 + size
    return ""
