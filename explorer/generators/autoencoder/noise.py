"""Noise on a photo, and how much of it a code of few numbers lets through."""

from __future__ import annotations

import numpy as np

from explorer.generators.autoencoder.patches import DEPTH
from explorer.generators.autoencoder.principal import Principal
from explorer.neurons.activations import Numbers


def add_noise(values: Numbers, sigma: float, seed: int) -> Numbers:
    """Patches (N, 192) with normally distributed noise, a number of its own on each; nothing is cut off at 0 or 1."""
    return np.asarray(values + sigma * np.random.default_rng(seed).standard_normal(values.shape))


def expect_errors(principal: Principal, sigma: float) -> Numbers:
    """(193,) what is to be expected of noisy patches after a code of 0, 1, ..., 192 of the clean patches' directions.

    The code takes a patch to the space of its k directions. What the patch has outside is lost, which is the floor; of
    the noise, alike in all 192 directions, k of 192 parts pass.
    """
    return principal.floors + sigma**2 * np.arange(DEPTH + 1) / DEPTH


def choose_size(principal: Principal, sigma: float) -> int:
    """Where that is least: a direction is worth its number as long as the patches differ along it by more than "
    "noise.
    """
    return int((principal.variances > sigma**2).sum())
