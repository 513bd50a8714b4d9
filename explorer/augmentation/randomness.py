"""Random numbers of one's own: torchvision draws from the process's generator, here each draw has its own.

`torch.random.fork_rng` would restore the process's generator afterwards, but between the seed and the end every other
thread would draw from it too. A `TorchFunctionMode` belongs to one thread: any number of threads draw at a time, each
gets the numbers of its seed, and nobody else's are touched. Seeded alike, both generators give the same numbers, so
that the exported Python, which seeds the process, gives the same picture.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_DRAWING = frozenset(
    {
        torch.rand,
        torch.randn,
        torch.randint,
        torch.randperm,
        torch.randn_like,
        torch.multinomial,
        torch.normal,
        torch.bernoulli,
        torch._sample_dirichlet,
        torch.Tensor.uniform_,
        torch.Tensor.normal_,
        torch.Tensor.random_,
        torch.Tensor.bernoulli_,
    }
)


class OwnRandomness(TorchFunctionMode):
    """What is drawn in this thread, inside the `with`, comes from a generator with this seed.

    Args:
        seed: as for `torch.manual_seed`.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _DRAWING and "generator" not in kwargs:
            kwargs = {**kwargs, "generator": self.generator}
        return func(*args, **kwargs)
