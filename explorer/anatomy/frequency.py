"""What a kernel does to waves: which it passes, which it stops. The convolution theorem, seen in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.rendering import format_percent

RESPONSE_SIDE: Final = 64
LOW: Final = 0.25  # cycles a pixel: half the Nyquist frequency, a wave of four pixels

# Across which brightness changes along 0°, 45°, 90° and 135°.
_EDGES: Final = ("an upright edge", "an edge falling to the right", "a level edge", "an edge rising to the right")


@dataclass(frozen=True)
class PassBand:
    """The frequency response of a kernel in a few numbers.

    Attributes:
        low: share of the energy (squared magnitude) below half the Nyquist frequency, in any direction, 0 to 1.
            A kernel of a single weight, which passes every wave alike, has pi / 16, about 20 %.
        flat: the answer to an even area, relative to the strongest answer, 0 to 1.
        direction: along which the passed waves vary, 0 to 180 degrees, counter-clockwise from left to right.
        oriented: how much they keep to that direction, from 0 (no direction) to 1 (one direction only).
    """

    low: float
    flat: float
    direction: float
    oriented: float

    def describe(self) -> str:
        """What it passes, in words."""
        if self.low > 0.5:
            kind = "a low-pass, which keeps what is coarse"
        elif self.low < 0.1:
            kind = "a high-pass, which keeps what is fine"
        else:
            kind = "neither clearly coarse nor fine"
        said = (
            f"{format_percent(self.low)} of its energy lies below half the Nyquist frequency (of a single weight, "
            f"which passes all alike, 20 %): {kind}."
        )
        if self.oriented > 0.3:
            edge = _EDGES[round(self.direction / 45) % 4]
            said += (
                f" It prefers brightness that changes along {round(self.direction) % 180}° (0° is left to right, 90° "
                f"upwards), as at {edge}."
            )
        return said + (" Even areas give next to nothing." if self.flat < 0.05 else "")


def frequency_response(kernel: NDArray[np.floating], side: int = RESPONSE_SIDE) -> NDArray[np.float64]:
    """The magnitude of the 2-D discrete Fourier transform of a kernel (kh, kw) padded with zeros, (side, side).

    Frequency 0 is at [side // 2, side // 2]; row i and column j stand for (i - side // 2) / side and
    (j - side // 2) / side cycles a pixel. Convolution and PyTorch's cross-correlation share these magnitudes.

    Raises:
        ValueError: the kernel is no matrix or larger than `side`.
    """
    if kernel.ndim != 2 or max(kernel.shape) > side:
        raise ValueError(f"a kernel of up to {side} × {side} has a response here, not {kernel.shape}")
    spectrum = np.fft.fft2(kernel.astype(np.float64), s=(side, side))
    return np.asarray(np.abs(np.fft.fftshift(spectrum)))


def describe_response(response: NDArray[np.floating]) -> PassBand | None:
    """Which waves pass, by a response of even side from `frequency_response`; None for a kernel of zeros.

    The direction is that of the energy's second moments, as with the structure tensor (Bigün and Granlund 1987).
    """
    side = len(response)
    energy = np.square(response.astype(np.float64))
    total = float(energy.sum())
    if not np.isfinite(total) or total == 0:
        return None
    steps = (np.arange(side) - side // 2) / side
    fy, fx = np.meshgrid(steps, steps, indexing="ij")
    # The wave at -1/2 cycles is the one at +1/2: its row and column have no sign of their own.
    mixed = np.where((fx == -0.5) | (fy == -0.5), 0.0, fx * fy)
    xx, yy, xy = (float((energy * weight).sum()) for weight in (fx * fx, fy * fy, mixed))
    return PassBand(
        low=float(energy[np.hypot(fx, fy) < LOW].sum()) / total,
        flat=float(response[side // 2, side // 2] / response.max()),
        direction=degrees(0.5 * atan2(-2 * xy, xx - yy)) % 180.0,  # rows run down, angles up
        oriented=hypot(xx - yy, 2 * xy) / (xx + yy),
    )
