"""Kernels with names: what image processing has used for decades, at any size from 1 x 1 to 11 x 11."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float32]
LARGEST = 11


@dataclass(frozen=True)
class Preset:
    """A kernel with a name.

    Attributes:
        label: as shown.
        does: what it does to a picture, one sentence.
        smallest: the least side at which it makes sense.
        draw: from the side, an angle in degrees and a wavelength in cells to the kernel, (side, side) float64; all but
            the Gabor kernel take only the side into account.
    """

    label: str
    does: str
    smallest: int
    draw: Callable[[int, float, float], NDArray[np.float64]]


def _identity(side: int) -> NDArray[np.float64]:
    kernel = np.zeros((side, side))
    kernel[side // 2, side // 2] = 1.0
    return kernel


def _gaussian(side: int) -> NDArray[np.float64]:
    # The width that OpenCV's getGaussianKernel derives from the size.
    sigma = 0.3 * ((side - 1) * 0.5 - 1) + 0.8
    places = np.arange(side) - (side - 1) / 2
    line = np.exp(-(places**2) / (2 * sigma**2))
    return np.outer(line, line) / line.sum() ** 2


def _binomial(count: int) -> NDArray[np.float64]:
    return np.array([comb(count, k) for k in range(count + 1)], dtype=np.float64)


def _sobel(side: int) -> NDArray[np.float64]:
    """Binomial smoothing down, a difference of binomial smoothings across; Sobel's own for side 3."""
    difference = np.convolve(_binomial(side - 2), [-1.0, 1.0])
    return np.outer(_binomial(side - 1), difference)


def _laplacian(side: int) -> NDArray[np.float64]:
    """The sum of both second differences at side 3; beyond, the Laplacian of a Gaussian (Marr & Hildreth 1980)."""
    if side == 3:
        return np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    places = np.arange(side) - (side - 1) / 2
    squared = places[:, None] ** 2 + places[None, :] ** 2
    variance = (side / 6) ** 2
    kernel = (squared - 2 * variance) / variance**2 * np.exp(-squared / (2 * variance))
    kernel -= kernel.mean()  # cut off at the edge it no longer sums to zero, and flat areas would not vanish
    return np.asarray(kernel / np.abs(kernel).sum() * 8)  # as strong as the one at side 3


def _emboss(side: int) -> NDArray[np.float64]:
    """A slope along the diagonal, plus the picture itself."""
    places = np.arange(side) - (side - 1) / 2
    return (places[:, None] + places[None, :]) * (2 / (side - 1)) + _identity(side)


def _gabor(side: int, angle: float, wavelength: float) -> NDArray[np.float64]:
    """A wave under a Gaussian (Daugman 1985): it answers to stripes of this wavelength across this direction.

    The Gaussian has a standard deviation of 0.56 wavelengths, a bandwidth of one octave; it is twice as long as wide.
    The mean is taken off, so that flat areas vanish, and magnitudes sum to 2.
    """
    places = np.arange(side) - (side - 1) / 2
    theta = np.deg2rad(angle)
    along = places[None, :] * np.cos(theta) + places[:, None] * np.sin(theta)
    across = -places[None, :] * np.sin(theta) + places[:, None] * np.cos(theta)
    sigma = 0.56 * wavelength
    kernel = np.exp(-(along**2 + (0.5 * across) ** 2) / (2 * sigma**2)) * np.cos(2 * np.pi * along / wavelength)
    kernel -= kernel.mean()
    total = np.abs(kernel).sum()
    return np.asarray(kernel * 2 / total if total > 1e-9 else kernel)


PRESETS: dict[str, Preset] = {
    "identity": Preset("Identity", "Copies the picture.", 1, lambda side, *_: _identity(side)),
    "box": Preset("Box blur", "Averages all cells alike.", 1, lambda side, *_: np.full((side, side), 1.0 / side**2)),
    "gaussian": Preset("Gaussian blur", "Averages, near cells counting more.", 1, lambda side, *_: _gaussian(side)),
    "sharpen": Preset(
        "Sharpen", "Adds what differs from the surroundings.", 3, lambda side, *_: _identity(side) - _laplacian(side)
    ),
    "sobel x": Preset("Sobel x", "Answers to edges that run up and down.", 2, lambda side, *_: _sobel(side)),
    "sobel y": Preset("Sobel y", "Answers to edges that run across.", 2, lambda side, *_: _sobel(side).T),
    "laplacian": Preset(
        "Laplacian", "Answers to spots and lines of any direction.", 3, lambda side, *_: _laplacian(side)
    ),
    "emboss": Preset("Emboss", "Lights the picture from one corner.", 2, lambda side, *_: _emboss(side)),
    "gabor": Preset("Gabor", "Answers to stripes of one width and direction.", 3, _gabor),
}


def preset_kernel(name: str, side: int, angle: float = 0.0, wavelength: float = 4.0) -> Kernel:
    """A named kernel.

    Args:
        name: key of `PRESETS`.
        side: rows and columns, 1 to `LARGEST`.
        angle: of the Gabor kernel's wave, degrees from "varies from left to right", clockwise on the picture.
        wavelength: of the Gabor kernel, cells.

    Returns:
        (side, side) float32.

    Raises:
        ValueError: the kernel does not exist at that size; the message says from which size on.
    """
    preset = PRESETS[name]
    if not preset.smallest <= side <= LARGEST:
        raise ValueError(
            f"{preset.label} exists from {preset.smallest} × {preset.smallest} to {LARGEST} × {LARGEST}, "
            f"not at {side} × {side}."
        )
    return preset.draw(side, angle, wavelength).astype(np.float32)


def write_kernel(kernel: NDArray[np.floating]) -> str:
    """A kernel as text, short enough for an address: "1 0;0 -1|..." with ";" between rows and "|" between channels.

    Args:
        kernel: (C, kh, kw).
    """
    # NumPy's shortest text that reads back as the same float32.
    numbers = [[[str(np.float32(value)).removesuffix(".0") for value in row] for row in plane] for plane in kernel]
    return "|".join(";".join(" ".join(row) for row in plane) for plane in numbers)


def read_kernel(text: str) -> Kernel:
    """The kernel that `write_kernel` wrote, or a person.

    Returns:
        (C, kh, kw) float32.

    Raises:
        ValueError: it is no such text; the message says what is wrong.
    """
    try:
        planes = [
            [[float(value) for value in row.replace(",", " ").split()] for row in plane.split(";")]
            for plane in text.split("|")
        ]
        kernel = np.array(planes, dtype=np.float64)
    except ValueError:
        raise ValueError("Write numbers, rows of equal length split by “;” and channels split by “|”.") from None
    if kernel.ndim != 3 or 0 in kernel.shape or max(kernel.shape[1:]) > LARGEST:
        raise ValueError(f"A kernel has 1 to {LARGEST} rows and columns, {text.count(';') + 1} rows were given.")
    if not np.isfinite(kernel).all() or np.abs(kernel).max() > 1e6:
        raise ValueError("Every number of a kernel must be finite, at most a million.")
    return kernel.astype(np.float32)


def fit_kernel(kernel: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A kernel (C, kh, kw) cut or padded with zeros about its middle to (C, side, side)."""
    fitted = np.zeros((len(kernel), side, side), np.float32)
    rows, columns = kernel.shape[1:]
    # Where cell i of the old one lies on the new one; the middle of an even side is the cell after it, as in PyTorch.
    down, right = side // 2 - rows // 2, side // 2 - columns // 2
    top, left = max(0, down), max(0, right)
    cut = kernel[:, max(0, -down) : max(0, -down) + side, max(0, -right) : max(0, -right) + side]
    fitted[:, top : top + cut.shape[1], left : left + cut.shape[2]] = cut
    return fitted


def stack_kernels(kernels: Sequence[Kernel], channels: int, groups: int) -> NDArray[np.float32]:
    """Kernels as the weights of one layer.

    A kernel of one plane lies on every channel it reads with the same numbers, those of the textbook; the answers of
    the channels are added up, as every convolution adds them. Three planes are taken as they are, and added up for a
    picture of one channel.

    Args:
        kernels: (1 or 3, k, k) each, one for each filter.
        channels: of the picture, 1 or 3.
        groups: divides both the channels and the filters.

    Returns:
        (filters, channels / groups, k, k).
    """
    reads, filters = channels // groups, len(kernels) // groups
    weights = []
    for number, kernel in enumerate(kernels):
        if len(kernel) == channels:
            planes = kernel
        elif channels == 1:
            planes = kernel.sum(axis=0, keepdims=True)
        else:
            planes = np.repeat(kernel, channels, axis=0)
        first = number // filters * reads
        weights.append(planes[first : first + reads])
    return np.stack(weights)
