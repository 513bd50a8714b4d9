"""Codes of a photo's patches in plain PyTorch, as programs that print the errors of the page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.generators.autoencoder.patches import DEPTH, LONGEST, SIDE
from explorer.generators.autoencoder.training import BATCH, HIDDEN, RATES, Recipe
from explorer.snippet import snippet


def principal_snippet(image: Sequence[str], size: int) -> str:
    """The best linear code of so many numbers: its error, and the floor by the singular values.

    Args:
        image: lines that give `image`.
        size: numbers of the code.
    """
    return snippet(
        *image,
        *_cut(),
        *_principal(size),
        "print((made - x).square().mean().item(), (singular[size:] ** 2).sum().item() / x.numel())",
    )


def other_snippet(image: Sequence[str], other: Sequence[str], size: int) -> str:
    """The code of one photo used on another: its error there, and that of the other's own code.

    Args:
        image: lines that give `image`.
        other: lines that give `other`.
        size: numbers of the code.
    """
    return snippet(
        *image,
        *other,
        *_cut(),
        f"size, other = {size}, cut(other)",
        "for learned in (x, other):",
        "    mean = learned.mean(0)",
        "    directions = torch.linalg.svd(learned - mean)[2][:size]",
        "    made = (other - mean) @ directions.T @ directions + mean",
        "    print((made - other).square().mean().item())",
    )


def noise_snippet(image: Sequence[str], size: int, sigma: float, seed: int) -> str:
    """The error of noisy patches before and after the code of the clean ones, and what is to be expected after it.

    Args:
        image: lines that give `image`.
        size: numbers of the code.
        sigma: standard deviation of the noise.
        seed: of the noise.
    """
    return snippet(
        *image,
        *_cut(),
        *_principal(size),
        f"noisy = x + {sigma} * torch.from_numpy(np.random.default_rng({seed}).standard_normal(x.shape))",
        "clean = (noisy - mean) @ directions.T @ directions + mean",
        f"expected = (singular[size:] ** 2).sum().item() / x.numel() + {sigma}**2 * size / {DEPTH}",
        "print((noisy - x).square().mean().item(), (clean - x).square().mean().item(), expected)",
    )


def training_snippet(image: Sequence[str], recipes: Sequence[Recipe]) -> str:
    """The trainings of autoencoders; prints the error of each.

    Args:
        image: lines that give `image`.
        recipes: of all of them, alike but for kind and seed.
    """
    steps, size, noise = recipes[0].steps, recipes[0].size, recipes[0].noise
    noisy = f" + torch.randn(batch.shape, generator=generator) * ({noise!r} / spread)" if noise else ""
    return snippet(
        *image,
        *_cut(),
        "from torch import nn",
        "mean, spread = x.mean(0), x.std(correction=0).item()",
        "scaled = ((x - mean) / spread).float()",
        "",
        "",
        "def build(kind):",
        "    if kind == 'linear':",
        f"        return nn.Sequential(nn.Linear({DEPTH}, {size}), nn.Linear({size}, {DEPTH}))",
        "    return nn.Sequential(",
        f"        nn.Linear({DEPTH}, {HIDDEN}), nn.ReLU(), nn.Linear({HIDDEN}, {size}),",
        f"        nn.Linear({size}, {HIDDEN}), nn.ReLU(), nn.Linear({HIDDEN}, {DEPTH}),",
        "    )",
        "",
        "",
        f"for kind, seed, rate in {[(each.kind, each.seed, RATES[each.kind]) for each in recipes]!r}:",
        "    generator = torch.Generator().manual_seed(seed)",
        "    network = build(kind)",
        "    for layer in network:",
        "        if isinstance(layer, nn.Linear):",
        "            nn.init.xavier_uniform_(layer.weight, generator=generator)",
        "            nn.init.zeros_(layer.bias)",
        "    optimiser = torch.optim.Adam(network.parameters(), rate)",
        f"    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, {steps})",
        f"    for _ in range({steps}):",
        f"        batch = scaled[torch.randint(len(x), ({BATCH},), generator=generator)]",
        f"        loss = (network(batch{noisy}) - batch).square().mean()",
        "        optimiser.zero_grad()",
        "        loss.backward()",
        "        optimiser.step()",
        "        schedule.step()",
        "    made = network.double()((x - mean) / spread) * spread + mean",
        "    print(kind, seed, (made - x).square().mean().item())",
    )


def _cut() -> list[str]:
    """`cut`, and the patches `x` of the image."""
    return [
        "import numpy as np",
        "import torch",
        "from PIL import Image",
        "",
        "",
        "def cut(image):",
        f"    scale = min(1, {LONGEST} / max(image.size))",
        "    width, height = (round(side * scale) for side in image.size)",
        "    pixels = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS)) / 255",
        f"    rows, columns = height // {SIDE}, width // {SIDE}",
        f"    pixels = pixels[: rows * {SIDE}, : columns * {SIDE}].reshape(rows, {SIDE}, columns, {SIDE}, 3)",
        f"    return torch.from_numpy(pixels.swapaxes(1, 2).reshape(-1, {DEPTH}))",
        "",
        "",
        "x = cut(image)",
    ]


def _principal(size: int) -> list[str]:
    """The code of so many numbers, and what is drawn from it."""
    return [
        f"size, mean = {size}, x.mean(0)",
        "_, singular, directions = torch.linalg.svd(x - mean)",
        "directions = directions[:size]",
        "code = (x - mean) @ directions.T  # the encoder, and the decoder:",
        "made = code @ directions + mean",
    ]
