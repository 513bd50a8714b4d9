"""What growing layers do, in plain PyTorch, as programs that print the numbers of the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from explorer.generators.growing.decoder import CHANNELS, GROWS, LONGEST, RATE
from explorer.generators.growing.phases import CELLS, Start, draw_kernel
from explorer.generators.growing.ways import WAYS
from explorer.snippet import snippet


def phases_snippet(start: Start, seed: int) -> str:
    """The layers on a map of ones, and the values of their phases.

    Args:
        start: how the kernels are drawn.
        seed: of random ones.
    """
    lines = []
    for name, way in WAYS.items():
        kernel = (
            f"torch.from_numpy(np.random.default_rng({seed}).standard_normal(({way.side}, {way.side})))"
            if start == "random"
            else f"torch.tensor({draw_kernel(name, start, seed).tolist()!r}, dtype=torch.float64)"
        )
        lines += [
            f"layers = nn.Sequential({way.line.replace('(a, b,', '(1, 1,')}).double()",
            f"layers[-1].weight.data = {kernel}[None, None]",
            "layers[-1].bias.data.zero_()",
            f"made = layers(torch.ones(1, 1, {CELLS}, {CELLS}, dtype=torch.float64))[0, 0]",
            f"print({way.title!r}, made[{CELLS} : {CELLS} + 2, {CELLS} : {CELLS} + 2].flatten().tolist())",
        ]
    numpy = ["import numpy as np"] if start == "random" else []
    return snippet(*numpy, "import torch", "from torch import nn", *lines)


def decoder_snippet(image: Sequence[str], seed: int, step: int) -> str:
    """The decoder of each way after so many steps: its error, and the share with a period of two pixels.

    Args:
        image: lines that give `image`.
        seed: of the first weights and the noise.
        step: how many.
    """
    layers: list[str] = []
    for channels, filters in pairwise(CHANNELS):
        layers += [*(["nn.ReLU()"] if layers else []), f"*grow({channels}, {filters})"]
    return snippet(
        *image,
        "import numpy as np",
        "import torch",
        "from PIL import Image",
        "from torch import nn",
        f"scale = min(1, {LONGEST} / max(image.size))",
        "size = tuple(round(side * scale) for side in image.size)",
        "pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32) / 255",
        f"width, height = (side // {GROWS} * {GROWS} for side in size)",
        "photo = torch.from_numpy(pixels[:height, :width].transpose(2, 0, 1).copy())",
        "",
        "",
        "def share(picture):",
        "    squares = picture.unfold(1, 8, 8).unfold(2, 8, 8).double()",
        "    power = torch.fft.fft2(squares).abs() ** 2",
        "    power[..., 0, 0] = 0",
        "    return ((power[..., 0, 4] + power[..., 4, 0] + power[..., 4, 4]).sum() / power.sum()).item()",
        "",
        "",
        "print('photo', share(photo))",
        "for title, grow in {",
        *(f"    {way.title!r}: lambda a, b: [{way.line}]," for way in WAYS.values()),
        "}.items():",
        f"    torch.manual_seed({seed})",
        f"    network = nn.Sequential({', '.join(layers)})",
        f"    noise = torch.randn(1, {CHANNELS[0]}, height // {GROWS}, width // {GROWS})",
        f"    optimiser = torch.optim.Adam(network.parameters(), {RATE})",
        f"    for _ in range({step}):",
        "        loss = (network(noise)[0] - photo).square().mean()",
        "        optimiser.zero_grad()",
        "        loss.backward()",
        "        optimiser.step()",
        "    made = network(noise)[0].detach()",
        "    print(title, (made - photo).square().mean().item(), share(made))",
    )
