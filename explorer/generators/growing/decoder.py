"""A decoder of three layers that double maps, trained to draw one photo from fixed noise, in each of three ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.generators.growing.checkerboard import WINDOW, measure_checkerboard
from explorer.generators.growing.ways import WAYS, Name
from explorer.neurons.activations import Numbers
from explorer.neurons.first_weights import begin
from explorer.slices import Slices

CHANNELS: Final = (32, 32, 16, 3)
GROWS: Final = 2 ** (len(CHANNELS) - 1)  # times, from the noise to the photo
LONGEST: Final = 96  # pixels of the photo's longer side
SEEDS: Final = 5
RATE: Final = 0.01
SHOWN: Final = (0, 10, 30, 100, 300)  # steps after which pictures are kept
_MEASURED: Final = 10  # steps from one measurement to the next


class PhotoTooSmall(ValueError):
    """A photo has too few pixels to be grown; the message says how many would do."""


@dataclass(frozen=True, eq=False)
class Grown:
    """One training.

    Attributes:
        way, seed: of it.
        steps: (M,) at which the following were measured.
        errors: (M,) mean squared difference from the photo.
        shares: (M,) of the picture's power, with a period of two pixels.
        pictures: (5, H, W, 3) uint8 after 0, 10, 30, 100 and 300 steps; of the first seed only, else (0,).
        layers: of the trained decoder, what comes out of the noise and each of its growing layers, in float16, which is
            enough to draw it; of the first seed only, else ().
        parameters: numbers that training sets.
    """

    way: Name
    seed: int
    steps: Numbers
    errors: Numbers
    shares: Numbers
    pictures: NDArray[np.uint8]
    layers: tuple[NDArray[np.float16], ...]
    parameters: int

    def at(self, step: int) -> tuple[float, float]:
        """Error and share after so many steps, one of those that were measured."""
        place = int(np.flatnonzero(self.steps == step)[0])
        return float(self.errors[place]), float(self.shares[place])


def prepare(image: Image.Image) -> NDArray[np.float32]:
    """(3, H, W) from 0 to 1, the longer side at most 96 pixels, both sides multiples of 8.

    Raises:
        PhotoTooSmall: If a side is left with less than 16 pixels.
    """
    scale = min(1.0, LONGEST / max(image.size))
    width, height = (round(side * scale) // GROWS * GROWS for side in image.size)
    if min(width, height) < 2 * WINDOW:
        raise PhotoTooSmall(
            f"brought to {LONGEST} pixels on its longer side the picture is less than {2 * WINDOW} pixels high or "
            "wide. One that is less elongated, or larger, would do."
        )
    size = (round(image.width * scale), round(image.height * scale))
    pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)[:height, :width] / 255
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def build(way: Name) -> nn.Sequential:
    """The decoder: growing layers with a ReLU between any two."""
    layers: list[nn.Module] = []
    for channels, filters in pairwise(CHANNELS):
        layers += [*([nn.ReLU()] if layers else []), *WAYS[way].build(channels, filters)]
    return nn.Sequential(*layers)


def _begin(photo: Tensor, way: Name, seed: int) -> tuple[nn.Sequential, Tensor]:
    """The decoder before training and its noise, as PyTorch draws both after `torch.manual_seed`."""
    generator = torch.Generator().manual_seed(seed)
    network = begin(lambda: build(way), generator)
    return network, torch.randn(1, CHANNELS[0], *(side // GROWS for side in photo.shape[1:]), generator=generator)


def grow_in_slices(photo: NDArray[np.float32], way: Name, seed: int, keeps: bool) -> Slices[Grown]:
    """Train 300 steps of Adam on the mean squared error; the same photo, way and seed give the same numbers.

    Args:
        photo: of `prepare`.
        way: by which maps are made larger.
        seed: of the first weights and the noise.
        keeps: whether pictures and layers are kept.
    """
    wanted = torch.from_numpy(photo)
    network, noise = _begin(wanted, way, seed)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    measured, pictures = [], []
    for step in range(SHOWN[-1] + 1):
        made = network(noise)[0]
        loss = F.mse_loss(made, wanted)
        if step % _MEASURED == 0:
            array = made.detach().numpy()
            measured.append((step, loss.item(), measure_checkerboard(array)))
            if keeps and step in SHOWN:
                pictures.append((array.transpose(1, 2, 0) * 255).round().clip(0, 255).astype(np.uint8))
        if step == SHOWN[-1]:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield step + 1, SHOWN[-1]
    steps, errors, shares = np.array(measured, np.float64).T
    count = sum(parameter.numel() for parameter in network.parameters())
    layers = tuple(_run_layers(network, noise)) if keeps else ()
    return Grown(way, seed, steps, errors, shares, np.array(pictures), layers, count)


def grown_by(grown: Sequence[Grown], way: Name) -> list[Grown]:
    """The trainings of one way, a seed each."""
    return [each for each in grown if each.way == way]


def shares_at(grown: Sequence[Grown], way: Name, step: int) -> Numbers:
    """(seeds,) shares with a period of two pixels after so many steps."""
    return np.array([each.at(step)[1] for each in grown_by(grown, way)])


def _run_layers(network: nn.Sequential, noise: Tensor) -> list[NDArray[np.float16]]:
    """(C, H, W) of the noise and of every growing layer, before its ReLU."""
    maps = [noise[0].half().numpy()]
    with torch.inference_mode():
        x = noise
        for layer in network:
            x = layer(x)
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                maps.append(x[0].half().numpy())
    return maps
