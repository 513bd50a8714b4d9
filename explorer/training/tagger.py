"""`python -m explorer.training.tagger`: taggers of names that read forward, backward and both ways, from five seeds.

The network of the first seed is shipped. The others say how far a difference between the three is one of luck.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from explorer.sequences.directions.names import list_names
from explorer.sequences.directions.network import DIRECTIONS, Direction, Tagger, encode_sentences
from explorer.sequences.directions.scoring import draw_sentences, measure_f1, split_batches
from explorer.sequences.directions.sentences import FIRST_LETTER, UNKNOWN
from explorer.sequences.directions.templates import list_templates
from explorer.training.__main__ import MODELS, round_as_stored, to_storage

Log = Callable[[str], None]
_TITLES: Final[dict[Direction, str]] = {
    "forward": "Names in a sentence, read from the front",
    "backward": "Names in a sentence, read from the back",
    "both": "Names in a sentence, read both ways",
}
_NEW: Final = {  # names, templates
    "nothing new": (False, False),
    "new names": (True, False),
    "new templates": (False, True),
    "new names and templates": (True, True),
}


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Attributes:
        sentences: drawn once to learn from.
        epochs: passes over them.
        batch_size: sentences a step, all with one number of words.
        learning_rate: the peak of a one-cycle schedule for AdamW.
        weight_decay: of AdamW.
        unknown: the share of letters that are shown as unknown ones.
        seeds: of weights, sentences and their order; the network of the first is shipped.
        measured: sentences in the end, of every kind.
    """

    sentences: int = 16_000
    epochs: int = 4
    batch_size: int = 48
    learning_rate: float = 5e-3
    weight_decay: float = 0.01
    unknown: float = 0.01
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    measured: int = 2_000


FULL: Final = Plan()
QUICK: Final = Plan(sentences=64, epochs=1, batch_size=16, seeds=(0, 1), measured=32)


def train(direction: Direction, plan: Plan, seed: int, log: Log) -> Tagger:
    """A tagger as it is stored, in evaluation mode."""
    torch.manual_seed(seed)
    tagger = Tagger(direction)
    sentences = draw_sentences(plan.sentences, f"learn {seed}", new_names=False, new_templates=False)
    batches = [
        (encode_sentences([each.words for each in batch]), torch.tensor([each.classes for each in batch]))
        for batch in split_batches(sentences, plan.batch_size)
    ]
    optimiser = torch.optim.AdamW(tagger.parameters(), weight_decay=plan.weight_decay)
    total = plan.epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.learning_rate, total_steps=total)
    order = random.Random(f"order {seed}")
    for epoch in range(1, plan.epochs + 1):
        order.shuffle(batches)
        losses = 0.0
        for letters, classes in batches:
            hidden = (letters >= FIRST_LETTER) & (torch.rand(letters.shape) < plan.unknown)
            logits = tagger(letters.masked_fill(hidden, UNKNOWN))
            loss = F.cross_entropy(logits.flatten(0, 1), classes.flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses += loss.item()
        log(json.dumps({"direction": direction, "seed": seed, "epoch": epoch, "loss": round(losses / len(batches), 4)}))
    round_as_stored(tagger)
    return tagger


def measure(tagger: Tagger, count: int) -> dict[str, float]:
    """F1 on sentences of names and templates learned from and held out, and where the clue stands behind the name."""
    found = {
        what: draw_sentences(count, f"measure {what}", new_names=names, new_templates=templates)
        for what, (names, templates) in _NEW.items()
    }
    for kind in ("behind", "before"):
        seed = f"measure {kind}"
        found[f"clue {kind}"] = draw_sentences(count, seed, new_names=True, new_templates=True, kinds=(kind,))
    return {what: round(measure_f1(tagger, sentences), 4) for what, sentences in found.items()}


def make(folder: Path, direction: Direction, plan: Plan, log: Log) -> dict[str, Any]:
    """Train from every seed, write the first network, and write down what is measured.

    Args:
        folder: gets weights and card.
        direction: in which the tagger reads.
        plan: how much of everything.
        log: receives JSON lines.

    Returns:
        The card.
    """
    seeds: list[dict[str, Any]] = []
    started = time.process_time()
    for seed in plan.seeds:
        tagger = train(direction, plan, seed, log)
        seeds.append({"seed": seed, **measure(tagger, plan.measured)})
        log(json.dumps({"direction": direction, **seeds[-1]}))
        if len(seeds) == 1:
            folder.mkdir(parents=True, exist_ok=True)
            save_file(to_storage(tagger.state_dict()), folder / "weights.safetensors")
    counts = [len(list_templates(held_out=each)) for each in (False, True)]
    names = [len(list_names(held_out=each).all) for each in (False, True)]
    card: dict[str, Any] = {
        "name": folder.name,
        "title": _TITLES[direction],
        "direction": direction,
        "parameters": sum(each.numel() for each in tagger.parameters()),
        "data": {
            "name": "sentences drawn from templates by explorer.sequences.directions.templates",
            "licence": "none needed: a program writes them",
            "split": f"{counts[0]} templates and {names[0]} names to learn from, {counts[1]} and {names[1]} held out",
        },
        "note": "It knows only sentences such as those of the templates, all in English. Each word is a person's name, "
        "a place's or none (the scheme IO); F1 is that of whole names.",
        "training": {
            "command": f"python -m explorer.training.tagger {direction}",
            **asdict(plan),
            "cpu_seconds": round(time.process_time() - started),
            "machine": "1 thread of 2 CPU cores",
            "date": date.today().isoformat(),
        },
        "storage": "fp16 matrices, fp32 biases; every F1 is that of weights rounded like this",
        "f1": {key: value for key, value in seeds[0].items() if key != "seed"},
        "seeds": seeds,
        "sha256": hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest(),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return card


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.tagger", description=__doc__)
    parser.add_argument("directions", nargs="*", choices=[*DIRECTIONS, []], help="all three by default")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the matrices are small
    for direction in options.directions or DIRECTIONS:
        make(MODELS / f"tagger-{direction}", direction, FULL, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
