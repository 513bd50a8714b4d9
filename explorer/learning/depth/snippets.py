"""The numbers of deep networks in plain PyTorch, as programs that print them."""

from __future__ import annotations

from explorer.learning.depth.signal import INPUTS, TOP, Recipe
from explorer.learning.depth.training import BATCH, RATES, SEEDS, STEPS, TRAINING, Optimiser
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.digits import HELD_OUT
from explorer.snippet import snippet


def signal_snippet(recipe: Recipe, digits: int) -> str:
    """Spread and gradient of every layer.

    Args:
        recipe: of the network.
        digits: how many of the training digits it gets; 0 for the inputs in the page's NPZ.
    """
    if digits:
        inputs = [*_digits(), f"x = pixels[training[:{digits}]].requires_grad_()"]
    else:
        inputs = ["import numpy as np", "x = torch.tensor(np.load('depth.npz')['inputs'], requires_grad=True)"]
    return snippet(
        *_network(recipe),
        *inputs,
        f"weights = draw_weights({recipe.seed})",
        "outputs = run(weights, x)",
        f"top = torch.randn(outputs[-1].shape, generator=torch.Generator().manual_seed({recipe.seed + TOP}))",
        "places = [x, *outputs]",
        "gradients = torch.autograd.grad(outputs[-1], places, top / top.norm(), retain_graph=True)",
        "for number, (h, g) in enumerate(zip(places, gradients)):",
        "    print(number, h.double().std(correction=0).item(), g.double().norm().item())",
        "(of_squares,) = torch.autograd.grad(outputs[-1].pow(2).mean(), weights[0])",
        "print(of_squares.double().norm().item())",
    )


def training_snippet(recipe: Recipe, optimiser: Optimiser) -> str:
    """The trainings of all rates and seeds: loss before and after, and how many held-out digits are right."""
    name = {"sgd": "SGD", "adam": "Adam"}[optimiser]
    return snippet(
        *_network(recipe),
        *_digits(),
        f"for seed in range({recipe.seed}, {recipe.seed + SEEDS}):",
        f"    for rate in {RATES[optimiser]}:",
        f"        generator = torch.Generator().manual_seed(seed + {TRAINING})",
        f"        last, bias = torch.empty(10, {recipe.width}), torch.zeros(10, requires_grad=True)",
        "        nn.init.xavier_normal_(last, generator=generator)",
        "        weights = [*draw_weights(seed), last.requires_grad_()]",
        f"        optimiser = torch.optim.{name}([*weights, bias], rate)",
        "        logits = lambda x: F.linear(run(weights[:-1], x)[-1], last, bias)",
        "        before = F.cross_entropy(logits(pixels[held_out]), labels[held_out]).item()",
        f"        for _ in range({STEPS}):",
        f"            batch = training[torch.randint(len(training), ({BATCH},), generator=generator)]",
        "            loss = F.cross_entropy(logits(pixels[batch]), labels[batch])",
        "            if not loss.isfinite():",
        "                break",
        "            optimiser.zero_grad()",
        "            loss.backward()",
        "            optimiser.step()",
        "        z = logits(pixels[held_out])",
        "        after, right = F.cross_entropy(z, labels[held_out]).item(), (z.argmax(1) == labels[held_out]).sum()",
        "        print(seed, rate, before, after, right.item())",
    )


def _network(recipe: Recipe) -> list[str]:
    draw = {
        "xavier": "nn.init.xavier_normal_(w, generator=generator)",
        "he": "nn.init.kaiming_normal_(w, nonlinearity='relu', generator=generator)",
        "own": f"nn.init.normal_(w, std={recipe.sigma!r}, generator=generator)",
    }[recipe.start]
    z = "F.linear(h, w)"
    if recipe.batch_norm:
        z = f"F.batch_norm({z}, None, None, training=True)"
    out = f"bend({z})"
    return [
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        f"bend = {ACTIVATIONS[recipe.activation].module}",
        "",
        "",
        "def draw_weights(seed):",
        "    generator = torch.Generator().manual_seed(seed)",
        f"    weights = [torch.empty({recipe.width}, {INPUTS})]",
        f"    weights += [torch.empty({recipe.width}, {recipe.width}) for _ in range({recipe.layers - 1})]",
        f"    return [{draw}.requires_grad_() for w in weights]",
        "",
        "",
        "def run(weights, h):",
        "    outputs = []",
        "    for number, w in enumerate(weights):",
        f"        h = h + {out} if number else {out}" if recipe.residual else f"        h = {out}",
        "        outputs.append(h)",
        "    return outputs",
        "",
        "",
    ]


def _digits() -> list[str]:
    return [
        "from sklearn import datasets, model_selection",
        "found = datasets.load_digits()",
        "pixels, labels = torch.tensor(found.data), torch.tensor(found.target)",
        "pixels = ((pixels - pixels.mean()) / pixels.std(correction=0)).float()",
        "training, held_out = model_selection.train_test_split(",
        f"    torch.arange(len(labels)), test_size={HELD_OUT}, stratify=found.target, random_state=0",
        ")",
    ]
