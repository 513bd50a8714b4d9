"""The intake of images: what comes in right, what is refused and with which words, and what it costs in memory.

Oracles are computed with NumPy from the values that were written, never with the code under test.
"""

import hashlib
import re
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, TiffImagePlugin

from explorer.images import MAX_BYTES, MAX_SIDE, ImageRejected, Intake, limits, open_image, read_image

from .fuzzing.test_pictures import take_or_refuse
from .raw_pictures import chunk
from .valid_pictures import LOSSLESS, LOSSY, VALID, encode


def read_array(data: bytes) -> np.ndarray:
    image = open_image(data)
    assert image.mode == "RGB"
    return np.asarray(image).astype(int)  # (H, W, 3)


def paint_blocks(height: int = 96, width: int = 160) -> np.ndarray:
    """Four corners of four colours, large enough to survive lossy compression. (H, W, 3), uint8."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (200, 40, 40)
    pixels[: height // 2, width // 2 :] = (40, 180, 40)
    pixels[height // 2 :, : width // 2] = (40, 60, 200)
    pixels[height // 2 :, width // 2 :] = (220, 200, 60)
    return pixels


BLOCKS = paint_blocks()
SHOWN = {"WEBP": "WebP", "MPO": "JPEG"}


def claim_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


# ---- formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", [*LOSSLESS, *LOSSY])
def test_every_format_comes_in_with_its_colours(format: str) -> None:
    data = encode(Image.fromarray(BLOCKS), format, **(LOSSLESS | LOSSY)[format])
    intake = read_image(data)
    assert intake.format == SHOWN.get(format, format)
    assert intake.original_size == intake.image.size == (160, 96)
    assert intake.sha256 == hashlib.sha256(data).hexdigest()
    assert (intake.reduced, intake.note) == (False, "")
    error = np.abs(read_array(data) - BLOCKS)
    if format in LOSSLESS:
        assert error.max() == 0
    else:
        assert np.median(error) <= 4


# What a viewer does to the stored rows (EXIF 2.32, tag 0x0112).
UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_rotation_is_applied_once(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.fromarray(BLOCKS), format, exif=exif.tobytes(), **(LOSSLESS | LOSSY)[format])
    expected = UPRIGHT[orientation](BLOCKS)
    assert read_image(data).original_size == (expected.shape[1], expected.shape[0])
    result = read_array(data)
    assert result.shape == expected.shape
    assert np.median(np.abs(result - expected)) <= 4


def test_a_reduced_and_rotated_jpeg_names_the_size_a_person_sees() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    intake = read_image(encode(Image.new("RGB", (4000, 3000)), "JPEG", exif=exif.tobytes()))
    assert (intake.original_size, intake.image.size) == ((3000, 4000), (1536, 2048))
    assert intake.note == "Reduced from 3000 x 4000 to 1536 x 2048 pixels."


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"\xff" * 64])
def test_broken_exif_does_not_cost_the_photo(exif: bytes) -> None:
    assert open_image(encode(Image.fromarray(BLOCKS), "JPEG", exif=exif)).size == (160, 96)


# ---- modes ----------------------------------------------------------------------------------------------------------

INKS = {
    (0, 0, 0, 0): (255, 255, 255),
    (255, 0, 0, 0): (0, 255, 255),
    (0, 255, 0, 0): (255, 0, 255),
    (0, 0, 255, 0): (255, 255, 0),
    (0, 0, 0, 255): (0, 0, 0),
    (0, 255, 255, 0): (255, 0, 0),
}


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize("ink", INKS)
def test_cmyk_inks_become_their_colours(format: str, ink: tuple[int, ...]) -> None:
    data = encode(Image.new("CMYK", (32, 32), ink), format)
    if format == "JPEG":
        assert b"Adobe" in data  # written inverted, as Photoshop does
    assert np.abs(read_array(data) - INKS[ink]).max() <= 2


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(format: str) -> None:
    values = np.array([[0, 257, 257 * 128, 40000, 65535]], np.uint16)
    result = read_array(encode(Image.fromarray(values), format))
    assert np.array_equal(result[..., 0], np.rint(values / 257).astype(int))
    assert (result == result[..., :1]).all()


def test_big_endian_sixteen_bit_grey() -> None:
    image = Image.frombytes("I;16B", (3, 1), np.array([0, 32896, 65535], ">u2").tobytes())
    assert read_array(encode(image, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def test_sixteen_bit_colour() -> None:
    """Sixteen bits a channel, written by hand because Pillow cannot."""
    row = np.array([65535, 32896, 0], ">u2").tobytes()
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b"")
    assert read_array(b"\x89PNG\r\n\x1a\n" + body).tolist() == [[[255, 128, 0]]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(np.array([0, 0.5, 1], np.float32), [0, 128, 255], id="real 0 to 1"),
        pytest.param(np.array([0, 100, 200], np.float32), [0, 100, 200], id="real, 8 bits"),
        pytest.param(np.array([0, 257, 25700], np.float32), [0, 1, 100], id="real, 16 bits"),
        pytest.param(np.array([-1, 0, 1], np.float32), [0, 128, 255], id="real, signed"),
        pytest.param(np.array([0, 5e5, 1e6], np.float32), [0, 128, 255], id="real, beyond 16 bits"),
        pytest.param(np.array([np.nan, 0, 1], np.float32), [0, 0, 255], id="not a number"),
        pytest.param(np.array([np.nan, np.nan], np.float32), [0, 0], id="no number at all"),
        pytest.param(np.array([-np.inf, 0.0, np.inf], np.float32), [0, 0, 255], id="infinite"),
        pytest.param(np.array([7e6, 7e6], np.float32), [0, 0], id="constant beyond 16 bits"),
        pytest.param(np.array([0, 100, 200], np.int32), [0, 100, 200], id="whole, 8 bits"),
        pytest.param(np.array([0, 257, 65535], np.int32), [0, 1, 255], id="whole, 16 bits"),
        pytest.param(np.array([0, 10**6, 2 * 10**6], np.int32), [0, 128, 255], id="whole, 32 bits"),
    ],
)
def test_numbers_without_a_range_find_one(values: np.ndarray, expected: list[int]) -> None:
    assert read_array(encode(Image.fromarray(values[None]), "TIFF"))[0, :, 0].tolist() == expected


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_alpha_is_laid_on_white(format: str) -> None:
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[:, :32] = (200, 0, 0, 255)
    pixels[:, 32:64] = (200, 0, 0, 51)  # a fifth
    options = {"lossless": True, "exact": True} if format == "WEBP" else LOSSY.get(format, {})
    result = read_array(encode(Image.fromarray(pixels), format, **options))
    expected = np.array([[200, 0, 0], [244, 204, 204], [255, 255, 255]])
    assert np.abs(result[32, [16, 48, 80]] - expected).max() <= 6


def test_grey_with_alpha_palette_with_transparency_and_a_transparent_colour() -> None:
    grey = Image.fromarray(np.array([[[0, 255], [0, 102], [0, 0]]], np.uint8), "LA")
    assert read_array(encode(grey, "PNG"))[0, :, 0].tolist() == [0, 153, 255]

    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    palette.putpalette([10, 20, 30, 200, 100, 0, 0, 0, 0])
    expected = [[10, 20, 30], [200, 100, 0], [0, 0, 0]]
    assert read_array(encode(palette, "PNG"))[0].tolist() == expected
    for format in ("PNG", "GIF"):
        assert read_array(encode(palette, format, transparency=0))[0].tolist() == [[255] * 3, *expected[1:]]
    soft = read_array(encode(palette, "PNG", transparency=b"\xff\x00\x33"))[0]
    assert soft.tolist() == [[10, 20, 30], [255] * 3, [204] * 3]

    colour = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    assert read_array(encode(colour, "PNG", transparency=(1, 2, 3)))[0].tolist() == [[255] * 3, [4, 5, 6]]


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "GIF"])
def test_one_bit_is_black_and_white(format: str) -> None:
    bits = np.random.default_rng(0).random((20, 30)) > 0.5
    assert np.array_equal(
        read_array(encode(Image.fromarray(bits), format)), np.repeat(bits[..., None] * 255, 3, axis=2)
    )


def test_a_colour_profile_is_honoured() -> None:
    """A profile whose red and green primaries have changed places turns red into green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for entry in range(132, 132 + 12 * struct.unpack_from(">I", profile, 128)[0], 12):
        places[bytes(profile[entry : entry + 4])] = struct.unpack_from(">I", profile, entry + 4)[0]
    red, green = slice(places[b"rXYZ"], places[b"rXYZ"] + 20), slice(places[b"gXYZ"], places[b"gXYZ"] + 20)
    profile[red], profile[green] = profile[green], profile[red]
    data = encode(Image.new("RGB", (4, 4), (255, 0, 0)), "PNG", icc_profile=bytes(profile))
    assert np.abs(read_array(data) - (0, 255, 0)).max() <= 3


@pytest.mark.parametrize(
    "profile",
    [b"", b"garbage", b"\0" * 500, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()],
    ids=["none", "text", "zeros", "another colour space"],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_unusable_profile_is_ignored(profile: bytes, mode: str) -> None:
    image = Image.new(mode, (4, 4), (100,) * len(mode) if mode != "L" else 100)
    assert np.array_equal(read_array(encode(image, "TIFF", icc_profile=profile)), read_array(encode(image, "TIFF")))


# ---- sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", sorted({*LOSSLESS, *LOSSY} - {"HEIC"}))  # whose encoder writes no such picture
def test_one_pixel(format: str) -> None:
    result = read_array(encode(Image.new("RGB", (1, 1), (90, 90, 90)), format, **(LOSSLESS | LOSSY)[format]))
    assert result.shape == (1, 1, 3)
    assert np.abs(result - 90).max() <= 4


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1, 20000), (1, 2048)),
        ((20000, 1), (2048, 1)),
        ((3, 60000), (1, 2048)),
        ((2048, 2048), (2048, 2048)),
        ((2049, 100), (2048, 100)),
        ((8000, 15), (2048, 4)),
    ],
)
def test_long_side_is_at_most_2048(format: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    intake = read_image(encode(Image.new("RGB", size, (50, 100, 150)), format))
    assert intake.original_size == size
    assert intake.image.size == expected
    assert intake.reduced == (size != expected)
    assert np.abs(np.asarray(intake.image).astype(int) - (50, 100, 150)).max() <= 3


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize("width", [2500, 5000, 6147, 16391])
def test_reduction_keeps_every_pixel_in_its_place(format: str, width: int) -> None:
    """A ramp stays the ramp, read at the centres of the larger pixels; blocks that do not divide the width included."""
    ramp = np.linspace(0, 255, width)
    pixels = np.repeat(np.rint(ramp).astype(np.uint8)[None], 96, axis=0)
    result = read_array(encode(Image.fromarray(pixels), format, **({"quality": 98} if format == "JPEG" else {})))
    centres = (np.arange(MAX_SIDE) + 0.5) * width / MAX_SIDE - 0.5
    expected = np.interp(centres, np.arange(width), ramp)
    assert np.abs(result[result.shape[0] // 2, 4:-4, 0] - expected[4:-4]).max() <= 1.5


def test_reduction_is_the_mean_of_what_is_seen() -> None:
    """Transparent black beside opaque red is white beside red: their mean is pink, not brown."""
    pixels = np.zeros((4096, 4096, 4), np.uint8)
    pixels[::2] = (255, 0, 0, 255)
    result = read_array(encode(Image.fromarray(pixels), "PNG", compress_level=1))
    assert result.shape == (2048, 2048, 3)
    assert np.abs(result - (255, 127.5, 127.5)).max() <= 1


@pytest.mark.parametrize("values", [np.uint16([0, 65535]), np.float32([0, 1])], ids=["16 bits", "real"])
def test_grey_of_many_strips_is_reduced_after_scaling(values: np.ndarray) -> None:
    pixels = np.repeat(np.resize(values, 4096)[:, None], 512, axis=1)  # rows in turn dark and light
    result = read_array(encode(Image.fromarray(pixels), "TIFF"))
    assert result.shape == (2048, 256, 3)
    assert np.abs(result - 127.5).max() <= 1


# ---- more than one picture ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "note"),
    [
        ("GIF", "First frame of 3."),
        ("PNG", "First frame of 3."),
        ("WEBP", "First frame of 3."),
        ("AVIF", "First frame of 3."),
        ("TIFF", "First page of 3."),
        ("MPO", ""),
    ],
)
def test_the_first_frame_is_taken(format: str, note: str) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    data = encode(frames[0], format, save_all=True, append_images=frames[1:])
    intake = read_image(data)
    assert intake.note == note
    assert np.abs(np.asarray(intake.image).astype(int) - (200, 0, 0)).max() <= 6


def test_a_note_can_say_both() -> None:
    frames = [Image.new("L", (3000, 30), grey) for grey in (0, 255)]
    note = read_image(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])).note
    assert note == "Reduced from 3000 x 30 to 2048 x 20 pixels. First frame of 2."


# ---- refusals -------------------------------------------------------------------------------------------------------

SVG = b'<?xml version="1.0"?>\n<!-- a drawing -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "The file is empty: it has zero bytes.", id="zero bytes"),
        pytest.param(b"holiday.jpg\n" * 9, "holds text, not a picture; pictures are read as JPEG", id="text"),
        pytest.param(b"BMI values\n1\n2\n", "holds text", id="text that begins like a bitmap"),
        pytest.param("Grüße vom Meer".encode(), "holds text", id="text with umlauts"),
        pytest.param(SVG, "SVG is a drawing, not a photo; export it as PNG.", id="SVG"),
        pytest.param(b"\xef\xbb\xbf  <SVG/>", "SVG is a drawing", id="SVG with a byte order mark"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "PDF is a document", id="PDF"),
        pytest.param(b"<!DOCTYPE html><html><svg/></html>", "SVG|web page", id="web page with a drawing"),
        pytest.param(b"\n<html><body>404</body></html>", "This is a web page", id="web page"),
        pytest.param(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "no format that is known here", id="film"),
        pytest.param(b"PK\3\4" + b"\0" * 50, "no format that is known here; pictures are", id="archive"),
        pytest.param(b"RIFF\x24\0\0\0WAVEfmt ", "no format that is known here", id="sound"),
        pytest.param(b"\0", "no format that is known here", id="one zero byte"),
        pytest.param(b"\xff\xd8", "JPEG file is cut short or damaged", id="a JPEG's first two bytes"),
        pytest.param(b"\xff" * (MAX_BYTES + 1), "takes 20.0 MB, more than the limit of 20 MB", id="20 MB and a byte"),
        pytest.param(claim_png(30000, 30000), "more pixels than the limit of 50 megapixels", id="bomb"),
        pytest.param(claim_png(10000, 10000), r"10000 x 10000 .*limit of 50 megapixels", id="smaller bomb"),
        pytest.param(claim_png(7072, 7072), r"7072 x 7072 pixels \(50.0 megapixels\), more", id="just above the limit"),
        pytest.param(claim_png(2**31 - 1, 2**31 - 1), "limit of 50 megapixels", id="largest bomb"),
        pytest.param(claim_png(50_000_000, 1), "a side of more than 100,000", id="limit itself, in one row"),
        pytest.param(claim_png(10_000, 5_000), "PNG file is cut short", id="limit itself, but no pixels"),
        pytest.param(claim_png(0, 5), "PNG file is cut short", id="no width"),
        pytest.param(b"GIF89a" + b"\xff" * 4 + b"\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\xff\xff\xff\xff\0\2\0;",
                     "limit of 50 megapixels", id="GIF bomb"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ImageRejected, match=reason) as rejection:
            read_image(data)
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(rejection.value))


@pytest.mark.parametrize("size", [30000, 10000])
def test_a_bomb_is_refused_whatever_the_filters_for_warnings(size: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageRejected, match="limit of 50 megapixels"):
            read_image(claim_png(size, size))


def test_exactly_twenty_megabytes_are_taken() -> None:
    data = encode(Image.fromarray(BLOCKS), "JPEG")
    assert open_image(data + b"\0" * (MAX_BYTES - len(data))).size == (160, 96)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("format", [*LOSSLESS, *LOSSY])
def test_a_truncated_file_is_refused(format: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)
    options = {} if format == "MPO" else (LOSSLESS | LOSSY)[format]
    data = encode(Image.fromarray(noise), format, **options)
    with pytest.raises(ImageRejected, match=f"{SHOWN.get(format, format)} file is cut short or damaged"):
        read_image(data[: int(len(data) * share)])


@pytest.mark.parametrize("format", ["WEBP", "JPEG", "TIFF", "AVIF", "HEIC"])
def test_what_would_take_too_much_memory_is_refused_before_it_does(
    format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"progressive": True} if format == "JPEG" else {}
    data = encode(Image.new("RGB", (1024, 1024)), format, **options)
    monkeypatch.setattr(limits, "MAX_MEMORY", 2**20)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageRejected, match=r"of 1.0 megapixels would take \d+ MB of memory, more than"):
        read_image(data)


# ---- memory ---------------------------------------------------------------------------------------------------------

MEASURE = """
import os, sys
from explorer.images import read_image

def measure(key):
    # Not ru_maxrss where it can be helped: a child inherits the peak of the process that started it.
    try:
        return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith(key))
    except FileNotFoundError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes

for path in sys.stdin:
    child = os.fork()
    if child:
        if os.waitpid(child, 0)[1]:
            print("failed", flush=True)
        continue
    before = measure("VmRSS")
    with open(path.strip(), "rb") as file:
        intake = read_image(file.read())
    print(measure("VmHWM") - before, *intake.image.size, flush=True)
    os._exit(0)
"""


@pytest.fixture(scope="module")
def measuring() -> Iterator["subprocess.Popen[str]"]:
    """Reads paths; for each it starts a process that has imported what it needs and opened no picture yet."""
    command = [sys.executable, "-c", MEASURE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def write_gradient(path: Path, size: tuple[int, int], mode: str, format: str, options: dict[str, Any]) -> None:
    ramp = Image.linear_gradient("L").resize(size)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(ramp).astype(np.uint16) * 257)
    elif mode in ("RGB", "RGBA"):
        image = Image.merge(mode, [ramp, ramp.transpose(Image.Transpose.ROTATE_180), *[ramp] * (len(mode) - 2)])
    else:
        image = ramp.convert(mode)
    path.write_bytes(encode(image, format, **options))


@pytest.mark.parametrize(
    ("size", "mode", "format", "options"),
    [
        pytest.param((8064, 6048), "RGB", "JPEG", {}, id="JPEG"),
        pytest.param((8064, 6048), "RGB", "JPEG", {"progressive": True}, id="progressive JPEG"),
        pytest.param((7070, 5100), "RGB", "JPEG", {"progressive": True, "subsampling": 0}, id="JPEG in full colour"),
        pytest.param((7000, 7000), "RGB", "PNG", {"compress_level": 1}, id="PNG"),
        pytest.param((7071, 7071), "RGBA", "PNG", {"compress_level": 1}, id="PNG with alpha"),
        pytest.param((7000, 7000), "P", "PNG", {"compress_level": 1}, id="PNG with palette"),
        pytest.param((7000, 7000), "I;16", "PNG", {"compress_level": 1}, id="PNG of 16 bits"),
        pytest.param((7000, 7000), "1", "TIFF", {"compression": "group4"}, id="TIFF of 1 bit"),
        pytest.param((7000, 7000), "RGB", "TIFF", {"compression": "jpeg"}, id="TIFF in strips"),
        pytest.param((6450, 5000), "RGB", "TIFF", {"compression": "jpeg", "strip": 2**30}, id="TIFF of one strip"),
        pytest.param((7000, 7000), "P", "GIF", {}, id="GIF"),
        pytest.param((4500, 3400), "RGB", "WEBP", {"method": 0}, id="WebP"),
        pytest.param((6000, 4500), "RGB", "AVIF", {"speed": 10}, id="AVIF"),
        pytest.param((4900, 3800), "RGBA", "AVIF", {"speed": 10, "subsampling": "4:4:4"}, id="AVIF with alpha"),
        pytest.param((8064, 6048), "RGB", "HEIC", {"quality": 50, "enc_params": {"preset": "ultrafast"}}, id="HEIC"),
    ],
)
def test_one_intake_takes_at_most_250_mb(
    size: tuple[int, int],
    mode: str,
    format: str,
    options: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    measuring: "subprocess.Popen[str]",
) -> None:
    """The largest that each decoder is allowed; the peak of a process of its own, which has nothing else to do."""
    options = dict(options)
    if "strip" in options:
        monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", options.pop("strip"))
    write_gradient(tmp_path / "large", size, mode, format, options)
    if format == "PNG":
        with open(tmp_path / "large", "ab") as file:
            file.truncate(MAX_BYTES)  # as many bytes as a file may have
    assert measuring.stdin is not None
    assert measuring.stdout is not None
    print(tmp_path / "large", file=measuring.stdin, flush=True)
    output = measuring.stdout.readline().split()
    assert float(output[0]) <= 250
    assert max(map(int, output[1:])) == MAX_SIDE


# ---- anything at all ------------------------------------------------------------------------------------------------


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\x40\0\0\0WEBPVP8 ", b"II*\0",
                     b"MM\0*", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypheic", b"<svg"]),
    st.binary(max_size=300),
)  # fmt: skip
def test_random_bytes_are_taken_or_refused(start: bytes, rest: bytes) -> None:
    take_or_refuse(start + rest)


@settings(max_examples=4 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_files_are_taken_or_refused(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(st.sampled_from(VALID)))
    # Headers decide more than pixels do: half of the damage is done in the first 200 bytes.
    place = st.integers(0, min(200, len(data) - 1)) | st.integers(0, len(data) - 1)
    for position, value in draw.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=8)):
        data[position] = value
    if draw.draw(st.booleans()):
        start = draw.draw(place)
        data[start : start + draw.draw(st.integers(0, 40))] = draw.draw(st.binary(max_size=40))
    if draw.draw(st.booleans()):
        del data[draw.draw(place) :]
    take_or_refuse(bytes(data))


def test_many_threads_read_what_one_reads() -> None:
    def read(data: bytes) -> tuple[Intake, bytes] | str:
        try:
            intake = read_image(data)
        except ImageRejected as rejection:
            return str(rejection)
        return intake.note, intake.sha256, intake.image.tobytes()

    files = [*VALID, b"", SVG, VALID[0][:300], claim_png(9000, 9000), encode(Image.new("RGB", (3000, 2000)), "PNG")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = [read(data) for data in files]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(read, files * 8))
    assert together == alone * 8


def test_the_intake_imports_neither_torch_nor_streamlit() -> None:
    code = "import sys, explorer.images; assert not {'torch', 'streamlit', 'plotly'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
