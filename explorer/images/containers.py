"""PNG, JPEG, GIF and BMP files taken apart: their first picture as a file of its own, and what stands beside it.

Metadata, further frames and previews are left out, so that no decoder walks through them; pieces are counted, and a
file of too many is turned away. What the pieces hold is judged by the decoders. Sources: PNG (ISO/IEC 15948, third
edition), JPEG (ITU-T T.81, annex B), GIF89a, Microsoft's BITMAPINFOHEADER.
"""

import struct
import zlib
from dataclasses import dataclass

from explorer.images.limits import check_pieces, refuse_kind

MOST_FRAMES = 1000  # what is counted
_MOST_RLE = 4 * 2**20  # bytes of a BMP with run lengths, which Pillow decodes in Python, about 1 s for each 4 MB
_MOST_SCANS = 500
_MOST_WORK = 20 * 50_000_000  # scans times pixels of a progressive JPEG: every scan passes through the whole picture
_MOST_TEXT = 2**17  # bytes of a text chunk that is looked at
_NOT_READ = {
    0xC3: "lossless compression",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "hierarchical compression"),
    0xCB: "lossless compression",
    0xF7: "JPEG-LS compression",
}


@dataclass(frozen=True)
class Parts:
    """What a file was taken apart into.

    Attributes:
        picture: a file with the first picture and what its decoding needs.
        exif, xmp: metadata, in which the orientation stands.
        frames: how many pictures there are, counted up to `MOST_FRAMES`.
        depth: bits a sample, of a PNG.
        colour: type, of a PNG.
        transparent: samples of the colour that is transparent, of a PNG without a palette.
    """

    picture: bytes
    exif: bytes = b""
    xmp: bytes = b""
    frames: int = 1
    depth: int = 8
    colour: int = 0
    transparent: tuple[int, ...] = ()


def read_png(data: bytes) -> Parts:
    """Take a PNG apart.

    Raises:
        ImageRejected: it has too many chunks, or is of Apple's own kind.
        ValueError, struct.error: it is damaged.
    """
    depth, colour = struct.unpack_from(">BB", data, 24)
    kept, found = [data[:8]], {}
    place, count, frames, ended = 8, 0, 1, False
    while place + 8 <= len(data) and not ended:
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        count += 1
        check_pieces("PNG", count)
        if kind == b"CgBI":
            raise refuse_kind("PNG", "Apple's own compression (CgBI)")
        if kind == b"acTL":
            frames = min(MOST_FRAMES, struct.unpack_from(">I", data, place + 8)[0])
        elif kind in (b"IHDR", b"IDAT", b"IEND") or (kind in (b"PLTE", b"iCCP") and kind not in found):
            kept.append(data[place:end])
            found[kind] = b""
            ended = kind == b"IEND"
        elif kind == b"tRNS" and kind not in found:
            found[kind] = data[place + 8 : end - 4]
            kept += [data[place:end]] if colour == 3 else []
        elif kind == b"eXIf":
            found.setdefault(kind, data[place + 8 : end - 4])
        elif kind in (b"zTXt", b"iTXt", b"tEXt") and length <= _MOST_TEXT:
            _read_text(kind, data[place + 8 : end - 4], found)
        place = end
    channels = {0: 1, 2: 3}.get(colour, 0)
    key = found.get(b"tRNS", b"") if channels else b""
    if key and len(key) < 2 * channels:
        raise ValueError("the transparent colour is cut short")
    samples = struct.unpack_from(f">{channels}H", key) if key else ()
    exif = found.get(b"eXIf", b"") or found.get(b"Raw profile type exif", b"")
    xmp = found.get(b"XML:com.adobe.xmp", b"")
    key_samples = tuple(sample & (2**depth - 1) for sample in samples)  # the specification uses the lowest bits
    return Parts(b"".join(kept), exif, xmp, max(1, frames), depth, colour, key_samples)


def _read_text(kind: bytes, body: bytes, found: dict[bytes, bytes]) -> None:
    """Note a text in which an orientation may stand: XMP, or the EXIF data that ImageMagick writes as digits."""
    keyword, _, text = body.partition(b"\0")
    if keyword == b"Raw profile type exif":
        digits = zlib.decompressobj().decompress(text[1:], _MOST_TEXT) if kind == b"zTXt" else text
        lines = digits.split(b"\n", 3)  # nothing, "exif", the length, the digits
        found.setdefault(keyword, bytes.fromhex(lines[-1].decode("ascii", "ignore")) if len(lines) == 4 else b"")
    elif keyword == b"XML:com.adobe.xmp":
        found.setdefault(keyword, text)


def read_jpeg(data: bytes) -> Parts:
    """Take a JPEG apart.

    Raises:
        ImageRejected: it has too many segments or scans, or is of a kind that is not read.
        IndexError, ValueError, struct.error: it is damaged.
    """
    kept, exif, xmp = [data[:2]], b"", b""
    place, count, area = 2, 0, 0
    while (marker := data[place + 1]) != 0xDA or data[place] != 0xFF:
        count += 1
        check_pieces("JPEG", count)
        if data[place] != 0xFF or marker == 0xD9:
            raise ValueError("no marker found")
        if marker in (0x00, 0xFF):  # padding
            place += 1 if marker else 2
            continue
        if marker in (0x01, *range(0xD0, 0xD9)):  # which stand alone
            place += 2
            continue
        end = place + 2 + struct.unpack_from(">H", data, place + 2)[0]
        body = data[place + 4 : end]
        if marker == 0xE1:
            if body.startswith(b"Exif\0\0"):
                exif = exif or body
            elif body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
                xmp = xmp or body
        elif _is_needed(marker, body):
            kept.append(data[place:end])
        if marker in _NOT_READ:
            raise refuse_kind("JPEG", _NOT_READ[marker])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            precision, height, width, channels = struct.unpack_from(">BHHB", body)
            area = height * width
            if precision != 8:
                raise refuse_kind("JPEG", f"{precision} bits a channel")
            if channels not in (1, 3, 4):
                raise refuse_kind("JPEG", f"{channels} channels")
        place = end
    scans = data.count(b"\xff\xda", place)
    if scans > _MOST_SCANS or scans * area > _MOST_WORK:
        raise refuse_kind("JPEG", f"{scans:,} scans")
    return Parts(b"".join([*kept, data[place:]]), exif, xmp)


def _is_needed(marker: int, body: bytes) -> bool:
    """Whether decoding needs a segment: tables and frames, and what says how the colours are meant."""
    if 0xE0 <= marker <= 0xEF:
        names = {0xE0: b"JFIF", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
        return marker in names and body.startswith(names[marker])
    return marker != 0xFE  # a comment


def read_gif(data: bytes) -> Parts:
    """Take a GIF apart.

    Raises:
        ImageRejected: it has too many blocks.
        IndexError, ValueError: it is damaged.
    """
    place = 13 + _colour_table(data[10])
    kept, frames, count = [data[:place]], 0, 0
    while place < len(data) and frames < MOST_FRAMES:
        start, kind = place, data[place]
        if kind == 0x21:
            place += 2
        elif kind == 0x2C and place + 10 < len(data):
            place += 11 + _colour_table(data[place + 9])
            frames += 1
        else:
            break
        while place < len(data) and data[place]:
            place += 1 + data[place]
            count += 1
            check_pieces("GIF", count)
        place += 1
        if (kind == 0x2C and frames == 1) or (frames == 0 and data[start + 1] == 0xF9):  # and what says of the colours
            kept.append(data[start:place])
    if not frames:
        raise ValueError("there is no picture in it")
    # The sign of the end belongs to a file whose picture is whole: a picture that is cut short stays so.
    return Parts(b"".join(kept) + (b";" if place <= len(data) else b""), frames=frames)


def _colour_table(flags: int) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def read_bmp(data: bytes) -> Parts:
    """Look at the header of a BMP.

    Raises:
        ImageRejected: it is compressed in a way that is not read, or would take too long.
    """
    if struct.unpack_from("<I", data, 14)[0] >= 40:
        bits, compression = struct.unpack_from("<HI", data, 28)
        if compression in (4, 5):
            raise refuse_kind("BMP", f"a {'JPEG' if compression == 4 else 'PNG'} inside")
        if bits not in (1, 4, 8, 16, 24, 32):
            raise refuse_kind("BMP", f"{bits} bits a pixel")
        if compression in (1, 2) and len(data) > _MOST_RLE:
            raise refuse_kind("BMP", f"more than {_MOST_RLE // 2**20} MB of run lengths")
    return Parts(data)
