"""The trainings of the digits' networks in plain PyTorch, as programs that give the numbers of the page."""

from __future__ import annotations

import torch
from torch import nn

from explorer.neurons.digits import DIGIT, EPOCHS, FARTHEST, HELD_OUT, SMALL, Recipe, build
from explorer.operations.layer_line import layer_line
from explorer.snippet import snippet


def moving_snippet(recipes: tuple[Recipe, ...]) -> str:
    """Networks on the ground, and the share of the held-out digits that each gets right as they move."""
    return snippet(
        *_begin(recipes[0].seed),
        "def on_ground(x, columns=0):",
        f"    x = F.interpolate(x, size={DIGIT}, mode='bilinear', align_corners=False)",
        f"    return F.pad(x, ({FARTHEST} + columns, {FARTHEST} - columns, {FARTHEST}, {FARTHEST}))",
        "",
        "",
        *(line for recipe in recipes for line in _train(recipe, "on_ground(images)")),
        f"for name, network in ({', '.join(f'({r.kind!r}, {r.kind})' for r in recipes)}):",
        f"    for columns in range({FARTHEST + 1}):",
        "        print(name, columns, accuracy(network, on_ground(images, columns)))",
    )


def first_layer_snippet(mlp: Recipe) -> str:
    """An MLP on the ground, and how straight each picture of its first layer's weights is where digits lay."""
    return snippet(
        *_begin(mlp.seed),
        *_train(mlp, f"F.pad(F.interpolate(images, size={DIGIT}, mode='bilinear'), [{FARTHEST}] * 4)"),
        f"pictures = mlp[1].weight.detach().view(-1, {mlp.side}, {mlp.side})",
        f"w = pictures[:, {FARTHEST}:-{FARTHEST}, {FARTHEST}:-{FARTHEST}].double()",
        "gy, gx = w.diff(dim=1), w.diff(dim=2)",
        "gy, gx = (gy[:, :, 1:] + gy[:, :, :-1]) / 2, (gx[:, 1:] + gx[:, :-1]) / 2",
        "xx, yy, xy = ((a * b).sum((1, 2)) for a, b in ((gx, gx), (gy, gy), (gx, gy)))",
        "straightness = torch.hypot(xx - yy, 2 * xy) / (xx + yy)",
        "print((straightness >= 0.5).sum().item(), straightness.quantile(0.5).item())",
    )


def shuffling_snippet(seed: int) -> str:
    """Both networks on the bare digits, before and after all pixels were put into one other order."""
    recipes = [Recipe("mlp", "bare", seed=seed), Recipe("cnn", "bare", seed=seed)]
    return snippet(
        *_begin(seed),
        f"order = torch.randperm({SMALL**2}, generator=torch.Generator().manual_seed({seed}))",
        "shuffled = images.flatten(1)[:, order].view_as(images)",
        "for name, x in (('as they are', images), ('shuffled', shuffled)):",
        *(f"    {line}" for recipe in recipes for line in _train(recipe, "x")),
        "    print(name, 'mlp', accuracy(mlp, x), 'cnn', accuracy(cnn, x))",
    )


def load_lines(images: str) -> list[str]:
    """What programs on the digits begin with: `labels`, `training` and `held_out`, and the pictures of `found`.

    Args:
        images: the line that makes a tensor of the pictures.
    """
    return [
        "import torch",
        "from sklearn import datasets, model_selection",
        "from torch import nn",
        "from torch.nn import functional as F",
        "found = datasets.load_digits()",
        images,
        "labels = torch.tensor(found.target)",
        "training, held_out = map(torch.tensor, model_selection.train_test_split(",
        f"    range(len(labels)), test_size={HELD_OUT}, stratify=found.target, random_state=0",
        "))",
    ]


def _begin(seed: int) -> list[str]:
    """The data, and two functions: to train a network and to measure it."""
    return [
        *load_lines("images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 16  # (1797, 1, 8, 8)"),
        "",
        "",
        "def train(layers, x, epochs):",
        f"    generator = torch.Generator().manual_seed({seed})",
        "    for layer in layers:",
        "        if isinstance(layer, (nn.Linear, nn.Conv2d)):",
        "            nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu', generator=generator)",
        "            nn.init.zeros_(layer.bias)",
        "    network, known, y = nn.Sequential(*layers), x[training], labels[training]",
        "    steps = len(y) // 32",
        "    optimiser = torch.optim.Adam(network.parameters())",
        "    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, total_steps=epochs * steps)",
        "    for _ in range(epochs):",
        "        for batch in torch.randperm(len(y), generator=generator)[: steps * 32].split(32):",
        "            loss = F.cross_entropy(network(known[batch]), y[batch])  # of logits: no softmax before it",
        "            optimiser.zero_grad()",
        "            loss.backward()",
        "            optimiser.step()",
        "            schedule.step()",
        "    return network",
        "",
        "",
        "def accuracy(network, x):",
        "    with torch.inference_mode():",
        "        return (network(x[held_out]).argmax(1) == labels[held_out]).float().mean().item()",
        "",
        "",
    ]


def _train(recipe: Recipe, pictures: str) -> list[str]:
    layers = build(recipe, torch.Generator())
    return [
        f"{recipe.kind} = train(",
        "    [",
        *(f"        {_line(layer)}," for layer in layers),
        "    ],",
        f"    {pictures},",
        f"    epochs={EPOCHS[recipe.kind, recipe.place]},",
        ")",
    ]


def _line(layer: nn.Module) -> str:
    """As it is written; what takes no arguments here has PyTorch's defaults."""
    if isinstance(layer, nn.Linear):
        return f"nn.Linear({layer.in_features}, {layer.out_features})"
    return f"nn.{type(layer).__name__}()" if isinstance(layer, (nn.Flatten, nn.ReLU)) else layer_line(layer)
