"""A task that needs memory and nothing else: say which letter came first, after n others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.neurons.first_weights import begin
from explorer.sequences.memory.networks import Network, build, layer_lines
from explorer.slices import Slices
from explorer.snippet import snippet

FIRST: Final = 4  # letters that may come first: a to d
LETTERS: Final = 8  # in all; e to h stand between
UNITS: Final = 24
SEEDS: Final = 5
STEPS: Final = 160  # of Adam
BATCH: Final = 32
RATE: Final = 0.01
CLIP: Final = 1.0  # the longest gradient that is stepped by
HELD_OUT: Final = 500  # texts that no network learns from
EVERY: Final = 20  # steps between two counts of them
_HELD_OUT_SEED: Final = 10_000


@dataclass(frozen=True)
class Task:
    """A training.

    Attributes:
        network: that is trained; its seed is also that of the texts.
        between: n, letters between the first and the answer.
    """

    network: Network
    between: int


@dataclass(frozen=True)
class Learned:
    """What came of a training.

    Attributes:
        right: share of the held-out texts answered rightly, before training and every 20 steps.
    """

    right: tuple[float, ...]


def train_in_slices(task: Task) -> Slices[Learned]:
    """Adam on the cross-entropy of the first letter, read off the last state alone; long gradients are shortened.

    Yields:
        How many steps are done, of how many.

    Returns:
        What it has learned.
    """
    network = task.network
    generator = torch.Generator().manual_seed(network.seed)
    layer = build(network, LETTERS, generator)
    head = begin(lambda: nn.Linear(network.units, FIRST), generator)
    parameters = [*layer.parameters(), *head.parameters()]
    optimiser = torch.optim.Adam(parameters, RATE)
    held_out = _draw(task.between, HELD_OUT, torch.Generator().manual_seed(_HELD_OUT_SEED))

    def answer(letters: Tensor) -> Tensor:
        logits: Tensor = head(layer(F.one_hot(letters, LETTERS).float())[0][-1])
        return logits

    def count() -> float:
        with torch.inference_mode():
            return (answer(held_out).argmax(dim=1) == held_out[0]).float().mean().item()

    right = [count()]
    for step in range(1, STEPS + 1):
        letters = _draw(task.between, BATCH, generator)
        loss = F.cross_entropy(answer(letters), letters[0])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
        if step % EVERY == 0:
            right.append(count())
        yield step, STEPS
    return Learned(tuple(right))


def _draw(between: int, count: int, generator: torch.Generator) -> Tensor:
    """(n + 1, count) letters: one of the first four, then n of the others."""
    first = torch.randint(FIRST, (1, count), generator=generator)
    return torch.cat([first, torch.randint(FIRST, LETTERS, (between, count), generator=generator)])


def task_snippet(task: Task) -> str:
    """Train one network, and print what share of the held-out texts it answers rightly."""
    return snippet(
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        "",
        "",
        "def draw(count, generator):",
        f"    first = torch.randint({FIRST}, (1, count), generator=generator)",
        f"    others = torch.randint({FIRST}, {LETTERS}, ({task.between}, count), generator=generator)",
        "    return torch.cat([first, others])",
        "",
        "",
        f"torch.manual_seed({task.network.seed})",
        *layer_lines(task.network, f"{LETTERS}"),
        f"head = nn.Linear({task.network.units}, {FIRST})",
        "for parameter in head.parameters():",
        f"    nn.init.uniform_(parameter, -({task.network.units} ** -0.5), {task.network.units} ** -0.5)",
        "parameters = [*layer.parameters(), *head.parameters()]",
        f"optimiser = torch.optim.Adam(parameters, {RATE})",
        f"answer = lambda letters: head(layer(F.one_hot(letters, {LETTERS}).float())[0][-1])",
        f"for _ in range({STEPS}):",
        f"    letters = draw({BATCH}, torch.default_generator)",
        "    loss = F.cross_entropy(answer(letters), letters[0])",
        "    optimiser.zero_grad()",
        "    loss.backward()",
        f"    nn.utils.clip_grad_norm_(parameters, {CLIP})",
        "    optimiser.step()",
        f"held_out = draw({HELD_OUT}, torch.Generator().manual_seed({_HELD_OUT_SEED}))",
        "print((answer(held_out).argmax(1) == held_out[0]).float().mean().item())",
    )
