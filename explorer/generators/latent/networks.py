"""Generator and discriminator of the digits' GAN, as PyTorch has them, and the ones that are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from explorer.zoo.catalogue import MODELS
from explorer.zoo.weights import read_shipped

NAME: Final = "digit-gan"
LATENT: Final = 16  # numbers of z, each drawn from the standard normal distribution
CHANNELS: Final = (96, 48)  # of the 2 x 2 and the 4 x 4 maps, which both players have, in the opposite order
LEAK: Final = 0.2  # slope of the discriminator's ReLU below zero
DROPPED: Final = 0.3  # of the discriminator's maps, in training


@dataclass(frozen=True, eq=False)
class Gan:
    """Both players as training left them, in evaluation, float32; nobody writes into them.

    Attributes:
        generator: (N, LATENT) to pictures (N, 1, 8, 8), 0 for paper and 1 for ink.
        discriminator: pictures to (N,) logits of being real.
        card: what made them and what was measured.
    """

    generator: nn.Sequential
    discriminator: nn.Sequential
    card: Mapping[str, Any]


def build_generator() -> nn.Sequential:
    """A generator before training (Radford et al. 2016): transposed convolutions, batch norm and ReLU between them."""
    small, large = CHANNELS
    return nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        *(nn.ConvTranspose2d(LATENT, small, 2, bias=False), nn.BatchNorm2d(small), nn.ReLU()),
        *(nn.ConvTranspose2d(small, large, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(large), nn.ReLU()),
        *(nn.ConvTranspose2d(large, 1, 4, stride=2, padding=1), nn.Sigmoid()),
    )


def build_discriminator() -> nn.Sequential:
    """A discriminator before training: convolutions with strides in place of pooling, leaky ReLU, dropout."""
    small, large = CHANNELS
    return nn.Sequential(
        *(nn.Conv2d(1, large, 4, stride=2, padding=1), nn.LeakyReLU(LEAK), nn.Dropout(DROPPED)),
        *(nn.Conv2d(large, small, 4, stride=2, padding=1), nn.LeakyReLU(LEAK), nn.Dropout(DROPPED)),
        *(nn.Conv2d(small, 1, 2), nn.Flatten(0)),
    )


@cache
def load_gan(folder: Path = MODELS / NAME) -> Gan:
    """The GAN of a folder with a card and weights, by default the shipped one.

    Raises:
        OSError: there is no card.
        WeightsRejected: the file is not the one that the card names.
    """
    card, state = read_shipped(folder)
    players = build_generator(), build_discriminator()
    for name, player in zip(("generator", "discriminator"), players, strict=True):
        own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
        player.load_state_dict(own)
        player.eval().requires_grad_(False)
    return Gan(*players, card)


def draw_latent(count: int, seed: int) -> Tensor:
    """(count, LATENT) float32: what `torch.randn` gives after `torch.manual_seed(seed)`."""
    return torch.randn(count, LATENT, generator=torch.Generator().manual_seed(seed))
