"""Deep Feature Factorization: the maps of a layer as a sum of a few directions, each with a map of where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

ROUNDS, _EVERY, _GAIN = 500, 10, 1e-4  # at most; ends when 10 lower |A - H W| by less than this share of the first
_TINY = 1e-12  # keeps divisions from 0 / 0


@dataclass(frozen=True, eq=False)
class Factors:
    """A layer's maps A as H W: how much of each concept is in a cell, and what a concept is made of.

    Attributes:
        maps: (K, h, w) H, how strongly each concept is in each cell, the one with the largest sum first.
        directions: (K, C) W, of length 1 each.
        kept: the share of the sum of A squared that H W accounts for, 1 - |A - H W|^2 / |A|^2; 1 for blank maps.
    """

    maps: NDArray[np.float64]
    directions: NDArray[np.float64]
    kept: float

    def shares(self) -> NDArray[np.float32]:
        """(K, C, h, w) which share of H W each concept has, at every value; 0 where H W is 0."""
        parts = (self.directions[:, :, None, None] * self.maps[:, None]).astype(np.float32)
        total = parts.sum(0)
        return np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)


def begin_factors(a: NDArray[np.float64], count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """W and H to begin with: cells with most left beside those before (QR with pivots); noise alone often misses one.

    A little noise is added, since rounds never change a zero.
    """
    draw = np.random.default_rng(seed)
    w, h = (0.1 * np.sqrt(a.mean()) * np.abs(draw.standard_normal(n)) for n in ((count, a.shape[1]), (len(a), count)))
    chosen = qr(a.T, mode="r", pivoting=True)[1][:count]
    w[: len(chosen)] += a[chosen]
    return w, h + a @ w.T / np.maximum((w**2).sum(1), _TINY)


def factorize(maps: NDArray[np.floating], count: int, seed: int = 0) -> Factors:
    """Deep Feature Factorization of one picture's maps.

    With A (cells, C) the values of all cells, H (cells, K) and W (K, C), none below zero, minimise |A - H W|^2
    (Collins, Achanta & Süsstrunk 2018, https://arxiv.org/abs/1806.10206, section 3), by rounds of Lee & Seung 2001:
    H <- H * (A W^T) / (H W W^T), W <- W * (H^T A) / (H^T H W), as in the authors' code. What is below zero is cut.

    Args:
        maps: (C, h, w).
        count: K, how many concepts.
        seed: of the noise in the first H and W.

    Raises:
        ValueError: there are no maps, they are not finite, or no concept is asked for.
    """
    if maps.ndim != 3 or maps.size == 0 or not np.isfinite(maps).all() or count < 1:
        raise ValueError(f"Concepts (at least 1) need maps (channels, rows, columns) of finite numbers: {maps.shape}.")
    a = maps.reshape(len(maps), -1).T.clip(0).astype(np.float64)  # (cells, C)
    size = float((a**2).sum())
    w, h = begin_factors(a, count, seed)
    first = error = float(np.linalg.norm(a - h @ w))
    for number in range(1, ROUNDS + 1):
        h *= (a @ w.T) / (h @ (w @ w.T) + _TINY)
        w *= (h.T @ a) / (h.T @ h @ w + _TINY)
        if number % _EVERY == 0:
            before, error = error, float(np.linalg.norm(a - h @ w))
            if before - error < _GAIN * first:
                break
    length = np.linalg.norm(w, axis=1)  # (K,)
    h, w = h * length, w / np.maximum(length, _TINY)[:, None]
    order = np.argsort(-h.sum(0), kind="stable")
    kept = 1 - float(((a - h @ w) ** 2).sum()) / size if size else 1.0
    return Factors(h.T[order].reshape(count, *maps.shape[1:]), w[order], kept)
