"""`python -m explorer.training.dates`: networks that write dates, with attention and without, from several seeds each.

The network of the first seed is shipped. The others say how far a difference between both kinds is one of luck.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.sequences.attention.dates import (
    FIRST_YEAR,
    LAST_YEAR,
    NUMBERS,
    OUTPUTS,
    UNKNOWN,
    Example,
    Format,
    draw_example,
    exists,
    split_formats,
)
from explorer.sequences.attention.loading import NAMES
from explorer.sequences.attention.network import DateNetwork, pad, write_many
from explorer.training.__main__ import MODELS, round_as_stored, to_storage

Log = Callable[[str], None]
LENGTHS: Final = ((6, 11), (12, 17), (18, 23), (24, 29), (30, 40))  # characters, both ends counted
DOTS: Final = (0, 5, 10, 20, 40, 60)  # beside a date, in texts longer than any that was learned from
UNKNOWN_EVERY: Final = 10  # one text of so many gets a character that no network knows


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Attributes:
        steps: of the optimiser, Adam.
        batch_size: dates a step, each drawn anew.
        learning_rate: the peak of a one-cycle schedule.
        clipped: the largest length of the gradient.
        seeds: of weights and dates; the network of the first is shipped.
        watched: held-out dates that are tried every `every` steps.
        every: see there.
        measured: dates in the end, of every kind.
    """

    steps: int = 3_000
    batch_size: int = 128
    learning_rate: float = 4e-3
    clipped: float = 1.0
    seeds: tuple[int, ...] = (0, 1, 2)
    watched: int = 500
    every: int = 250
    measured: int = 2_000


FULL = Plan()
QUICK = Plan(steps=4, batch_size=8, seeds=(0, 1), watched=8, every=2, measured=16)


def draw_batch(numbers: random.Random, formats: tuple[Format, ...], count: int) -> tuple[Tensor, Tensor]:
    """Texts (N, T) and what shall be written (N, 10), as numbers; some texts have a character that is not known."""
    texts, wanted = [], []
    for _ in range(count):
        example = draw_example(numbers, formats)
        text = [NUMBERS[sign] for sign in example.text]
        if numbers.randrange(UNKNOWN_EVERY) == 0:
            text.insert(numbers.randint(0, len(text)), UNKNOWN)
        texts.append(text)
        wanted.append([OUTPUTS.index(sign) for sign in example.iso])
    return pad(texts), torch.tensor(wanted)


def exact_share(network: DateNetwork, examples: Sequence[Example]) -> float:
    """How many of the dates are written without a fault."""
    right = 0
    for start in range(0, len(examples), 500):
        some = examples[start : start + 500]
        written = write_many(network, [[NUMBERS[sign] for sign in each.text] for each in some])
        right += sum(found == each.iso for found, each in zip(written, some, strict=True))
    return right / len(examples)


def train(attends: bool, plan: Plan, seed: int, log: Log) -> tuple[DateNetwork, list[dict[str, float]]]:
    """A network as it is stored, and how many watched dates it wrote right while it learned."""
    torch.manual_seed(seed)
    network = DateNetwork(attends)
    optimiser = torch.optim.Adam(network.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, total_steps=plan.steps)
    learnt, held_out = split_formats()
    numbers, watching = random.Random(f"learn {seed}"), random.Random("watch")
    watched = [draw_example(watching, held_out) for _ in range(plan.watched)]
    curve = []
    for step in range(1, plan.steps + 1):
        texts, wanted = draw_batch(numbers, learnt, plan.batch_size)
        loss = F.cross_entropy(network(texts, wanted).flatten(0, 1), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), plan.clipped)
        optimiser.step()
        schedule.step()
        if step % plan.every == 0:
            curve.append({"step": step, "loss": round(loss.item(), 5), "exact": exact_share(network, watched)})
            log(json.dumps({"attends": attends, "seed": seed, **curve[-1]}))
    round_as_stored(network)
    return network, curve


def measure(network: DateNetwork, count: int) -> dict[str, Any]:
    """How many dates are written right: of formats learned from and held out, by length, where no such day exists,
    and in the midst of what is no date.

    Args:
        network: as stored.
        count: dates of every kind.
    """
    numbers = random.Random("measure")
    learnt, held_out = split_formats()
    by_length: dict[tuple[int, int], list[Example]] = {each: [] for each in LENGTHS}
    while any(len(some) < count for some in by_length.values()):
        example = draw_example(numbers, held_out)
        some = next(some for (low, high), some in by_length.items() if low <= len(example.text) <= high)
        if len(some) < count:
            some.append(example)
    return {
        "texts_each": count,
        "held_out_formats": exact_share(network, [draw_example(numbers, held_out) for _ in range(count)]),
        "learnt_formats": exact_share(network, [draw_example(numbers, learnt) for _ in range(count)]),
        "held_out_by_length": [
            {"from": low, "to": high, "exact": exact_share(network, some)} for (low, high), some in by_length.items()
        ],
        "no_such_day": exact_share(network, [draw_missing(numbers, held_out) for _ in range(count)]),
        "held_out_among_dots": [_measure_among_dots(network, dots, count) for dots in DOTS],
    }


def _measure_among_dots(network: DateNetwork, dots: int, count: int) -> dict[str, float]:
    """How many dates are written right where a row of dots stands before or after them."""
    numbers = random.Random("dots")
    _, held_out = split_formats()
    some = [draw_example(numbers, held_out) for _ in range(count)]
    before = [replace(each, text="." * dots + each.text) for each in some]
    after = [replace(each, text=each.text + "." * dots) for each in some]
    return {"dots": dots, "before": exact_share(network, before), "after": exact_share(network, after)}


def draw_missing(numbers: random.Random, formats: tuple[Format, ...]) -> Example:
    """A date that the calendar has not, such as 31 February, in one of the formats."""
    while True:
        year, month = numbers.randint(FIRST_YEAR, LAST_YEAR), numbers.randint(1, 12)
        day, chosen = numbers.randint(29, 31), numbers.choice(formats)
        iso = f"{year}-{month:02d}-{day:02d}"
        if not exists(iso):
            return Example(chosen.write(year, month, day, numbers.randrange(7)), iso, chosen)


def make(folder: Path, attends: bool, plan: Plan, command: str, log: Log) -> dict[str, Any]:
    """Train from every seed, write the first network, and write down what is measured.

    Args:
        folder: gets weights and card.
        attends: with attention or without.
        plan: how much of everything.
        command: for the card.
        log: receives JSON lines.

    Returns:
        The card.
    """
    learnt, held_out = split_formats()
    seeds: list[dict[str, Any]] = []
    started = time.process_time()
    for seed in plan.seeds:
        began = time.process_time()
        network, curve = train(attends, plan, seed, log)
        seconds = round(time.process_time() - began)
        seeds.append({"seed": seed, "cpu_seconds": seconds, **measure(network, plan.measured), "curve": curve})
        log(json.dumps({"attends": attends, **seeds[-1]}))
        if len(seeds) == 1:
            folder.mkdir(parents=True, exist_ok=True)
            save_file(to_storage(network.state_dict()), folder / "weights.safetensors")
    card: dict[str, Any] = {
        "name": NAMES[attends],
        "title": f"Dates to ISO, {'with' if attends else 'without'} attention",
        "attends": attends,
        "parameters": sum(p.numel() for p in network.parameters()),
        "data": {
            "name": "dates drawn by explorer.sequences.attention.dates",
            "licence": "none needed: a program writes them",
            "split": f"{len(learnt)} formats to learn from, {len(held_out)} held out",
        },
        "note": "Dates that do not exist are not taught, nor is anything beside a date but one unknown character.",
        "training": {
            "command": command,
            **asdict(plan),
            "cpu_seconds": round(time.process_time() - started),
            "machine": "1 thread of 2 CPU cores",
            "date": date.today().isoformat(),
        },
        "storage": "fp16 matrices, fp32 biases; every accuracy is that of weights rounded like this",
        "accuracy": {key: value for key, value in seeds[0].items() if key not in ("seed", "curve", "cpu_seconds")},
        "seeds": seeds,
        "sha256": hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest(),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.dates", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES.values(), []], help="both by default")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the matrices are small
    for attends, name in NAMES.items():
        if name in (options.names or NAMES.values()):
            command = f"python -m explorer.training.dates {name}"
            make(MODELS / name, attends, FULL, command, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
