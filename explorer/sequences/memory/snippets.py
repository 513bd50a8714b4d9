"""Gradients through time in plain PyTorch, as a program that prints them."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.sequences.memory.networks import Network, layer_lines
from explorer.sequences.memory.texts import ALPHABET, INPUTS, LETTERS, TEXTS, seeds_of
from explorer.snippet import snippet


def gradients_snippet(networks: Sequence[Network]) -> str:
    """The geometric mean over the texts at distances 0, 10, 20 ..., for networks of one seed and one size."""
    seed, units = networks[0].seed, networks[0].units
    texts, tops = seeds_of(seed)
    lines = [
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        f"chance = torch.Generator().manual_seed({texts})",
        f"letters = torch.randint({len(ALPHABET)}, ({TEXTS}, {LETTERS}), generator=chance)",
        f"top = torch.randn({TEXTS}, {units}, generator=torch.Generator().manual_seed({tops})).double()",
        "top /= top.norm(dim=1, keepdim=True)  # a gradient of length 1 at each text's last state",
        "",
        "",
        "def measure(layer):",
        f"    x = F.one_hot(letters.T, {INPUTS}).double().requires_grad_()",
        "    states, _ = layer.double()(x)",
        "    (gradient,) = torch.autograd.grad(states[-1], x, top)",
        "    return gradient.norm(dim=2).log().mean(dim=1).exp().flip(0)  # by distance from the last letter",
        "",
        "",
    ]
    for network in networks:
        lines += [
            f"torch.manual_seed({seed})",
            *layer_lines(network, f"{INPUTS}"),
            f"print({network.title!r}, *[f'{{each:.3g}}' for each in measure(layer)[::10].tolist()])",
        ]
    return snippet(*lines)
