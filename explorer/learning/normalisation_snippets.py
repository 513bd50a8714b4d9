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


def batch_snippet(
    opening: Sequence[str],
    kind: str,
    groups: int,
    gamma: Sequence[float],
    beta: Sequence[float],
    eps: float,
    cell: Sequence[int],
) -> str:
    """What a normalisation layer makes of maps, and the result of one cell.

    Args:
        opening: lines that give `maps`, (N, C, H, W) float64.
        kind: a name in `normalisation.KINDS`.
        groups: for group norm.
        gamma, beta: one for each channel.
        eps: added to the variance.
        cell: picture, channel, row and column.
    """
    channels = len(gamma)
    made = {
        "batch": f"nn.BatchNorm2d({channels}, {eps!r})",
        "layer": f"nn.LayerNorm(maps.shape[1:], {eps!r})",
        "instance": f"nn.InstanceNorm2d({channels}, {eps!r}, affine=True)",
        "group": f"nn.GroupNorm({groups}, {channels}, {eps!r})",
    }[kind]
    whole = "[:, None, None].expand(maps.shape[1:])" if kind == "layer" else ""
    return snippet(
        *opening,
        "import torch",
        "from torch import nn",
        f"norm = {made}.double()  # in training, as it is made",
        "with torch.no_grad():",
        f"    norm.weight.copy_(torch.tensor({list(gamma)!r}){whole})",
        f"    norm.bias.copy_(torch.tensor({list(beta)!r}){whole})",
        "    result = norm(maps)",
        f"print(result[{', '.join(map(str, cell))}].item(), result.std(correction=0).item())",
    )
