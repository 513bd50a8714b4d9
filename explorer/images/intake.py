"""From the bytes of an upload to a checked, upright RGB picture of at most 2,048 pixels a side.

What an untrusted file can do wrong is answered here, in one sentence a person can act on. What a network does to the
picture afterwards belongs to the zoo; the sample photographs are in `explorer.samples`.

The order of the checks matters: bytes, format, pixels and memory are judged before a pixel is decoded.
Sizes are (width, height) in pixels; "MB" means 2**20 bytes.
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MAX_SIDE = 2048
MAX_MEMORY = 250 * 2**20  # bytes at the peak of one intake, those of the file included

_READABLE = "pictures are read as JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC."
_SIGNATURES = {  # how a file of each format begins; AVIF and HEIC name themselves in their first box
    "JPEG": rb"\xff\xd8",
    "PNG": rb"\x89PNG",
    "GIF": rb"GIF8",
    "BMP": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "WebP": rb"RIFF....WEBP",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "AVIF": rb".{4}ftyp.{,96}(?:avif|avis)",
    "HEIC": rb".{4}ftyp.{,96}(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1)",
}
# EXIF orientation -> what makes the picture upright; the keys follow Pillow's order of the turns.
_TURNS = dict(zip((2, 4, 8, 3, 6, 5, 7), Image.Transpose, strict=True))


class ImageRejected(ValueError):
    """A file that is not taken in; the message is one sentence for the person who chose it."""


@dataclass(frozen=True)
class Intake:
    """A picture as the explorer works on it.

    Attributes:
        image: the working copy: RGB, upright, at most `MAX_SIDE` pixels a side.
        format: the file's format: "JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", "AVIF" or "HEIC".
        original_size: (width, height) of the file's picture as a person sees it, after its EXIF rotation.
        sha256: hex digest of the file's bytes, the key for caches.
        frames: how many frames or pages the file has; the first is taken.
    """

    image: Image.Image
    format: str
    original_size: tuple[int, int]
    sha256: str
    frames: int = 1

    @property
    def reduced(self) -> bool:
        """Whether the working copy is smaller than the original."""
        return self.image.size != self.original_size

    @property
    def note(self) -> str:
        """What was left out of the working copy; empty when it is the file's whole picture."""
        (width, height), size = self.original_size, self.image.size
        notes = [f"Reduced from {width} x {height} to {size[0]} x {size[1]} pixels."] if self.reduced else []
        if self.frames > 1:
            notes.append(f"First {'page' if self.format == 'TIFF' else 'frame'} of {self.frames}.")
        return " ".join(notes)


def open_image(data: bytes) -> Image.Image:
    """Read the bytes of an image file as an upright RGB picture of at most `MAX_SIDE` pixels a side.

    Raises:
        ImageRejected: when `read_image` does.
    """
    return read_image(data).image


def read_image(data: bytes) -> Intake:
    """Read the bytes of an image file, with what there is to say about them. Safe to call from many threads.

    Transparency is laid on white. Colours are brought to sRGB where the file has a usable profile.

    Raises:
        ImageRejected: the file is empty, too large, of another kind or damaged, or would take too much memory.
    """
    if not data:
        raise ImageRejected("The file is empty: it has zero bytes.")
    if len(data) > MAX_BYTES:
        raise ImageRejected(f"The file takes {len(data) / 2**20:.1f} MB, more than the limit of 20 MB.")
    name = _recognise(data)
    try:
        decoded = _decode_heic(data) if name == "HEIC" else _decode_with_pillow(data, name)
        size, orientation, frames, profile = decoded.size, decoded.orientation, decoded.frames, decoded.profile
        reduced, box = _reduce(decoded)
        del decoded  # up to 200 MB, which the memory for the last resizing must not come on top of
        scale = min(1.0, MAX_SIDE / max(size))
        target = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        image = _to_srgb(reduced.resize(target, Image.Resampling.LANCZOS, box=box), profile)
    except ImageRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRejected("The picture claims far more pixels than the limit of 50 megapixels.") from None
    except Exception as error:
        # Decoders meet a damaged file with almost any exception: OSError, SyntaxError, struct.error, EOFError, ...
        raise ImageRejected(f"The {name} file is cut short or damaged and cannot be read.") from error
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    seen = (size[1], size[0]) if orientation in (5, 6, 7, 8) else size
    return Intake(image, name, seen, hashlib.sha256(data).hexdigest(), frames)


def _recognise(data: bytes) -> str:
    """Name the format that the first bytes announce, or reject the file with what it is instead."""
    head = data[:4096]
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<") and b"<svg" in text:
        raise ImageRejected("SVG is a drawing, not a photo; export it as PNG.")
    if text.startswith((b"<!doctype html", b"<html")):
        raise ImageRejected("This is a web page, not a photo; save the picture itself.")
    if text.startswith(b"%pdf"):
        raise ImageRejected("PDF is a document, not a photo; export the page as PNG.")
    for name, signature in _SIGNATURES.items():
        if re.match(signature, head, re.DOTALL):
            return name
    if all(byte >= 32 or byte in b"\t\n\f\r" for byte in head):
        raise ImageRejected(f"The file holds text, not a picture; {_READABLE}")
    raise ImageRejected(f"The file is in no format that is known here; {_READABLE}")


@dataclass(frozen=True)
class _Decoded:
    """A decoded picture that hands out its rows, so that a second whole copy of it is never made."""

    size: tuple[int, int]  # of the picture in the file
    stored: tuple[int, int]  # of the decoded pixels: fewer where a JPEG was decoded at reduced scale
    extent: tuple[float, float]  # `size` in decoded pixels, which `stored` rounds up
    mode: str
    crop: Callable[[int, int], Image.Image]  # (top, bottom) -> a copy of these rows
    profile: bytes | None
    orientation: int = 1  # EXIF, 1 to 8
    frames: int = 1

    def strips(self, multiple: int = 1) -> Iterator[tuple[int, Image.Image]]:
        """The picture from top to bottom in strips of `multiple` rows or a multiple of it: first row, strip."""
        width, height = self.stored
        rows = max(1, 2**18 // width // multiple) * multiple  # about 1 MB, so that copies of it cost nothing
        for top in range(0, height, rows):
            yield top, self.crop(top, min(top + rows, height))


def _decode_with_pillow(data: bytes, name: str) -> _Decoded:
    image = Image.open(io.BytesIO(data), formats=[name])
    size = image.size
    drafted = None
    if isinstance(image, JpegImageFile):
        scale = min(1.0, MAX_SIDE / max(size))
        drafted = image.draft(image.mode, (max(1, int(size[0] * scale)), max(1, int(size[1] * scale))))
    _check_size(name, size, _estimate_pillow_memory(image, size, data))
    image.load()
    frames = orientation = 1
    with suppress(Exception):  # a photo with broken EXIF is still a photo
        orientation = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    with suppress(Exception):  # the first frame is whole; what is broken comes after it
        if name != "JPEG":  # whose further pictures are previews and depth maps
            frames = int(getattr(Image.open(io.BytesIO(data), formats=[name]), "n_frames", 1))

    def crop(top: int, bottom: int) -> Image.Image:
        return image.crop((0, top, image.width, bottom))

    # Loading turns a TIFF upright, which changes its size.
    size, extent = (size, drafted[1][2:]) if drafted else (image.size, image.size)
    return _Decoded(size, image.size, extent, image.mode, crop, image.info.get("icc_profile"), orientation, frames)


def _decode_heic(data: bytes) -> _Decoded:
    """Decode HEIC without its Pillow plug-in, which would hold the pixels twice."""
    images = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    image = images[images.primary_index]
    info: dict[str, Any] = image.info
    # libheif's bytes per pixel, measured: planes and RGB, and further planes where it has to convert between them.
    deep, fine = info.get("bit_depth", 8) > 8, info.get("chroma", 444) > 420
    each = (15.5 if fine else 8.0) if deep else (9.5 if fine else 5.0)
    if image.mode.endswith(("A", "a")):
        each += 4 if deep else 2
    _check_size("HEIC", image.size, each * image.size[0] * image.size[1] + len(data))
    pixels, stride, size, mode = memoryview(image.data), image.stride, image.size, image.mode

    def crop(top: int, bottom: int) -> Image.Image:
        rows = pixels[top * stride : bottom * stride]
        return Image.frombytes(mode, (size[0], bottom - top), rows, "raw", mode, stride)

    # libheif has turned it upright; its further pictures are bursts and previews, not frames.
    return _Decoded(size, size, size, mode, crop, info.get("icc_profile"))


def _check_size(name: str, size: tuple[int, int], needed: float) -> None:
    megapixels = size[0] * size[1] / 1e6
    if size[0] * size[1] > MAX_PIXELS:
        shape = f"{size[0]} x {size[1]} pixels ({megapixels:.1f} megapixels)"
        raise ImageRejected(f"The picture has {shape}, more than the limit of 50 megapixels.")
    if needed > MAX_MEMORY:
        raise ImageRejected(
            f"Decoding this {name} of {megapixels:.1f} megapixels would take {needed / 2**20:.0f} MB of memory, "
            "more than the limit of 250 MB; save it as a plain JPEG."
        )


def _estimate_pillow_memory(image: ImageFile, size: tuple[int, int], data: bytes) -> float:
    """Bytes that loading takes at its peak, from what each decoder buffers; what comes after it stays below that."""
    area = size[0] * size[1]
    needed = float(image.width * image.height * {"1": 1, "L": 1, "P": 1}.get(image.mode, 4)) + len(data)
    if image.format == "WEBP":  # two canvases, a copy of one, and the picture; the file twice more
        return 16.5 * area + 3 * len(data)
    if image.format == "AVIF":  # measured: planes, their RGB, and a copy of it
        kind = data[data.index(b"av1C") + 6]  # bit 6: more than 8 bits; bits 3 and 2: colour at half the scale
        each = (9.5 if kind & 0x0C == 0x0C else 11.5) + 2.5 * (image.mode == "RGBA") + 4 * bool(kind & 0x40)
        return each * area + 2 * len(data)
    if isinstance(image, JpegImageFile):
        # libjpeg keeps all the coefficients, 2 bytes each, of a picture that does not come in one scan.
        one_scan = bytes([0xFF, 0xDA, 0, 6 + 2 * image.layers, image.layers]) in data
        if not one_scan or "progressive" in image.info:
            finest = max(h for _, h, _, _ in image.layer) * max(v for _, _, v, _ in image.layer)
            needed += 2 * area * sum(h * v for _, h, v, _ in image.layer) / finest
    if isinstance(image, TiffImageFile):
        tags, tag = image.tag_v2, ExifTags.Base
        if tags.get(tag.Orientation, 1) != 1:
            needed *= 2  # Pillow turns it at full size
        if image.tile[0].codec_name == "libtiff":  # buffers one tile, or one strip of rows
            width = tags.get(tag.TileWidth, size[0])
            rows = tags.get(tag.TileLength, min(tags.get(tag.RowsPerStrip, size[1]), size[1]))
            needed += width * rows * max(4, sum(tags.get(tag.BitsPerSample, (1,))) / 8)
    return needed


def _reduce(decoded: _Decoded) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Average a picture down by a whole step to less than twice `MAX_SIDE`, as "L", "RGB" or "CMYK"; and its box."""
    width, height = decoded.stored
    step = max(1, max(width, height) // MAX_SIDE)
    across, down = min(step, width), min(step, height)
    levels = _find_levels(decoded)
    mode = _flatten(decoded.crop(0, 1), levels).mode
    canvas = Image.new(mode, (-(-width // across), -(-height // down)))
    for top, strip in decoded.strips(multiple=down):
        canvas.paste(_flatten(strip, levels).reduce((across, down)), (0, top // down))
    return canvas, (0, 0, decoded.extent[0] / across, decoded.extent[1] / down)


def _find_levels(decoded: _Decoded) -> tuple[float, float]:
    """Find the values shown as black and as white. 16 bits run from 0 to 65,535.

    32-bit numbers do not say their range: white is the first of 1 (real numbers only), 255 and 65,535 that no pixel
    exceeds. A picture that goes beyond, or below zero, is stretched from its least value to its greatest.
    """
    if decoded.mode not in ("I", "F"):
        return 0.0, 65535.0
    low, high = np.inf, -np.inf
    for _, strip in decoded.strips():
        values = np.asarray(strip, np.float64)
        values = values[np.isfinite(values)]
        low, high = min(low, values.min(initial=np.inf)), max(high, values.max(initial=-np.inf))
    for white in (1.0, 255.0, 65535.0)[decoded.mode == "I" :]:
        if low >= 0 and high <= white:
            return 0.0, white
    return float(low), float(max(high, low + 1))


def _flatten(strip: Image.Image, levels: tuple[float, float]) -> Image.Image:
    """Bring a strip of any mode to "L", "RGB" or "CMYK", with transparency laid on white."""
    if strip.mode[0] in "IF":
        values = (np.asarray(strip, np.float64) - levels[0]) * (255 / (levels[1] - levels[0]))
        return Image.fromarray(np.rint(np.clip(np.nan_to_num(values), 0, 255)).astype(np.uint8))
    if strip.has_transparency_data:
        paper = Image.new("RGBA", strip.size, "white")
        return Image.alpha_composite(paper, strip.convert("RGBA")).convert("RGB")
    if strip.mode in ("L", "RGB", "CMYK"):
        return strip
    return strip.convert("L" if strip.mode == "1" else "RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        # A profile that is damaged or made for another colour space says nothing: the plain conversion is better.
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image.convert("RGB")
    return image.convert("RGB")
