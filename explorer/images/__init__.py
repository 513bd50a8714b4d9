"""From the bytes of an upload to a checked, upright RGB picture of at most 2,048 pixels a side.

What an untrusted file can do wrong is answered here, in one sentence a person can act on. What a network does to the
picture afterwards belongs to the zoo; the sample photographs are in `explorer.samples`.

A file's structure is read and bounded first (`containers`, `tiff`), and Pillow is given a file that holds the first
picture and nothing else. What people send is decoded in a process of its own (`apart`).
Sizes are (width, height) in pixels; "MB" means 2**20 bytes.
"""

from explorer.images.apart import read_apart
from explorer.images.decoded import MAX_SIDE
from explorer.images.intake import Intake, open_image, read_image
from explorer.images.labelled import LabelledPictures
from explorer.images.limits import MAX_BYTES, MAX_MEMORY, MAX_PIXELS, ImageRejected

__all__ = [
    "MAX_BYTES",
    "MAX_MEMORY",
    "MAX_PIXELS",
    "MAX_SIDE",
    "ImageRejected",
    "Intake",
    "LabelledPictures",
    "open_image",
    "read_apart",
    "read_image",
]
