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


def modes_snippet(
    opening: Sequence[str],
    gamma: Sequence[float],
    beta: Sequence[float],
    mean: Sequence[float],
    variance: Sequence[float],
) -> str:
    """What batch norm makes of the first picture alone and beside others, in training and in evaluation.

    Args:
        opening: lines that give `maps`, (N, C, H, W) float64.
        gamma, beta: one for each channel.
        mean, variance: the running averages, one for each channel.
    """
    return snippet(
        *opening,
        "import torch",
        f"gamma = torch.tensor({list(gamma)!r}, dtype=torch.float64)",
        f"beta = torch.tensor({list(beta)!r}, dtype=torch.float64)",
        f"mean = torch.tensor({list(mean)!r}, dtype=torch.float64)",
        f"variance = torch.tensor({list(variance)!r}, dtype=torch.float64)",
        "for training in (True, False):",
        "    for count in range(1, len(maps) + 1):",
        "        statistics = (None, None) if training else (mean, variance)",
        "        first = F.batch_norm(maps[:count], *statistics, gamma, beta, training=training)[0]",
        "        print(training, count, first[:, first.shape[1] // 2, first.shape[2] // 2].tolist())",
    )


def running_snippet(opening: Sequence[str], seed: int, count: int, size: int, momentum: float) -> str:
    """The running averages of batch norm after batches.

    Args:
        opening: lines that give `maps`, (N, C, H, W) float64.
        seed: of NumPy's generator, which draws the batches from the maps.
        count, size: how many batches, and how many of the maps in each.
        momentum: of the new batch.
    """
    return snippet(
        *opening,
        "import numpy as np",
        "import torch",
        "from torch import nn",
        f"drawn = np.random.default_rng({seed}).integers(0, len(maps), ({count}, {size}))",
        f"norm = nn.BatchNorm2d(maps.shape[1], momentum={momentum!r}, dtype=torch.float64)",
        "for places in drawn:",
        "    norm(maps[places])",
        "print(norm.running_mean.tolist(), norm.running_var.tolist())",
    )


def light_snippet(opening: Sequence[str], light: float, mean: Sequence[float], std: Sequence[float]) -> str:
    """How far a picture and its dim version are apart, behind a convolution and after instance norm.

    Args:
        opening: lines that give the normalised `inputs`, (1, 3, S, S) float64, and the convolution.
        light: what the dim version's pixels are multiplied by.
        mean, std: with which inputs are normalised.
    """
    return snippet(
        *opening,
        "import torch",
        f"shift = torch.tensor({list(mean)!r}).double() / torch.tensor({list(std)!r}).double()",
        f"dim = {light!r} * inputs + ({light!r} - 1) * shift[:, None, None]",
        "for one, other in ((inputs, dim), [F.conv2d(each, weight, bias, layer.stride) for each in (inputs, dim)]):",
        "    for a, b in ((one, other), (F.instance_norm(one), F.instance_norm(other))):",
        "        print(((a - b).square().mean((2, 3)) / a.var((2, 3), correction=0)).mean().sqrt().item())",
    )
