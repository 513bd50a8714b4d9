"""What a picture may take, and the sentences of those that are turned away."""

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MAX_LENGTH = 100_000  # pixels of one side: decoders hold whole rows several times, and a pointer to each
MAX_PIECES = 250_000  # chunks, segments, blocks, strips or tiles of one file
MAX_MEMORY = 250 * 2**20  # bytes at the peak of one intake, those of the file included


class ImageRejected(ValueError):
    """A file that is not taken in; the message is one sentence for the person who chose it."""


def check_size(name: str, size: tuple[int, int], needed: float) -> None:
    """Judge a picture before it is decoded.

    Args:
        name: of the format.
        size: (width, height) in pixels.
        needed: bytes that decoding takes at its peak.

    Raises:
        ImageRejected: it has too many pixels, or takes too much memory.
    """
    megapixels = size[0] * size[1] / 1e6
    if size[0] * size[1] > MAX_PIXELS:
        shape = f"{size[0]} x {size[1]} pixels ({megapixels:.1f} megapixels)"
        raise ImageRejected(f"The picture has {shape}, more than the limit of 50 megapixels.")
    if max(size) > MAX_LENGTH:
        raise ImageRejected(
            f"The picture has {size[0]} x {size[1]} pixels; a side of more than {MAX_LENGTH:,} is not read."
        )
    if needed > MAX_MEMORY:
        raise ImageRejected(
            f"Decoding this {name} of {megapixels:.1f} megapixels would take {needed / 2**20:.0f} MB of memory, "
            "more than the limit of 250 MB; save it as a plain JPEG."
        )


def check_pieces(name: str, count: int) -> None:
    """Raise `ImageRejected` for a file of too many pieces, each of which costs time and memory however small."""
    if count > MAX_PIECES:
        raise ImageRejected(
            f"The {name} file is cut into more than {MAX_PIECES:,} pieces, the most that are read; save it again."
        )


def refuse_kind(name: str, what: str) -> ImageRejected:
    """The refusal of a file that may well be whole, but is of a kind that is not read here."""
    return ImageRejected(f"A {name} file with {what} is not supported; save it as a plain JPEG or PNG.")
