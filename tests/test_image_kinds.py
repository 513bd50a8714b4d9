"""Every kind of PNG and TIFF comes in as it was written, or is refused as not supported and never as damaged.

The files are written value by value, and what is seen of them is computed from the values; tifffile reads the same.
"""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from explorer.images import ImageRejected, read_image

from .raw_pictures import Drawn, Kind, chunk, draw_pngs, draw_tiff, list_tiff_kinds, write_tiff
from .valid_pictures import encode

PNGS = {drawn.name: drawn for drawn in draw_pngs()}


def worst_error(drawn: Drawn) -> float:
    """The largest distance of a byte that comes in from what is seen, which is not rounded."""
    pixels = np.asarray(read_image(drawn.data).image)
    assert pixels.shape == drawn.seen.shape
    return float(np.abs(pixels - drawn.seen).max())


@pytest.mark.parametrize("name", PNGS)
def test_every_png_is_read_to_the_nearest_byte(name: str) -> None:
    assert worst_error(PNGS[name]) < 0.51


def test_every_tiff_is_read_or_not_supported() -> None:
    kinds, wrong, unread = list(list_tiff_kinds()), [], set()
    for kind in kinds:
        # Three roundings of inks; of the others, one where colours are divided by their opacity or are deep in planes.
        rough = (
            1.6 if kind.photometric == 5 else 1.01 if kind.extra == 1 or (kind.bits, kind.planar) == (16, 2) else 0.51
        )
        try:
            if (error := worst_error(draw_tiff(kind))) > rough:
                wrong.append(f"{kind}: off by {error:.2f}")
        except ImageRejected as refused:
            unread.add((kind.photometric, kind.bits, kind.planar, kind.extra, kind.real))
            if "not supported; save it as a plain JPEG or PNG." not in str(refused):
                wrong.append(f"{kind}: {refused}")
    assert not wrong, "\n".join(wrong)
    common = [
        (0, 1),
        (0, 8),
        (0, 16),
        (1, 1),
        (1, 8),
        (1, 16),
        (1, 32),
        (2, 8),
        (2, 16),
        (3, 4),
        (3, 8),
        (5, 8),
        (6, 8),
    ]
    assert not unread & {(*each, planar, None, False) for each in common for planar in (1, 2)}
    assert not unread & {(2, bits, 1, extra, False) for bits in (8, 16) for extra in (0, 1, 2)}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize(("photometric", "bits"), [(0, 8), (1, 16), (2, 16), (5, 8), (1, 32)])
def test_another_reader_finds_the_samples_that_were_written(
    photometric: int, bits: int, planar: int, order: str
) -> None:
    drawn = draw_tiff(Kind(photometric, bits, planar, None, "<" if order == "<" else ">"))
    found = tifffile.imread(io.BytesIO(drawn.data)).reshape(-1, 19, 21) if planar == 2 else None
    expected = drawn.samples
    if found is None:
        assert np.array_equal(tifffile.imread(io.BytesIO(drawn.data)), expected.squeeze())
    else:
        assert np.array_equal(found, expected.transpose(2, 0, 1))


def test_a_transparent_colour_counts_with_the_bits_that_samples_have() -> None:
    """PNG, third edition, 11.3.1.1: of a key in 16 bits only the lowest ones are used."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\x12\x34"))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"tRNS", b"\xff\x12") + pixels + chunk(b"IEND", b"")
    assert np.asarray(read_image(data).image)[0, :, 0].tolist() == [255, 0x34]


JPEG = encode(Image.new("RGB", (16, 16)), "JPEG")
FRAME = JPEG.index(b"\xff\xc0")
HEIC = encode(Image.new("RGB", (64, 64)), "HEIC")
BMP = encode(Image.new("RGB", (16, 16)), "BMP")
GREY = {256: (4,), 257: (4,), 258: (8,), 259: (1,), 262: (1,), 278: (4,)}


@pytest.mark.parametrize(
    ("data", "what"),
    [
        pytest.param(JPEG[: FRAME + 4] + b"\x0c" + JPEG[FRAME + 5 :], "12 bits a channel", id="12-bit JPEG"),
        pytest.param(JPEG[: FRAME + 1] + b"\xc3" + JPEG[FRAME + 2 :], "lossless compression", id="lossless JPEG"),
        pytest.param(JPEG[: FRAME + 1] + b"\xf7" + JPEG[FRAME + 2 :], "JPEG-LS compression", id="JPEG-LS"),
        pytest.param(HEIC.replace(b"hvc1", b"avc1"), "a compression other than HEVC", id="HEIC of another codec"),
        pytest.param(BMP[:30] + b"\4" + BMP[31:], "a JPEG inside", id="JPEG in BMP"),
        pytest.param(BMP[:28] + b"\x40" + BMP[29:], "64 bits a pixel", id="BMP of 64 bits"),
        pytest.param(write_tiff(GREY | {259: (34712,)}, [bytes(16)]), "compression number 34712", id="JPEG 2000"),
        pytest.param(write_tiff(GREY | {262: (8,), 258: (8,) * 3, 277: (3,)}, [bytes(48)]), "Lab colours of 8 bits",
                     id="Lab"),
        pytest.param(write_tiff(GREY | {258: (16,), 266: (2,)}, [bytes(32)], ">"), "arrangement of samples",
                     id="bits from right to left"),
        pytest.param(draw_tiff(Kind(2, 32, real=True)).data, "RGB colours of 32 bits as real numbers", id="real RGB"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", bytes(4)) + bytes(40), "Apple's own", id="PNG of Apple"),
    ],
)  # fmt: skip
def test_what_is_whole_but_not_read_is_not_called_damaged(data: bytes, what: str) -> None:
    with pytest.raises(ImageRejected, match=f"file with .*{what}.* is not supported; save it as a plain JPEG or PNG"):
        read_image(data)


def test_an_orientation_is_found_wherever_programs_write_it() -> None:
    """EXIF as digits in a text, as ImageMagick wrote it, and XMP; 6 turns a wide picture upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    digits = b"\nexif\n%8d\n%s\n" % (len(exif.tobytes()), exif.tobytes().hex().encode())
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<rdf:Description tiff:Orientation="6"/>'
    plain = encode(Image.new("RGB", (30, 20)), "PNG")
    for text in (chunk(b"tEXt", b"Raw profile type exif\0" + digits), chunk(b"iTXt", xmp)):
        assert read_image(plain[:33] + text + plain[33:]).original_size == (20, 30)
    segment = b"http://ns.adobe.com/xap/1.0/\0" + xmp
    photo = encode(Image.new("RGB", (30, 20)), "JPEG")
    with_xmp = photo[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + photo[2:]
    assert read_image(with_xmp).original_size == (20, 30)
