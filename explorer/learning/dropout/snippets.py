"""Dropout in plain PyTorch, as programs that give the numbers of the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.learning.dropout import training
from explorer.learning.dropout.training import BATCH, RATE, DropoutRecipe
from explorer.neurons.digits_snippets import load_lines
from explorer.snippet import snippet


def masks_snippet(recipe: DropoutRecipe, image: NDArray[np.float32], of: int, times: int, *, divided: bool) -> str:
    """Train the network, and send one digit through it with many masks.

    Args:
        recipe: of the network.
        image: (8, 8), 0 for paper and 1 for ink.
        of: the class that is told of.
        times: how many masks.
        divided: whether what is kept is divided by 1 - p.
    """
    rows = [f"    [{', '.join(f'{value:.9g}' for value in row)}]," for row in image.tolist()]
    p = recipe.p
    undo = "handle = network[3].register_forward_hook(lambda _, given, kept: kept * (1 - {p}))  # no division by 1 - p"
    return snippet(
        *_begin(),
        f"network = train(p={p!r}, hidden={recipe.hidden}, a_class={recipe.a_class}, seed={recipe.seed})",
        "network.double()",
        "picture = torch.tensor([",
        *rows,
        "], dtype=torch.float64)[None, None]",
        f"torch.manual_seed({recipe.seed})",
        "network[3].train()  # only dropout behaves otherwise in training",
        *([] if divided else [undo.format(p=p)]),
        f"logits = network(picture.expand({times}, -1, -1, -1))  # each of the {times} gets a mask of its own",
        "network.eval()",
        *([] if divided else ["handle.remove()"]),
        "evaluation = network(picture)[0]",
        f"shares, share = logits.softmax(1)[:, {of}], evaluation.softmax(0)[{of}]",
        f"print('logit', evaluation[{of}].item(), logits[:, {of}].mean().item(), logits[:, {of}].std().item())",
        "print('probability', share.item(), shares.mean().item(), shares.std().item())",
    )


def gap_snippet(recipes: list[DropoutRecipe]) -> str:
    """Train with each probability and seed, and print what is right of the learned and of the held-out digits.

    Args:
        recipes: alike but for p and seed.
    """
    shares, seeds = (sorted({getattr(recipe, name) for recipe in recipes}) for name in ("p", "seed"))
    first = recipes[0]
    return snippet(
        *_begin(),
        "def accuracy(network, places):",
        "    with torch.inference_mode():",
        "        return (network(images[places]).argmax(1) == labels[places]).float().mean().item()",
        "",
        "",
        f"for p in {tuple(shares)!r}:",
        f"    for seed in {tuple(seeds)!r}:",
        f"        network = train(p, hidden={first.hidden}, a_class={first.a_class}, seed=seed)",
        "        print(p, seed, accuracy(network, network.learned), accuracy(network, held_out))",
    )


def _begin() -> list[str]:
    """The data, and a function that trains a network."""
    return [
        *load_lines("images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 16  # (1797, 1, 8, 8)"),
        "",
        "",
        "def train(p, hidden, a_class, seed):",
        "    network = nn.Sequential(",
        "        nn.Flatten(), nn.Linear(64, hidden), nn.ReLU(), nn.Dropout(p), nn.Linear(hidden, 10)",
        "    )",
        "    torch.manual_seed(seed)",
        "    classes = [training[labels[training] == digit] for digit in range(10)]",
        "    learned = torch.cat([each[torch.randperm(len(each))[:a_class]] for each in classes])",
        "    for layer in (network[1], network[4]):",
        "        nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu')",
        "        nn.init.zeros_(layer.bias)",
        f"    optimiser = torch.optim.Adam(network.parameters(), lr={RATE})",
        "    step = 0",
        f"    while step < {training.STEPS}:",
        f"        for batch in learned[torch.randperm(len(learned))].split({BATCH})[: {training.STEPS} - step]:",
        "            loss = F.cross_entropy(network(images[batch]), labels[batch])",
        "            optimiser.zero_grad()",
        "            loss.backward()",
        "            optimiser.step()",
        "            step += 1",
        "    network.learned = learned",
        "    return network.eval()",
        "",
        "",
    ]
