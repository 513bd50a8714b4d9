"""From a file whose format is known to a decoded picture: Pillow for most formats, libheif for HEIC."""

import io
from typing import Any

import pillow_heif
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from explorer.images import deep
from explorer.images.containers import MOST_FRAMES, Parts, read_bmp, read_gif, read_jpeg, read_png
from explorer.images.decoded import MAX_SIDE, Crop, Decoded, Numbers
from explorer.images.directories import find_orientation
from explorer.images.limits import check_size, refuse_kind
from explorer.images.tiff import Page, read_tiff

_READERS = {"PNG": read_png, "JPEG": read_jpeg, "GIF": read_gif, "BMP": read_bmp}
# Samples that libtiff hands out in this machine's order, whatever the file's.
_FROM_LIBTIFF = {"F;32F": "F;32NF", "F;32BF": "F;32NF", "I;32S": "I;32NS", "I;32BS": "I;32NS",
                 "I;16S": "I;16NS", "I;16BS": "I;16NS"}  # fmt: skip


def decode(data: bytes, name: str) -> Decoded:
    """Decode the first picture of a file.

    Raises:
        ImageRejected: it is too large, or of a kind that is not read.
        Exception: of almost any type, where it is damaged.
    """
    if name == "HEIC":
        return _decode_heic(data)
    if name == "TIFF":
        return _decode_tiff(read_tiff(data), len(data))
    parts = _READERS[name](data) if name in _READERS else Parts(data)
    if name == "PNG" and parts.depth == 16 and parts.colour != 0:
        return _decode_deep_png(parts, len(data))
    return _decode_plain(parts, name, len(data))


def _open(data: bytes, name: str) -> ImageFile:
    return Image.open(io.BytesIO(data), formats=[name])


def _crop(image: Image.Image) -> Crop:
    return lambda top, bottom: image.crop((0, top, image.width, bottom))


def _decode_plain(parts: Parts, name: str, length: int) -> Decoded:
    """A picture of any format but TIFF and HEIC, as Pillow has it."""
    image = _open(parts.picture, name)
    size, drafted = image.size, None
    if isinstance(image, JpegImageFile):
        scale = min(1.0, MAX_SIDE / max(size))
        drafted = image.draft(image.mode, (max(1, int(size[0] * scale)), max(1, int(size[1] * scale))))
    check_size(name, size, _estimate_memory(image, size, parts.picture) + length)
    image.load()
    frames, info = parts.frames, image.info
    if name in ("WebP", "AVIF"):  # whose decoders count frames as they open
        frames = min(MOST_FRAMES, int(getattr(image, "n_frames", 1)))
    crop = _crop(image)
    if parts.transparent:
        crop = deep.blank(crop, parts.transparent, parts.depth)
    orientation = find_orientation(parts.exif or info.get("exif", b""), parts.xmp or info.get("xmp", b""))
    extent = drafted[1][2:] if drafted else image.size
    return Decoded(size, image.size, extent, image.mode, crop, info.get("icc_profile"), orientation, frames)


def _decode_deep_png(parts: Parts, length: int) -> Decoded:
    """A PNG of colours or opacity with 16 bits."""
    image = _open(parts.picture, "PNG")
    needed = 8.0 * image.width * image.height + len(parts.picture) + length + deep.AFTER
    check_size("PNG", image.size, needed)
    if parts.colour == 4:
        crop = deep.pair(deep.load(parts.picture, "PNG", "RGBA", "RGBA"))
    else:
        kind = "RGB" if parts.colour == 2 else "RGBA"
        high, low = (deep.load(parts.picture, "PNG", kind + order, kind) for order in deep.BIG)
        crop = deep.join(high, low, kind, parts.transparent)
        image = high
    orientation = find_orientation(parts.exif, parts.xmp)
    size, profile = image.size, image.info.get("icc_profile")
    return Decoded(size, size, size, "RGB", crop, profile, orientation, parts.frames)


def _decode_tiff(page: Page, length: int) -> Decoded:
    try:
        image = _open(page.picture, "TIFF")
    except UnidentifiedImageError:  # the tags are whole, but Pillow has no name for what they say together
        raise refuse_kind("TIFF", "such an arrangement of samples") from None
    [tile] = image.tile
    assert isinstance(tile.args, tuple)
    layout = tile.args[0]
    each = {"1": 1, "L": 1, "P": 1}.get(image.mode, 4) * (2 if page.deep else 1)
    needed = each * image.width * image.height + page.piece + len(page.picture) + length
    check_size("TIFF", image.size, needed + (deep.AFTER if page.deep else 0))
    if page.deep:
        kind = layout.partition(";")[0]  # "RGBX" has a fourth channel of no meaning, "RGBa" multiplied colours
        mode = {"RGBX": "RGB", "RGBa": "RGBA"}.get(kind, kind)
        high, low = (deep.load(page.picture, "TIFF", kind.upper() + order, mode) for order in deep.NATIVE)
        crop, mode, image = deep.join(high, low, "RGB" if kind == "RGBX" else kind), mode, high
    else:
        image.tile = [tile._replace(args=(_FROM_LIBTIFF.get(layout, layout), *tile.args[1:]))]
        image.load()
        crop, mode = _crop(image), image.mode
    size, profile = image.size, image.info.get("icc_profile")
    numbers = Numbers(page.white, page.inverted, page.unsigned)
    return Decoded(size, size, size, mode, crop, profile, page.orientation, page.frames, numbers)


def _decode_heic(data: bytes) -> Decoded:
    """Decode HEIC without its Pillow plug-in, which would hold the pixels twice."""
    images = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    if not len(images):  # the container is whole, and says nothing of what lies in it
        raise refuse_kind("HEIC", "a compression other than HEVC")
    image = images[images.primary_index]
    info: dict[str, Any] = image.info
    # libheif's bytes per pixel, measured: planes and RGB, and further planes where it has to convert between them.
    deep, fine = info.get("bit_depth", 8) > 8, info.get("chroma", 444) > 420
    each = (15.5 if fine else 8.0) if deep else (9.5 if fine else 5.0)
    if image.mode.endswith(("A", "a")):
        each += 4 if deep else 2
    check_size("HEIC", image.size, each * image.size[0] * image.size[1] + len(data))
    pixels, stride, size, mode = memoryview(image.data), image.stride, image.size, image.mode

    def crop(top: int, bottom: int) -> Image.Image:
        rows = pixels[top * stride : bottom * stride]
        return Image.frombytes(mode, (size[0], bottom - top), rows, "raw", mode, stride)

    # libheif has turned it upright; its further pictures are bursts and previews, not frames.
    return Decoded(size, size, size, mode, crop, info.get("icc_profile"))


def _estimate_memory(image: ImageFile, size: tuple[int, int], data: bytes) -> float:
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
    return needed
