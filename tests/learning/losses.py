"""The surfaces of Terrain written out for PyTorch, each by hand from its textbook."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "valley": lambda x, y: x * x / 2 + 50 * y * y,
    "rosenbrock": lambda x, y: (1 - x).square() + 100 * (y - x * x).square(),
    "saddle": lambda x, y: x * x / 2 - y * y / 2 + y.square().square() / 4,
    "dips": lambda x, y: ((x - 0.2) * x * x - 2 * x + 0.6) * x + y * y,
    "plateau": lambda x, y: 1 - torch.exp(-(x * x) - 2 * y * y),
    "noise": lambda x, y: x * x / 2 + 5 * y * y,
}
