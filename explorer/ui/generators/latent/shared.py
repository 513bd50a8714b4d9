"""What the views of the GAN share: z as the page draws it, what is made of it, and PyTorch beside sums by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from explorer.generators.latent.by_hand import fold, run_by_hand
from explorer.generators.latent.networks import Gan, draw_latent
from explorer.neurons.activations import Numbers
from explorer.rendering import as_picture

DRAWN: Final = 500  # z that a view draws


def draw(seed: int) -> Numbers:
    """(DRAWN, LATENT), of which samples are counted from 1."""
    return draw_latent(DRAWN, seed).double().numpy()


def make(gan: Gan, z: Numbers) -> NDArray[np.float32]:
    """(N, 8, 8) by PyTorch, in float32 as it was trained."""
    with torch.inference_mode():
        return np.asarray(gan.generator(torch.from_numpy(z).float())[:, 0].numpy())


def ask_discriminator(gan: Gan, pictures: NDArray[np.floating]) -> Numbers:
    """(N,) logits of being real."""
    with torch.inference_mode():
        return gan.discriminator(torch.from_numpy(pictures).float()[:, None]).double().numpy()


def compare_with_pytorch(gan: Gan, z: Numbers) -> tuple[float, float]:
    """How far sums by hand are from PyTorch's in float64: the pictures of z (N, LATENT), and the logits of those."""
    made = run_by_hand(fold(gan.generator), z[:, :, None, None])
    logits = run_by_hand(fold(gan.discriminator), made)[:, 0, 0, 0]
    generator, discriminator = (deepcopy(player).double() for player in (gan.generator, gan.discriminator))
    with torch.inference_mode():
        theirs = generator(torch.from_numpy(z))
        verdicts = discriminator(theirs)
    return float(np.abs(made - theirs.numpy()).max()), float(np.abs(logits - verdicts.numpy()).max())


def as_pictures(pictures: NDArray[np.floating]) -> list[NDArray[np.uint8]]:
    """(N, 8, 8) as grey pictures, 0 black and 1 white."""
    return [as_picture(each[None]) for each in pictures]
