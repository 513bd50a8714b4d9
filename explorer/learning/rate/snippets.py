"""Learning rates over time in plain PyTorch, as programs that give the numbers of the page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.learning.rate.noisy_parabola import START
from explorer.learning.rate.scheduled_digits import A_ROUND
from explorer.learning.rate.schedules import Schedule, scheduler_lines
from explorer.learning.rate.sweep import EXAMPLES
from explorer.neurons.digits import BATCH
from explorer.neurons.digits_snippets import load_lines
from explorer.snippet import snippet


def parabola_snippet(schedule: Schedule, seed: int, runs: int) -> str:
    """All runs at once, with the page's noise; prints the mean of w² at the end, and what is expected."""
    return snippet(
        "import numpy as np",
        "import torch",
        "from torch.optim import lr_scheduler",
        f"chance = np.random.default_rng({seed})",
        f"w = torch.full(({runs},), {START}, dtype=torch.float64, requires_grad=True)",
        f"optimizer = torch.optim.SGD([w], lr={schedule.peak!r})",
        *scheduler_lines(schedule),
        f"expected = {START} ** 2",
        f"for step in range({schedule.steps}):",
        "    rate = optimizer.param_groups[0]['lr']",
        "    expected = (1 - rate) ** 2 * expected + rate**2",
        f"    w.grad = w.detach() + torch.from_numpy(chance.normal(size={runs}))",
        "    optimizer.step()",
        "    scheduler.step()",
        "print((w**2).mean().item(), expected)",
    )


def digits_snippet(schedules: Sequence[Schedule], seeds: Sequence[int]) -> str:
    """A training of each schedule and seed; prints the training loss and the share of held-out digits got wrong."""
    return snippet(
        *_begin(),
        "from torch.optim import lr_scheduler",
        f"known, y, steps = x[training], labels[training], {schedules[0].steps}",
        *(line for schedule in schedules for line in _define(schedule)),
        "for start in (" + " ".join(f"{schedule.kind}," for schedule in schedules) + "):",
        f"    for seed in {tuple(seeds)}:",
        "        network, generator = build(seed)",
        "        optimizer, scheduler = start(network)",
        "        for step in range(steps):",
        f"            place = step % {A_ROUND}",
        "            if place == 0:",
        "                order = torch.randperm(len(y), generator=generator)",
        f"            batch = order[place * {BATCH} : (place + 1) * {BATCH}]",
        "            loss = F.cross_entropy(network(known[batch]), y[batch])",
        "            optimizer.zero_grad()",
        "            loss.backward()",
        "            optimizer.step()",
        "            scheduler.step()",
        "        with torch.inference_mode():",
        "            loss = F.cross_entropy(network(known), y).item()",
        "            wrong = (network(x[held_out]).argmax(1) != labels[held_out]).double().mean().item()",
        "        print(start.__name__, seed, loss, wrong)",
    )


def sweep_snippet(rate: float, steps: int, seeds: Sequence[int]) -> str:
    """One rate of the sweep; prints each seed's loss after so many steps, and 2 / curvature at its start."""
    return snippet(
        *_begin(),
        f"known, y = x[training[:{EXAMPLES}]], labels[training[:{EXAMPLES}]]",
        f"for seed in {tuple(seeds)}:",
        "    network, _ = build(seed)",
        "    weights = [*network.parameters()]",
        "    gradient = torch.autograd.grad(F.cross_entropy(network(known), y), weights, create_graph=True)",
        "    chance = torch.Generator().manual_seed(0)",
        "    direction = [torch.randn(w.shape, generator=chance, dtype=w.dtype) for w in weights]",
        "    for _ in range(100):  # power iteration",
        "        length = sum((v * v).sum() for v in direction) ** 0.5",
        "        direction = [v / length for v in direction]",
        "        product = torch.autograd.grad(gradient, weights, direction, retain_graph=True)",
        "        curvature = sum((v * h).sum() for v, h in zip(direction, product)).item()",
        "        direction = product",
        f"    optimizer = torch.optim.SGD(weights, lr={rate!r})",
        f"    for _ in range({steps}):",
        "        optimizer.zero_grad()",
        "        F.cross_entropy(network(known), y).backward()",
        "        optimizer.step()",
        "    print(seed, F.cross_entropy(network(known), y).item(), 2 / curvature)",
    )


def _begin() -> list[str]:
    """The data, and a function that gives a network before training, with the generator of its weights."""
    return [
        *load_lines("x = torch.tensor(found.images.reshape(-1, 64) / 16)"),
        "",
        "",
        "def build(seed):",
        "    generator = torch.Generator().manual_seed(seed)",
        "    network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))",
        "    for layer in (network[0], network[2]):",
        "        nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu', generator=generator)",
        "        nn.init.zeros_(layer.bias)",
        "    return network.double(), generator",
        "",
        "",
    ]


def _define(schedule: Schedule) -> list[str]:
    return [
        "",
        "",
        f"def {schedule.kind}(network):",
        f"    optimizer = torch.optim.SGD(network.parameters(), lr={schedule.peak!r})",
        *(f"    {line}" for line in scheduler_lines(schedule)),
        "    return optimizer, scheduler",
        "",
        "",
    ]
