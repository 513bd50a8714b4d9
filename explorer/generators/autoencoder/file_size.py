"""How large a file a code makes of a photo, and what a JPEG of that size keeps."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from explorer.generators.autoencoder.coder import Coder, count_bytes, round_to_bytes
from explorer.generators.autoencoder.patches import Patches, measure_error


@dataclass(frozen=True, eq=False)
class Filed:
    """A photo as bytes.

    Attributes:
        size: of all that is needed to draw it again.
        error: of what is drawn.
        quality: of a JPEG; 0 for a code.
    """

    size: int
    error: float
    quality: int = 0


def file_code(patches: Patches, coder: Coder) -> Filed:
    """A byte for every number of the codes and of the decoder, both rounded to that before they are used."""
    codes = coder.encode(patches.values)
    made = coder.rounded().decode(round_to_bytes(codes.T).T)
    return Filed(count_bytes(codes) + coder.bytes_of_decoder, measure_error(made, patches.values))


def file_jpeg(patches: Patches, most: int) -> Filed:
    """The JPEG of the highest quality that takes at most so many bytes; that of the lowest, where none does."""
    photo = Image.fromarray(patches.join(patches.values))
    least, greatest = 1, 100
    while least < greatest:
        middle = (least + greatest + 1) // 2
        if len(_write(photo, middle)) <= most:
            least = middle
        else:
            greatest = middle - 1
    data = _write(photo, least)
    drawn, wanted = (np.asarray(each, np.float64) / 255 for each in (Image.open(io.BytesIO(data)), photo))
    return Filed(len(data), measure_error(drawn, wanted), least)


def _write(photo: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()
