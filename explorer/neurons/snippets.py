"""Short programs in plain PyTorch that give the numbers of the Neurons page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import LOSSES
from explorer.snippet import snippet


def neuron_snippet(inputs: Sequence[float], weights: Sequence[float], bias: float, activation: str) -> str:
    """A neuron's sum, its output and the slope there."""
    return snippet(
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        f"inputs = torch.tensor({list(inputs)!r}, dtype=torch.float64)",
        f"weights = torch.tensor({list(weights)!r}, dtype=torch.float64)",
        f"z = F.linear(inputs, weights[None], torch.tensor([{bias!r}], dtype=torch.float64)).requires_grad_()",
        f"out = {ACTIVATIONS[activation].module}(z)",
        "(slope,) = torch.autograd.grad(out, z)",
        "print(z.item(), out.item(), slope.item())",
    )


def layers_snippet(count: int, width: int, seed: int) -> str:
    """Linear layers one after another, and the one that equals them."""
    return snippet(
        "import numpy as np",
        "import torch",
        "from torch import nn",
        f"rng = np.random.default_rng({seed})",
        "layers = []",
        f"for _ in range({count}):",
        f"    layer = nn.Linear({width}, {width}, dtype=torch.float64)",
        f"    layer.weight.data = torch.from_numpy(rng.normal(size=({width}, {width})) / np.sqrt({width}))",
        f"    layer.bias.data = torch.from_numpy(rng.normal(size={width}))",
        "    layers.append(layer)",
        f"x = torch.from_numpy(rng.normal(size={width}))",
        f"weight, bias = torch.eye({width}, dtype=torch.float64), torch.zeros({width}, dtype=torch.float64)",
        "for layer in layers:",
        "    weight, bias = layer.weight @ weight, layer.weight @ bias + layer.bias",
        "difference = (nn.Sequential(*layers)(x) - (weight @ x + bias)).abs().max().item()",
        "print(difference)",
    )


def softmax_snippet(logits: Sequence[float], targets: Sequence[float], loss: str) -> str:
    """The softmax of logits, a loss, and its gradient by them.

    Args:
        logits: as the softmax gets them, a constant added and the temperature divided by.
        targets: one for each logit.
        loss: a name in `LOSSES`.
    """
    return snippet(
        "import torch",
        *(["from torch.nn import functional as F"] if "F." in LOSSES[loss].pytorch else []),
        f"logits = torch.tensor([{list(logits)!r}], dtype=torch.float64, requires_grad=True)",
        f"targets = torch.tensor([{list(targets)!r}], dtype=torch.float64)",
        f"loss = {LOSSES[loss].pytorch}",
        "(gradient,) = torch.autograd.grad(loss, logits)",
        "print(logits.softmax(-1), loss.item(), gradient)",
    )
