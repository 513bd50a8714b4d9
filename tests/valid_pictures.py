"""Small pictures of every format and many modes, as files: where the tests of the intake and of damage begin."""

import io
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

LOSSLESS: dict[str, dict[str, Any]] = {"PNG": {}, "WEBP": {"lossless": True}, "BMP": {}, "TIFF": {}}
LOSSY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "MPO": {"quality": 95, "subsampling": 0},
    "GIF": {},
    "AVIF": {"quality": 90},
    "HEIC": {"quality": 90},
}


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    if format == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, format, **options)
    return buffer.getvalue()


def write_valid_files() -> list[bytes]:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)).resize((60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = [encode(picture, format, **options) for format, options in (LOSSLESS | LOSSY).items()]
    files += [encode(picture, format, exif=exif.tobytes(), icc_profile=profile) for format in ("JPEG", "PNG", "TIFF")]
    files += [encode(picture, "TIFF", compression=kind) for kind in ("tiff_lzw", "jpeg", "tiff_deflate", "packbits")]
    files += [encode(picture.convert(mode), "PNG") for mode in ("P", "1", "LA", "I;16")]
    files += [encode(picture.convert(mode), "TIFF") for mode in ("F", "I", "CMYK")]
    files += [encode(picture, "JPEG", progressive=True), encode(picture.convert("CMYK"), "JPEG")]
    files += [encode(picture, format, save_all=True, append_images=[picture] * 2) for format in ("GIF", "WEBP", "TIFF")]
    return files


VALID = write_valid_files()
