"""The races, their plane and the losses on it in plain PyTorch, as a program that gives the numbers of the page."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.real_network.networks import BATCH, Task, build
from explorer.learning.real_network.races import Run
from explorer.neurons.digits import HELD_OUT
from explorer.operations.layer_line import layer_line
from explorer.snippet import snippet


def race_snippet(task: Task, runs: Sequence[Run], seed: int) -> str:
    """Each optimiser at its rate from one start, then the plane: `paths`, `axes`, `true` and `drawn` losses by name.

    Args:
        task: What is learned.
        runs: With rates.
        seed: Of the first weights and the order of the digits.
    """
    steps = runs[0].steps
    return snippet(
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        *(_points(task) if task.points else _digits()),
        "optimisers = {",
        *(f"    {run.name!r}: {_call(run)}," for run in runs),
        "}",
        f"kept = {list(steps)}",
        "",
        "",
        "def batches():",
        *(
            ["    while True:", "        yield torch.arange(len(y))"]
            if task.points
            else [
                f"    generator = torch.Generator().manual_seed({seed})",
                "    while True:",
                "        order = torch.randperm(len(y), generator=generator)",
                f"        yield from order[: len(y) // {BATCH} * {BATCH}].split({BATCH})",
            ]
        ),
        "",
        "",
        f"torch.manual_seed({seed})",
        "network = nn.Sequential(",
        *(f"    {_line(layer)}," for layer in build(task, "meta")),
        ")",
        "first = nn.utils.parameters_to_vector(network.parameters()).detach().clone()",
        "",
        "",
        "def losses(every):",
        "    found = []",
        "    for numbers in every.to(first.dtype):",
        "        nn.utils.vector_to_parameters(numbers, network.parameters())",
        "        with torch.inference_mode():",
        "            found.append(F.cross_entropy(network(x), y).item())",
        "    return torch.tensor(found, dtype=torch.float64)",
        "",
        "",
        "paths = {}",
        "for name, begin in optimisers.items():",
        "    nn.utils.vector_to_parameters(first.clone(), network.parameters())",
        "    optimiser, path = begin(network.parameters()), [first.clone()]",
        f"    for step, batch in zip(range(1, {steps[-1] + 1}), batches()):",
        "        optimiser.zero_grad()",
        "        F.cross_entropy(network(x[batch]), y[batch]).backward()",
        "        optimiser.step()",
        "        if step in kept:",
        "            path.append(nn.utils.parameters_to_vector(network.parameters()).detach().clone())",
        "    paths[name] = torch.stack(path).double()",
        "every = torch.cat(list(paths.values()))",
        "centre = every.mean(0)",
        "_, lengths, rows = torch.linalg.svd(every - centre, full_matrices=False)",
        "axes, explained = rows[:2], (lengths[:2] ** 2).sum() / (lengths**2).sum()",
        "print('share of the variance', explained.item())",
        "true, drawn = {}, {}",
        "for name, path in paths.items():",
        "    feet = centre + (path - centre) @ axes.T @ axes",
        "    true[name], drawn[name] = losses(path), losses(feet)",
        "    print(name, true[name][-1].item(), drawn[name][-1].item(), (path - feet).norm(dim=1).max().item())",
    )


def _call(run: Run) -> str:
    rule = OPTIMISERS[run.name]
    settings = {**rule.torch_settings, "lr": run.rate}
    written = ", ".join(f"{name}={value!r}" for name, value in settings.items() if value is not False and value != 0)
    return f"lambda parameters: torch.optim.{rule.name}(parameters, {written})"


def _points(task: Task) -> list[str]:
    assert task.points is not None
    return [
        "x = torch.tensor([",
        *(f"    {list(row)}," for row in task.points.rows),
        "], dtype=torch.float64)",
        f"y = torch.tensor({list(task.points.classes)})",
    ]


def _digits() -> list[str]:
    return [
        "from sklearn import datasets, model_selection",
        "found = datasets.load_digits()",
        "training, _ = model_selection.train_test_split(",
        f"    range(len(found.target)), test_size={HELD_OUT}, stratify=found.target, random_state=0",
        ")",
        "x = torch.tensor(found.images[training], dtype=torch.float32)[:, None] / 16",
        "y = torch.tensor(found.target[training])",
    ]


def _line(layer: nn.Module) -> str:
    """As it is written; what takes no arguments here has PyTorch's defaults."""
    if isinstance(layer, nn.Linear):
        double = ", dtype=torch.float64" if layer.weight.dtype.itemsize == 8 else ""
        return f"nn.Linear({layer.in_features}, {layer.out_features}{double})"
    plain = (nn.Flatten, nn.ReLU, nn.Tanh)
    return f"nn.{type(layer).__name__}()" if isinstance(layer, plain) else layer_line(layer)
