"""Short programs in plain PyTorch that give the numbers on normalisation."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.snippet import snippet


def numbers_snippet(values: Sequence[float]) -> str:
    """A few numbers by batch norm, divided by the variance too, and both variances."""
    return snippet(
        "import torch",
        "from torch import nn",
        f"x = torch.tensor({list(values)!r}, dtype=torch.float64)",
        "mean, variance = x.mean(), x.var(correction=0)",
        "right, wrong = (x - mean) / (variance + 1e-5).sqrt(), (x - mean) / (variance + 1e-5)",
        "print(right.std(correction=0).item(), wrong.std(correction=0).item())",
        "layer = nn.BatchNorm1d(1, momentum=1.0, dtype=torch.float64)",
        "print((layer(x[:, None])[:, 0] - right).abs().max().item(), variance.item(), layer.running_var.item())",
    )
