"""The intake: which format a file is of, what is wrong with it in one sentence, and the working copy of its picture."""

import hashlib
import io
import re
from contextlib import suppress
from dataclasses import dataclass

from PIL import Image, ImageCms

from explorer.images.containers import MOST_FRAMES
from explorer.images.decoded import MAX_SIDE, reduce
from explorer.images.decoding import decode
from explorer.images.limits import MAX_BYTES, ImageRejected, refuse_kind

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


@dataclass(frozen=True)
class Intake:
    """A picture as the explorer works on it.

    Attributes:
        image: the working copy: RGB, upright, at most `MAX_SIDE` pixels a side.
        format: the file's format: "JPEG", "PNG", "WebP", "GIF", "BMP", "TIFF", "AVIF" or "HEIC".
        original_size: (width, height) of the file's picture as a person sees it, after its EXIF rotation.
        sha256: hex digest of the file's bytes, the key for caches.
        frames: how many frames or pages the file has, counted up to 1,000; the first is taken.
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
            count = f"{self.frames:,} or more" if self.frames == MOST_FRAMES else self.frames
            notes.append(f"First {'page' if self.format == 'TIFF' else 'frame'} of {count}.")
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
    check_bytes(data)
    name = _recognise(data)
    try:
        decoded = decode(data, name)
        size, orientation, frames, profile = decoded.size, decoded.orientation, decoded.frames, decoded.profile
        reduced, box = reduce(decoded)
        del decoded  # up to 200 MB, which the memory for the last resizing must not come on top of
        scale = min(1.0, MAX_SIDE / max(size))
        target = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
        image = _to_srgb(reduced.resize(target, Image.Resampling.LANCZOS, box=box), profile)
    except ImageRejected:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageRejected("The picture claims far more pixels than the limit of 50 megapixels.") from None
    except MemoryError:
        raise ImageRejected(f"Decoding the {name} file takes more memory than there is for one picture.") from None
    except Exception as error:
        # Decoders meet a damaged file with almost any exception: OSError, SyntaxError, struct.error, EOFError, ...
        if name in ("HEIC", "AVIF") and re.search(
            "unsupported|not supported|not implemented|no codec", str(error), re.I
        ):
            raise refuse_kind(name, "features that its decoder lacks") from error
        raise ImageRejected(f"The {name} file is cut short or damaged and cannot be read.") from error
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    seen = (size[1], size[0]) if orientation in (5, 6, 7, 8) else size
    return Intake(image, name, seen, hashlib.sha256(data).hexdigest(), frames)


def check_bytes(data: bytes) -> None:
    """Raise `ImageRejected` for a file that is empty or too large."""
    if not data:
        raise ImageRejected("The file is empty: it has zero bytes.")
    if len(data) > MAX_BYTES:
        raise ImageRejected(f"The file takes {len(data) / 2**20:.1f} MB, more than the limit of 20 MB.")


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


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        # A profile that is damaged or made for another colour space says nothing: the plain conversion is better.
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image.convert("RGB")
    return image.convert("RGB")
