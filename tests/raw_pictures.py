"""PNG and TIFF files written value by value, in all kinds that the formats have, and what a viewer shows of them.

The specifications are PNG (ISO/IEC 15948, third edition) and TIFF 6.0. Nothing here asks Pillow.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG's colour types
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pack_bits(samples: np.ndarray, bits: int, order: Literal["<", ">"] = ">") -> bytes:
    """Rows of samples (H, N), each row begun at a whole byte, the first sample in the highest bits."""
    if bits in (8, 16, 32):
        return samples.astype(f"{order}u{bits // 8}").tobytes()
    spread = (samples.astype(int)[..., None] >> np.arange(bits - 1, -1, -1)) & 1  # (H, N, bits)
    return np.packbits(spread.reshape(len(samples), -1).astype(np.uint8), axis=1).tobytes()


# Of PNG's interlacing: first column and row of each pass, and its steps.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def write_png(
    samples: np.ndarray,
    colour: int,
    depth: int,
    palette: np.ndarray | None = None,
    transparent: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG of samples (H, W, channels), without filters."""
    height, width, _ = samples.shape
    rows = b""
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        for row in samples[top::down, left::across]:
            rows += b"\0" + pack_bits(row.reshape(1, -1), depth) if row.size else b""
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    if transparent:
        parts.append(chunk(b"tRNS", transparent))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def lay_on_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) from 0 to 1 with an opacity (H, W), as bytes that are not yet rounded."""
    return 255 * (colours * alpha[..., None] + 1 - alpha[..., None])


@dataclass(frozen=True)
class Drawn:
    """A file, what is seen of it, (H, W, 3), 0 to 255, before rounding, and its samples (H, W, channels)."""

    name: str
    data: bytes
    seen: np.ndarray
    samples: np.ndarray


def draw_pngs() -> Iterator[Drawn]:
    """Every colour type, depth and way to be transparent."""
    chance = np.random.default_rng(0)
    for colour, depths in DEPTHS.items():
        for depth in depths:
            most, channels = 2**depth - 1, CHANNELS[colour]
            samples = chance.integers(0, most + 1, (5, 13, channels))
            samples[0, 0], samples[0, 1] = 0, most
            for transparent in (False, True) if colour in (0, 2, 3) else (False,):
                name = f"colour type {colour}, {depth} bits{', tRNS' if transparent else ''}"
                values, alpha = samples / most, np.ones(samples.shape[:2])
                extra, palette = b"", None
                if colour == 3:
                    palette = chance.integers(0, 256, (most + 1, 3))
                    opacity = chance.integers(0, 256, most + 1) if transparent else np.full(most + 1, 255)
                    extra = opacity.astype(np.uint8).tobytes() if transparent else b""
                    values, alpha = palette[samples[..., 0]] / 255, opacity[samples[..., 0]] / 255
                elif colour in (4, 6):
                    values, alpha = values[..., :-1], values[..., -1]
                elif transparent:
                    key = samples[2, 3]
                    extra = key.astype(">u2").tobytes()
                    alpha = 1.0 - (samples == key).all(axis=-1)
                colours = np.broadcast_to(values, (*samples.shape[:2], 3))
                for interlaced in (False, True):
                    data = write_png(samples, colour, depth, palette, extra, interlaced)
                    title = f"{name}, interlaced" if interlaced else name
                    yield Drawn(title, data, lay_on_white(colours, alpha), samples)


LONGS = (256, 257, 273, 278, 279, 322, 323, 324, 325)


def write_tiff(
    tags: dict[int, tuple[int, ...]], pieces: list[bytes], order: Literal["<", ">"] = "<", following: int = 0
) -> bytes:
    """A TIFF of one page, in strips, or in tiles where the tags give their width.

    Args:
        tags: numbers by tag; those of `LONGS` take four bytes, others two.
        pieces: the strips or tiles.
        order: of bytes.
        following: where the next page begins.
    """
    offsets, counts = (324, 325) if 322 in tags else (273, 279)
    tags = tags | {offsets: (0,) * len(pieces), counts: tuple(map(len, pieces))}
    sizes = {tag: len(values) * (4 if tag in LONGS else 2) for tag, values in tags.items()}
    heap = 8 + 2 + 12 * len(tags) + 4  # where values begin that do not fit into their entry
    first = heap + sum(size for size in sizes.values() if size > 4)
    tags[offsets] = tuple(first + sum(map(len, pieces[:index])) for index in range(len(pieces)))
    entries, values = b"", b""
    for tag, numbers in sorted(tags.items()):
        kind, letter = (4, "I") if tag in LONGS else (3, "H")
        body = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        entries += struct.pack(f"{order}HHI", tag, kind, len(numbers))
        entries += body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(f"{order}I", heap + len(values))
        values += body if len(body) > 4 else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    directory = struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", following)
    return head + directory + values + b"".join(pieces)


@dataclass(frozen=True)
class Kind:
    """What a TIFF is made of; the numbers are those of its tags."""

    photometric: int
    bits: int
    planar: int = 1
    extra: int | None = None  # 0: no meaning, 1: opacity that colours are multiplied with, 2: opacity
    order: Literal["<", ">"] = "<"
    compression: int = 1  # or 8: deflate
    tiled: bool = False
    real: bool = False

    @property
    def channels(self) -> int:
        return {2: 3, 5: 4, 6: 3, 8: 3}.get(self.photometric, 1)


_BITS = {0: (1, 2, 4, 8, 12, 16, 32), 1: (1, 2, 4, 8, 12, 16, 32), 3: (1, 2, 4, 8), 6: (8,)}


def list_tiff_kinds() -> Iterator[Kind]:
    for order, planar, (compression, tiled) in product(("<", ">"), (1, 2), ((1, False), (8, True))):
        for photometric in (0, 1, 2, 3, 5, 6):
            for bits in _BITS.get(photometric, (8, 16, 32)):
                for extra in (None, 0, 1, 2) if bits in (8, 16) else (None,):
                    kind = Kind(photometric, bits, planar, extra, order, compression, tiled)
                    yield kind
                    if bits == 32:
                        yield replace(kind, real=True)


def draw_tiff(kind: Kind) -> Drawn:
    """A picture of this kind, 21 x 19 pixels."""
    chance = np.random.default_rng(0)
    height, width, most = 19, 21, 2**kind.bits - 1
    channels = kind.channels + (kind.extra is not None)
    samples = chance.integers(0, most + 1, (height, width, channels), np.uint64)
    samples[0, 0], samples[0, 1] = 0, most
    if kind.extra == 1:
        samples[..., :-1] = samples[..., :-1] * samples[..., -1:] // most
    values = samples / most
    alpha = values[..., -1] if kind.extra else np.ones((height, width))
    colours = values[..., : kind.channels]
    tags = {256: (width,), 257: (height,), 258: (kind.bits,) * channels, 259: (kind.compression,)}
    tags |= {262: (kind.photometric,), 277: (channels,), 284: (kind.planar,), 339: (3 if kind.real else 1,) * channels}
    if kind.extra is not None:
        tags[338] = (kind.extra,)
    if kind.photometric == 0:
        colours = 1 - colours
    elif kind.photometric == 3:
        palette = chance.integers(0, 256, (most + 1, 3)) * 257
        tags[320] = tuple(palette.T.ravel().tolist())
        colours = (palette / 65535)[samples[..., 0].astype(int)]
    elif kind.photometric == 5:
        colours = (1 - colours[..., :3]) * (1 - colours[..., 3:])
    elif kind.photometric == 6:  # TIFF 6.0, section 21, with the defaults of its tags, but nothing subsampled
        tags[530] = (1, 1)
        luma, blue, red = 255 * colours[..., 0], 255 * colours[..., 1] - 128, 255 * colours[..., 2] - 128
        parts = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
        colours = np.stack(parts, axis=-1).clip(0, 255) / 255
    colours = np.broadcast_to(colours, (height, width, 3))
    if kind.extra == 1:
        seen = (255 * (colours + 1 - alpha[..., None])).clip(0, 255)
    else:
        seen = lay_on_white(colours, alpha)
    return Drawn(str(kind), write_tiff(tags, list(_cut(samples, kind, tags)), kind.order), seen, samples)


def _cut(samples: np.ndarray, kind: Kind, tags: dict[int, tuple[int, ...]]) -> Iterator[bytes]:
    height, width, channels = samples.shape
    if kind.tiled:
        down = across = 16
        tags[322], tags[323] = (across,), (down,)
        samples = np.pad(samples, ((0, -height % down), (0, -width % across), (0, 0)))
    else:
        down, across = 8, width
        tags[278] = (down,)
    planes = np.split(samples, channels, axis=2) if kind.planar == 2 else [samples]
    for plane in planes:
        for top in range(0, len(plane), down):
            for left in range(0, plane.shape[1], across):
                piece = plane[top : top + down, left : left + across]
                if kind.real:
                    packed = (piece / (2**kind.bits - 1)).astype(f"{kind.order}f4").tobytes()
                else:
                    packed = pack_bits(piece.reshape(len(piece), -1).astype(np.uint64), kind.bits, kind.order)
                yield zlib.compress(packed) if kind.compression == 8 else packed
