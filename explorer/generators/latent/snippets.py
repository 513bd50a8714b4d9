"""The digits' GAN in plain PyTorch, as programs that give the numbers of the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.generators.latent.inversion import RATE, STARTS, STEPS
from explorer.generators.latent.networks import CHANNELS, LATENT, LEAK, NAME
from explorer.generators.latent.walking import Way
from explorer.neurons.activations import Numbers
from explorer.neurons.digits import HELD_OUT
from explorer.snippet import snippet

_SMALL, _LARGE = CHANNELS


def samples_snippet(seed: int, count: int, scale: float) -> str:
    """Draw z, make pictures, and find the nearest training digit of each, and of each held-out digit.

    Args:
        seed: of z.
        count: of pictures.
        scale: z is multiplied by it.
    """
    return snippet(
        *_load(),
        *_load_discriminator(),
        "from sklearn import datasets, model_selection",
        "found = datasets.load_digits()",
        "images = torch.tensor(found.images).flatten(1) / 16  # (1797, 64), float64",
        "training, held_out = model_selection.train_test_split(",
        f"    range(len(images)), test_size={HELD_OUT}, stratify=found.target, random_state=0",
        ")",
        f"torch.manual_seed({seed})",
        f"made = generator({scale!r} * torch.randn({count}, {LATENT}))  # ({count}, 1, 8, 8)",
        "for name, pictures in (('made', made.flatten(1).double()), ('held out', images[held_out])):",
        "    differences = pictures[:, None] - images[training]  # every picture less every training digit",
        "    distances = differences.square().sum(2).sqrt().min(1).values",
        "    print(name, distances.mean().item(), distances.median().item())",
        "print('taken for real', (discriminator(made) > 0).float().mean().item())",
    )


def picture_snippet(z: Numbers) -> str:
    """The picture of one z (LATENT,), and the discriminator's verdict."""
    return snippet(
        *_load(),
        *_load_discriminator(),
        f"z = torch.tensor([{', '.join(f'{value:.9g}' for value in z)}])",
        "made = generator(z[None])",
        "print(made[0, 0])",
        "print(discriminator(made).sigmoid().item())",
    )


def walk_snippet(begin: Numbers, end: Numbers, frames: int, way: Way) -> str:
    """The pictures on one of the ways from one z to another, and the length of z at each.

    Args:
        begin, end: (LATENT,).
        frames: how many pictures, both ends among them.
        way: straight, or along the sphere.
    """
    ends = (f"{name} = torch.tensor([{', '.join(f'{v:.9g}' for v in z)}])" for name, z in (("a", begin), ("b", end)))
    sphere = (
        "angle = torch.arccos(a @ b / (a.norm() * b.norm()))",
        "turned = (torch.sin((1 - t) * angle) * a / a.norm() + torch.sin(t * angle) * b / b.norm()) / angle.sin()",
        "z = turned * ((1 - t) * a.norm() + t * b.norm())",
    )
    return snippet(
        *_load(),
        *ends,
        f"t = torch.linspace(0, 1, {frames})[:, None]",
        *(("z = (1 - t) * a + t * b",) if way == "straight" else sphere),
        "made = generator(z)",
        "print(z.norm(dim=1).tolist())",
        "print(made.mean((1, 2, 3)).tolist())  # the ink of each",
    )


def inversion_snippet(image: NDArray[np.float32], seed: int) -> str:
    """Lead z to the picture (8, 8) by Adam, from several starts, and print how near each comes."""
    rows = [f"    [{', '.join(f'{value:.9g}' for value in row)}]," for row in image.tolist()]
    return snippet(
        *_load(),
        "picture = torch.tensor([",
        *rows,
        "])",
        f"torch.manual_seed({seed})",
        f"z = torch.randn({STARTS}, {LATENT}, requires_grad=True)  # {STARTS} starts",
        f"optimiser = torch.optim.Adam([z], {RATE})",
        f"for step in range({STEPS}):",
        "    squares = (generator(z) - picture).square().sum((1, 2, 3))",
        "    optimiser.zero_grad()",
        "    squares.sum().backward()  # each start has a gradient of its own",
        "    optimiser.step()",
        "with torch.no_grad():",
        "    print((generator(z) - picture).square().sum((1, 2, 3)).sqrt().tolist())",
    )


def _load() -> list[str]:
    """The generator with its shipped weights."""
    return [
        "import torch",
        "from safetensors.torch import load_file",
        "from torch import nn",
        "from explorer.zoo.catalogue import MODELS",
        f'state = load_file(MODELS / "{NAME}" / "weights.safetensors")',
        "",
        "",
        "def shipped(name, network):",
        '    own = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(name)}',
        "    network.load_state_dict(own)",
        "    return network.eval().requires_grad_(False)",
        "",
        "",
        "generator = shipped(",
        '    "generator",',
        "    nn.Sequential(",
        f"        nn.Unflatten(1, ({LATENT}, 1, 1)),",
        f"        nn.ConvTranspose2d({LATENT}, {_SMALL}, 2, bias=False),",
        f"        nn.BatchNorm2d({_SMALL}),",
        "        nn.ReLU(),",
        f"        nn.ConvTranspose2d({_SMALL}, {_LARGE}, 4, stride=2, padding=1, bias=False),",
        f"        nn.BatchNorm2d({_LARGE}),",
        "        nn.ReLU(),",
        f"        nn.ConvTranspose2d({_LARGE}, 1, 4, stride=2, padding=1),",
        "        nn.Sigmoid(),",
        "    ),",
        ")",
    ]


def _load_discriminator() -> list[str]:
    return [
        "discriminator = shipped(",
        '    "discriminator",',
        "    nn.Sequential(",
        f"        nn.Conv2d(1, {_LARGE}, 4, stride=2, padding=1),",
        f"        nn.LeakyReLU({LEAK}),",
        "        nn.Dropout(),  # nothing in evaluation",
        f"        nn.Conv2d({_LARGE}, {_SMALL}, 4, stride=2, padding=1),",
        f"        nn.LeakyReLU({LEAK}),",
        "        nn.Dropout(),",
        f"        nn.Conv2d({_SMALL}, 1, 2),",
        "        nn.Flatten(0),",
        "    ),",
        ")",
    ]
