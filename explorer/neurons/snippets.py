"""Short programs in plain PyTorch that give the numbers of the Neurons page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.dense import GAINS
from explorer.neurons.losses import LOSSES
from explorer.neurons.points import Points
from explorer.neurons.training import Recipe
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


def layers_snippet(count: int, width: int, seed: int, between: str) -> str:
    """Layers one after another; without a bend between them the one that equals them, else how far none does.

    Args:
        count, width: how many layers, and how many neurons in each.
        seed: of NumPy's generator, from which weights, biases and inputs are drawn.
        between: a name in `GAINS`.
    """
    module = ACTIVATIONS[between].module
    if between == "linear":
        ends = [
            f"weight, bias = torch.eye({width}, dtype=torch.float64), torch.zeros({width}, dtype=torch.float64)",
            "for layer in layers:",
            "    weight, bias = layer.weight @ weight, layer.weight @ bias + layer.bias",
            "print((network(a) - (weight @ a + bias)).abs().max().item())",
        ]
    else:
        ends = ["print((network(a) + network(b) - network(a + b) - network(0 * a)).abs().max().item())"]
    return snippet(
        "import numpy as np",
        "import torch",
        "from torch import nn",
        f"rng = np.random.default_rng({seed})",
        "layers, parts = [], []",
        f"for _ in range({count}):",
        f"    layer = nn.Linear({width}, {width}, dtype=torch.float64)",
        f"    weight = {GAINS[between]!r} * rng.normal(size=({width}, {width})) / np.sqrt({width})",
        "    layer.weight.data = torch.from_numpy(weight)",
        f"    layer.bias.data = torch.from_numpy(0.1 * rng.normal(size={width}))",
        "    layers.append(layer)",
        f"    parts += [layer, {module}]",
        "network = nn.Sequential(*parts[:-1])",
        f"a, b = torch.from_numpy(rng.normal(size={width})), torch.from_numpy(rng.normal(size={width}))",
        *ends,
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


def training_snippet(points: Points, recipe: Recipe, steps: int) -> str:
    """The network, its points and every step of its training: `network`, `losses` and the gradients of the last step.

    Args:
        points: Written out, row by row.
        recipe: How it is trained, numbers set by hand included.
        steps: How many were made.
    """
    sizes = (2, *recipe.hidden, points.count)
    lines = []
    for index, (before, after) in enumerate(pairwise(sizes)):
        if index and recipe.activation != "linear":
            lines.append(f"    {ACTIVATIONS[recipe.activation].module},")
        lines.append(f"    nn.Linear({before}, {after}, dtype=torch.float64),")
    by_hand = [
        "by_hand = {  # step: {place among all numbers: value}",
        *(
            f"    {step}: { {edit.number: edit.value for edit in recipe.edits if edit.step == step} },"
            for step in dict.fromkeys(edit.step for edit in recipe.edits)
        ),
        "}",
    ]
    setting = [
        "    for place, value in by_hand.get(step, {}).items():",
        "        numbers = nn.utils.parameters_to_vector(network.parameters()).detach()",
        "        numbers[place] = value",
        "        nn.utils.vector_to_parameters(numbers, network.parameters())",
    ]
    uses_functional = "F." in LOSSES[recipe.loss].pytorch
    return snippet(
        "import torch",
        "from torch import nn",
        *(["from torch.nn import functional as F"] if uses_functional else []),
        "points = torch.tensor([",
        *(f"    {list(row)}," for row in points.rows),
        "], dtype=torch.float64)",
        f"classes = torch.tensor({list(points.classes)})",
        f"targets = nn.functional.one_hot(classes, {points.count}).double()",
        f"torch.manual_seed({recipe.seed})",
        "network = nn.Sequential(",
        *lines,
        ")",
        f"optimizer = torch.optim.SGD(network.parameters(), lr={recipe.rate!r})",
        *(by_hand if recipe.edits else []),
        "losses = []",
        f"for step in range({steps + 1}):",
        *(setting if recipe.edits else []),
        *(["    network.zero_grad()"] if recipe.clears else ["    # no zero_grad: gradients pile up"]),
        "    logits = network(points)",
        f"    loss = {LOSSES[recipe.loss].pytorch}",
        "    losses.append(loss.item())",
        "    loss.backward()",
        f"    if step < {steps}:",
        "        optimizer.step()",
        "right = (network(points).argmax(1) == classes).double().mean().item()",
        "print(losses[-1], right)",
    )


def overflow_snippet(z: float) -> str:
    """Two formulas of the sigmoid in float32, and PyTorch's own."""
    return snippet(
        "import torch",
        f"z = torch.tensor({float(z)!r})",
        "print((z.exp() / (1 + z.exp())).item(), (1 / (1 + (-z).exp())).item(), z.sigmoid().item())",
    )


def dense_snippet(inputs: int, neurons: int) -> str:
    """How many numbers a layer learns, and its sums in both ways to write them."""
    return snippet(
        "import torch",
        "from torch import nn",
        f"layer = nn.Linear({inputs}, {neurons}, dtype=torch.float64)",
        f"x = torch.randn({inputs}, dtype=torch.float64)",
        "together = torch.cat([layer.weight, layer.bias[:, None]], 1) @ torch.cat([x, torch.ones(1)])",
        "numbers = sum(parameter.numel() for parameter in layer.parameters())",
        "print(numbers, (layer(x) - together).abs().max().item())",
    )


def push_snippet(behind: float) -> str:
    """How hard losses push the true class's logit up that lies behind the other."""
    return snippet(
        "import torch",
        f"logits = torch.tensor([{float(behind)!r}, 0.0], dtype=torch.float64, requires_grad=True)",
        "p = logits.softmax(-1)",
        "for loss in (-p[1].log(), ((p - torch.tensor([0, 1])) ** 2).mean(), -p[1]):",
        "    (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)",
        "    print(-gradient[1].item())",
    )


def mixed_snippet(share: float) -> str:
    """The probabilities at which losses of mixed labels are least, of 999 tried."""
    return snippet(
        "import torch",
        "p = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)",
        "losses = [(-p.log(), -(1 - p).log()), ((1 - p) ** 2, p**2), (-p, -(1 - p))]",
        "for first, second in losses:",
        f"    print(p[({share!r} * first + {1 - share!r} * second).argmin()].item())",
    )


def one_hot_snippet(matrix: Sequence[Sequence[float]], place: int) -> str:
    """A one-hot row times a matrix, and the row looked up."""
    return snippet(
        "import torch",
        "from torch.nn import functional as F",
        f"matrix = torch.tensor({[list(row) for row in matrix]!r}, dtype=torch.float64)",
        f"hot = F.one_hot(torch.tensor({place}), {len(matrix)}).double()",
        f"print((hot @ matrix).tolist(), F.embedding(torch.tensor({place}), matrix).tolist())",
    )


def softmax_twice_snippet(logits: Sequence[float], truth: int) -> str:
    """The cross-entropy of logits, and of a softmax that should not be there, with the true class's gradients."""
    return snippet(
        "import torch",
        "from torch.nn import functional as F",
        f"logits = torch.tensor([{list(logits)!r}], dtype=torch.float64, requires_grad=True)",
        "for given in (logits, logits.softmax(-1)):",
        f"    loss = F.cross_entropy(given, torch.tensor([{truth}]))",
        "    (gradient,) = torch.autograd.grad(loss, logits, retain_graph=True)",
        f"    print(loss.item(), gradient[0, {truth}].item())",
    )
