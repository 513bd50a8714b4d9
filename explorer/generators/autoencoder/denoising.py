"""Autoencoders that learned to give back clean patches of noisy ones, beside those that saw clean ones alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from explorer.generators.autoencoder.noise import add_noise
from explorer.generators.autoencoder.patches import Patches, measure_error
from explorer.generators.autoencoder.training import SEEDS, Recipe, train_in_slices
from explorer.neurons.activations import Numbers
from explorer.slices import Slices, count_within

NOISE: Final = 0  # the seed of the noise that all are measured on


@dataclass(frozen=True, eq=False)
class Denoised:
    """What is left of noise after MLPs of three seeds: (3,) errors beside the clean patches.

    Attributes:
        plain: of those that were trained on clean patches.
        denoising: of those that got noisy patches and were to give the clean ones (Vincent et al. 2008).
    """

    plain: Numbers
    denoising: Numbers


def compare_in_slices(patches: Patches, size: int, steps: int, seed: int, sigma: float) -> Slices[Denoised]:
    """Train both kinds from three seeds, and measure them on one noisy version of the patches.

    Args:
        patches: clean ones.
        size: numbers of the code.
        steps: of each training.
        seed: the first of three.
        sigma: standard deviation of the noise, in training and afterwards.
    """
    noisy = add_noise(patches.values, sigma, NOISE)
    errors, whole = [], 2 * SEEDS * steps
    for number in range(2 * SEEDS):
        recipe = Recipe("mlp", size, steps, seed + number // 2, sigma * (number % 2))
        trained = yield from count_within(train_in_slices(patches, recipe), number * steps, whole)
        errors.append(measure_error(trained.coder.run(noisy), patches.values))
    plain, denoising = np.array(errors).reshape(SEEDS, 2).T
    return Denoised(plain, denoising)
