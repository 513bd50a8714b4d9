"""Scenes whose caption is known and whose every noun has a known box: pictures of objects laid out on a ground.

Objects stand in one row or two, one or two in each. The layout alone decides the words, read from the top
row to the bottom one and from left to right:

    one row      a X beside a Y
    two rows     a X above a Y · a X above a Y and a Z · a X and a Y above a Z · a X and a Y above a Z and a W
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from explorer.captioning.vocabulary import MARKS, Vocabulary, split_words
from explorer.images import MAX_BYTES, ImageRejected, open_image

SIDE = 96  # pixels of a scene
JITTER = 0.1  # objects are up to a tenth smaller or larger than their pictures
GAP = 2  # pixels between objects at least
LAYOUTS = {2: ((2,), (1, 1)), 3: ((1, 2), (2, 1)), 4: ((2, 2),)}  # objects in all -> objects in each row
_LOW = 0.6  # the least share of the lower object's height that objects of one row have in common
_LINKS = ("a", "an", "above", "and", "beside")


class ScenesRejected(ValueError):
    """Pictures that no scenes can be made of; the message is one sentence."""


class NounBox(NamedTuple):
    """Where the thing is that a word names: pixels [left, right) x [top, bottom)."""

    word: int  # its index among the caption's words
    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, eq=False)
class ClassImages:
    """Pictures of things, by class.

    Attributes:
        pictures: class name -> (N, s, s, 3) uint8, the same s everywhere.
        skipped: files that were no pictures.

    Raises:
        ScenesRejected: fewer than two classes, a class without pictures or of another shape, or two that read the same.
    """

    pictures: Mapping[str, np.ndarray]
    skipped: int = 0

    def __post_init__(self) -> None:
        if len(self.pictures) < 2:
            raise ScenesRejected(f"A scene needs pictures of at least two classes, and there are {len(self.pictures)}.")
        for name, pictures in self.pictures.items():
            right = pictures.ndim == 4 and pictures.shape[1:] == (self.side, self.side, 3)
            if not right or pictures.dtype != np.uint8 or not len(pictures):
                raise ScenesRejected(f"The pictures of {name!r} are not (N, {self.side}, {self.side}, 3) bytes.")
        spoken = [name_words(name) for name in self.pictures]
        if len(set(spoken)) < len(spoken):
            raise ScenesRejected("Two of the classes have the same words for a name, so a caption could mean either.")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self.pictures)

    @property
    def side(self) -> int:
        """Pixels of a picture's side."""
        return int(next(iter(self.pictures.values())).shape[1])


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture, its caption, and where everything is that the caption names.

    Attributes:
        pixels: (side, side, 3) uint8.
        words: the caption.
        boxes: one a noun, in the caption's order.
    """

    pixels: np.ndarray
    words: tuple[str, ...]
    boxes: tuple[NounBox, ...]

    @property
    def text(self) -> str:
        """The caption."""
        return " ".join(self.words)


def read_class_images(folder: Path, side: int = 32, most: int = 500) -> ClassImages:
    """The pictures of a folder that has one folder a class.

    A picture that is not square is cut to its middle. Files that are no pictures are skipped and counted, a class
    without any picture is left out, and so are files and folders whose names begin with a dot.

    Args:
        folder: its folders' names are the classes.
        side: pixels of a picture's side.
        most: pictures of a class at most, the first by name.

    Raises:
        ScenesRejected: it is no folder, or too little is in it.
    """
    if not folder.is_dir():
        raise ScenesRejected(f"{folder.name!r} is no folder, so there are no pictures to make scenes of.")
    pictures: dict[str, np.ndarray] = {}
    skipped = 0
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found: list[np.ndarray] = []
        for file in sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")):
            if len(found) == most:
                break
            try:
                found.append(_read_square(file, side))
            except (ImageRejected, OSError):
                skipped += 1
        if found:
            pictures[place.name] = np.stack(found)
    return ClassImages(pictures, skipped)


def _read_square(file: Path, side: int) -> np.ndarray:
    if file.stat().st_size > MAX_BYTES:  # judged before it is read
        raise ImageRejected("The file is too large.")
    image = open_image(file.read_bytes())
    return np.asarray(image if image.size == (side, side) else ImageOps.fit(image, (side, side)))


def name_words(name: str) -> tuple[str, ...]:
    """How a caption names a class; the last word is its noun ("garbage_truck" is a truck).

    Raises:
        ScenesRejected: the name has neither letter nor digit.
    """
    words = tuple(split_words(name))
    if not words:
        raise ScenesRejected(f"The class {name!r} has no letter in its name, so no caption can name it.")
    return words


def scene_vocabulary(classes: Iterable[str]) -> Vocabulary:
    """Every word that the captions of these classes can have."""
    names = sorted({word for name in classes for word in name_words(name)} - {*_LINKS})
    return Vocabulary((*MARKS, *_LINKS, *names))


def describe_rows(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The caption of classes that stand in rows.

    Args:
        rows: names of classes, from the top row to the bottom one, each from left to right.

    Returns:
        The words, and for every object the index of its noun among them. The article goes by the first letter.
    """
    standing = [list(row) for row in rows]
    words: list[str] = []
    nouns: list[int] = []
    for number, row in enumerate(standing):
        for column, name in enumerate(row):
            if column:
                words.append("and" if len(standing) > 1 else "beside")
            elif number:
                words.append("above")
            spoken = name_words(name)
            words += ["an" if spoken[0][0] in "aeiou" else "a", *spoken]
            nouns.append(len(words) - 1)
    return tuple(words), tuple(nouns)


def compose(images: ClassImages, seed: int, side: int = SIDE, jitter: float = JITTER) -> Scene:
    """Draw a scene: how many objects (two, three and four are as frequent), how they stand, which they are, and where.

    Every object is drawn anew from all classes, so a class may come twice.

    Args:
        images: what the objects are drawn from.
        seed: the same seed, the same scene.
        side: pixels of the scene's side.
        jitter: how much smaller or larger than its picture an object may be; 0 pastes the pictures as they are.

    Raises:
        ScenesRejected: two objects do not fit beside each other.
    """
    largest = round(images.side * (1 + jitter))
    if 2 * largest + GAP > side:
        raise ScenesRejected(f"Two objects of up to {largest} pixels do not fit beside each other into {side} pixels.")
    generator = np.random.default_rng(seed)
    choices = LAYOUTS[int(generator.integers(2, 5))]
    layout = choices[int(generator.integers(len(choices)))]
    count = sum(layout)
    names = [images.classes[number] for number in generator.integers(len(images.classes), size=count)]
    sizes = [round(images.side * factor) for factor in generator.uniform(1 - jitter, 1 + jitter, size=count)]
    pixels = draw_ground(generator, side)
    corners = _stand(generator, layout, sizes, side)
    for name, size, (left, top) in zip(names, sizes, corners, strict=True):
        picture = images.pictures[name][int(generator.integers(len(images.pictures[name])))]
        if size != images.side:
            picture = np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))
        pixels[top : top + size, left : left + size] = picture
    upcoming = iter(names)
    words, nouns = describe_rows([[next(upcoming) for _ in range(length)] for length in layout])
    boxes = tuple(
        NounBox(word, left, top, left + size, top + size)
        for word, size, (left, top) in zip(nouns, sizes, corners, strict=True)
    )
    return Scene(pixels, words, boxes)


def _stand(
    generator: np.random.Generator, layout: tuple[int, ...], sizes: list[int], side: int
) -> list[tuple[int, int]]:
    """(left, top) of every object, so that rows are apart and the objects of a row are beside each other."""
    rows, start = [], 0
    for length in layout:
        rows.append(sizes[start : start + length])
        start += length
    # A row is a band somewhat higher than its objects: they stand higher or lower in it, but never above each other.
    spare = side - sum(max(row) for row in rows) - GAP * (len(rows) - 1)
    slack = [min(int((1 - _LOW) * min(row)), spare // (2 * len(rows))) for row in rows]
    bands = [max(row) + each for row, each in zip(rows, slack, strict=True)]
    corners = []
    for row, band, top in zip(rows, bands, _spread(generator, bands, side), strict=True):
        lefts = _spread(generator, row, side) if len(row) > 1 else [_near_middle(generator, row[0], side)]
        corners += [(left, top + int(generator.integers(band - max(row) + 1))) for left in lefts]
    return corners


def _spread(generator: np.random.Generator, lengths: list[int], side: int) -> list[int]:
    """Starts of intervals in order, `GAP` apart at least, the room that is left shared out at random."""
    room = side - sum(lengths) - GAP * (len(lengths) - 1)
    cuts = sorted(int(cut) for cut in generator.integers(0, room + 1, size=len(lengths)))
    starts, passed = [], 0
    for cut, length in zip(cuts, lengths, strict=True):
        starts.append(cut + passed)
        passed += length + GAP
    return starts


def _near_middle(generator: np.random.Generator, size: int, side: int) -> int:
    """Start of the only object of a row: its middle is within a sixth of the scene of the scene's own."""
    centre = (side - size) / 2
    return round(float(np.clip(centre + generator.uniform(-1, 1) * side / 6, 0, side - size)))


def draw_ground(generator: np.random.Generator, side: int) -> np.ndarray:
    """A ground between two random colours, (side, side, 3) uint8: clouds, stripes or a gradient, with grain."""
    kind = int(generator.integers(3))
    mixed = (_clouds, _stripes, _gradient)[kind](generator, side)  # (side, side) in [0, 1]
    first, second = generator.uniform(0, 255, size=(2, 3)).astype(np.float32)
    ground = first + mixed[..., None] * (second - first)
    grain = generator.standard_normal((side, side, 1), dtype=np.float32) * np.float32(generator.uniform(0, 12))
    return np.clip(ground + grain, 0, 255).astype(np.uint8)


def _clouds(generator: np.random.Generator, side: int) -> np.ndarray:
    """Smooth noise of three scales, the fine ones weaker or stronger from one ground to the next."""
    fineness = generator.uniform(0.3, 1.0)
    total = np.zeros((side, side), dtype=np.float32)
    for octave, cells in enumerate((3, 8, 24)):
        noise = Image.fromarray(generator.random((cells, cells), dtype=np.float32))
        total += fineness**octave * np.asarray(noise.resize((side, side), Image.Resampling.BICUBIC))
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def _ramp(generator: np.random.Generator, side: int) -> np.ndarray:
    """Pixels along a random direction."""
    angle = generator.uniform(0, 2 * math.pi)
    steps = np.arange(side, dtype=np.float32) - (side - 1) / 2
    return np.float32(math.cos(angle)) * steps + np.float32(math.sin(angle)) * steps[:, None]


def _stripes(generator: np.random.Generator, side: int) -> np.ndarray:
    """Stripes of 4 to 24 pixels in any direction, their edges soft or sharp."""
    wave = np.sin(_ramp(generator, side) * np.float32(2 * math.pi / generator.uniform(4, 24)))
    sharpness = np.float32(generator.uniform(1, 6))
    return np.clip(0.5 + 0.5 * sharpness * wave, 0, 1)


def _gradient(generator: np.random.Generator, side: int) -> np.ndarray:
    """From one edge to the other in any direction, or outwards from a random point."""
    if generator.random() < 0.5:
        slope = _ramp(generator, side)
    else:
        steps = np.arange(side, dtype=np.float32)
        row, column = generator.uniform(0, side, size=2).astype(np.float32)
        slope = np.hypot(steps[:, None] - row, steps - column)
    low, high = float(slope.min()), float(slope.max())
    return (slope - low) / (high - low)


def peak(attention: np.ndarray, side: int = SIDE) -> tuple[float, float]:
    """(x, y) in pixels of the middle of the cell that an attention map (h, w) looks at most."""
    row, column = np.unravel_index(int(np.argmax(attention)), attention.shape)
    return (float(column) + 0.5) * side / attention.shape[1], (float(row) + 0.5) * side / attention.shape[0]


def points_into(box: NounBox, attention: np.ndarray, side: int = SIDE) -> bool:
    """Whether the peak of an attention map (h, w) lies in the box of a scene (the pointing game, Zhang et al. 2018)."""
    x, y = peak(attention, side)
    return box.left <= x < box.right and box.top <= y < box.bottom
