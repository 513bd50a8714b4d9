"""Pictures of simple shapes on textured grounds, drawn by the project: a data set that needs no file and no licence."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SHAPES = ("circle", "square", "triangle", "star")
SIDE = 96
_FINE = 3  # drawn so many times larger, so that edges are smooth
_POINTS = {"square": (4, 1.0), "triangle": (3, 1.0), "star": (5, 0.42)}  # corners, inner radius of those between


def draw_shape(shape: str, seed: int) -> Image.Image:
    """One shape somewhere on a ground, turned, of any size and colour: only its outline tells the class.

    Args:
        shape: one of `SHAPES`.
        seed: of everything else; the same seed draws the same picture.

    Raises:
        ValueError: no such shape.
    """
    if shape not in SHAPES:
        raise ValueError(f"there is no shape {shape!r}; there are {', '.join(SHAPES)}")
    random = np.random.default_rng((seed, SHAPES.index(shape)))
    ground, ink = _draw_colours(random)
    side = SIDE * _FINE
    mask = Image.new("L", (side, side))
    radius = side * random.uniform(0.16, 0.34)
    centre = random.uniform(radius, side - radius, 2)
    pen = ImageDraw.Draw(mask)
    if shape == "circle":
        pen.ellipse([*(centre - radius), *(centre + radius)], fill=255)
    else:
        pen.polygon(_corners(shape, centre, radius, random.uniform(0, 2 * math.pi)), fill=255)
    mask = mask.resize((SIDE, SIDE), Image.Resampling.BOX)
    picture = Image.composite(_texture(random, ink, 14.0), _texture(random, ground, 34.0), mask)
    return picture.filter(ImageFilter.GaussianBlur(random.uniform(0, 0.8)))


def shape_file(shape: str, seed: int) -> bytes:
    """`draw_shape` as a PNG file."""
    buffer = io.BytesIO()
    draw_shape(shape, seed).save(buffer, "PNG")
    return buffer.getvalue()


def _corners(shape: str, centre: NDArray[np.float64], radius: float, turn: float) -> list[tuple[float, float]]:
    corners, inner = _POINTS[shape]
    steps = corners if inner == 1.0 else 2 * corners
    found = []
    for step in range(steps):
        reach = radius * (inner if step % 2 and inner != 1.0 else 1.0)
        angle = turn + 2 * math.pi * step / steps
        found.append((float(centre[0] + reach * math.cos(angle)), float(centre[1] + reach * math.sin(angle))))
    return found


def _draw_colours(random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A ground and an ink that can be told from it."""
    ground = random.uniform(30, 225, 3)
    while True:
        ink = random.uniform(0, 255, 3)
        if np.abs(ink - ground).mean() > 60:
            return ground, ink


def _texture(random: np.random.Generator, colour: NDArray[np.float64], strength: float) -> Image.Image:
    """A colour with soft stains of two sizes, as paper or a wall has them."""
    grey = np.zeros((SIDE, SIDE))
    for cells, share in ((6, 0.65), (24, 0.35)):
        noise = Image.fromarray(random.normal(0, 1, (cells, cells)).astype(np.float32))
        grey += share * np.asarray(noise.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(np.rint(colour + strength * grey[..., None]), 0, 255).astype(np.uint8))
