"""What an optimiser turns: a picture as decorrelated waves and colours, or as bare pixels."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Basis = Literal["waves", "pixels"]
CONTRAST: Final = 0.5  # standard deviation, before the sigmoid, of a picture whose coefficients have 1
FINEST: Final = 5  # pixels: waves this long count half, shorter ones soon nothing
SPREAD: Final = 0.02  # of the numbers that the search starts from, in either basis

# Principal axes of ImageNet's RGB values, a column each, and the variance along them, as Krizhevsky et al. 2012
# ("ImageNet Classification with Deep Convolutional Neural Networks", section 4.1) use them.
_AXES: Final = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
_VARIANCES: Final = (0.2175, 0.0188, 0.0045)


def mix_colours(picture: Tensor) -> Tensor:
    """(B, 3, H, W) amounts of three uncorrelated colours as RGB that is correlated as in photos.

    Each amount moves along one principal axis of ImageNet's colours, by its standard deviation as a share of the
    first one's: brightness by 1, blue against red by 0.29, green against magenta by 0.14.
    """
    variances = picture.new_tensor(_VARIANCES)
    axes = picture.new_tensor(_AXES) * (variances / variances[0]).sqrt()
    return torch.einsum("rc,bchw->brhw", axes, picture)


def wave_amplitudes(side: int) -> Tensor:
    """(side, side // 2 + 1) what the wave of each frequency f counts: 1 / f, as in photos, mean square 1.

    Frequencies are in waves a pixel, as `torch.fft.rfftfreq` counts; the constant counts as one wave a side. Divided by
    1 + (f * FINEST) ** 8, since layers that take every second cell answer to a mesh of two to four pixels, which is
    theirs and not their unit's (Olah et al. 2017, section on high frequencies).
    """
    rows, columns = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None, :]
    frequencies = torch.hypot(rows, columns).clamp(min=1 / side)
    amplitudes = 1 / (frequencies * (1 + (frequencies * FINEST) ** 8))
    return amplitudes / amplitudes.square().mean().sqrt()


def draw_waves(numbers: Tensor) -> Tensor:
    """(B, 3, side, side) real pictures from (B, 3, side, side // 2 + 1, 2) real and imaginary parts.

    The inverse Fourier transform of the coefficients, each times the amplitude of its frequency, then the colours mixed
    (Olah et al. 2017, "Feature Visualization", section on preconditioning): a step of gradient descent then changes all
    frequencies of a photo alike, where in pixels it would change the finest most.
    """
    side = numbers.shape[2]
    spectrum = torch.view_as_complex(numbers.contiguous()) * wave_amplitudes(side).to(numbers.device)
    return mix_colours(torch.fft.irfft2(spectrum, s=(side, side), norm="ortho")) * CONTRAST


def draw_start(basis: Basis, count: int, side: int, random: torch.Generator) -> Tensor:
    """The numbers that a search starts from, for `count` pictures: nearly grey noise."""
    shape = (count, 3, side, side // 2 + 1, 2) if basis == "waves" else (count, 3, side, side)
    return torch.randn(shape, generator=random) * SPREAD


def draw_pictures(basis: Basis, numbers: Tensor) -> Tensor:
    """(B, 3, side, side) pictures in [0, 1] from the numbers of a basis."""
    return (draw_waves(numbers) if basis == "waves" else numbers).sigmoid()


def fine_share(picture: NDArray[np.number]) -> float:
    """The share of a picture's variance in waves shorter than four pixels, 0 to 1; 0 of an even picture.

    White noise has 1 - π / 16 = 0.80, the share of all waves that are that short; a photo has a few hundredths.

    Args:
        picture: (side, side, 3), on any scale.
    """
    power = (np.abs(np.fft.fft2(picture.astype(np.float64), axes=(0, 1))) ** 2).sum(2)
    power[0, 0] = 0.0
    frequency = np.fft.fftfreq(len(picture))
    whole = float(power.sum())
    fine = float(power[np.hypot(frequency[:, None], frequency) > 0.25].sum())
    return fine / whole if whole > 1e-12 * power.size else 0.0
