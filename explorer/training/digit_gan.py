"""`python -m explorer.training.digit_gan`: the digits' GAN, its card, and what is measured of the written file."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.generators.latent.inversion import invert_in_slices
from explorer.generators.latent.judging import judge
from explorer.generators.latent.nearest import find_nearest, find_nearest_to_held_out
from explorer.generators.latent.networks import (
    LATENT,
    NAME,
    Gan,
    build_discriminator,
    build_generator,
    draw_latent,
    load_gan,
)
from explorer.neurons.digits import Recipe, load_digits
from explorer.neurons.digits import train as train_classifier
from explorer.slices import finish
from explorer.training.__main__ import to_storage
from explorer.zoo.catalogue import MODELS

Log = Callable[[str], None]
JUDGE: Final = Recipe("cnn", "bare")
SAMPLES: Final = 2000  # that are measured
SAMPLES_SEED: Final = 2016
INVERTED: Final = 100  # held-out digits, the first of them


@dataclass(frozen=True)
class Plan:
    """All that the two players depend on.

    Attributes:
        steps: of each player, in turn.
        batch_size: real digits a step, and as many made ones.
        learning_rate: of Adam, for both; from half of the steps on it falls evenly to zero.
        beta1: of Adam; 0.5 as Radford et al. (2016) have it.
        noise: standard deviation of what is added to the cells of all that the discriminator gets, real or made, so
            that it learns fewer digits by heart (Arjovsky and Bottou 2017).
        average: what the shipped generator keeps of its mean over the steps at each of them.
        seed: of first weights, batches and z.
    """

    steps: int = 9000
    batch_size: int = 48
    learning_rate: float = 2e-3
    beta1: float = 0.5
    noise: float = 0.1
    average: float = 0.998
    seed: int = 0


def train(plan: Plan, log: Log) -> tuple[nn.Sequential, nn.Sequential]:
    """Train both players by turns on the training part of the digits; the generator's loss is -log D.

    Returns:
        The mean of the generator over the last steps, and the discriminator, in evaluation.
    """
    torch.manual_seed(plan.seed)
    data = load_digits()
    real = torch.from_numpy(data.images[data.training])[:, None]
    generator, discriminator = build_generator(), build_discriminator()
    for player in (generator, discriminator):
        for layer in player:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(layer.weight, 0.0, 0.02)  # Radford et al. (2016)
    mean = deepcopy(generator)
    betas = (plan.beta1, 0.999)
    makes, tells = (torch.optim.Adam(p.parameters(), plan.learning_rate, betas) for p in (generator, discriminator))
    fall = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda done: min(1.0, 2 * (1 - done / plan.steps)))
        for each in (makes, tells)
    ]
    started = time.perf_counter()
    for step in range(1, plan.steps + 1):
        batch = real[torch.randint(len(real), (plan.batch_size,))]
        made = generator(torch.randn(plan.batch_size, LATENT))
        both = torch.cat([batch, made.detach()])
        on_real, on_made = discriminator(_blur(both, plan.noise)).split(plan.batch_size)
        told = F.softplus(-on_real).mean() + F.softplus(on_made).mean()  # -log D and -log(1 - D), of logits
        tells.zero_grad()
        told.backward()
        tells.step()
        missed = F.softplus(-discriminator(_blur(made, plan.noise))).mean()
        makes.zero_grad()
        missed.backward()
        makes.step()
        for each in fall:
            each.step()
        _follow(mean, generator, plan.average)
        if step % 200 == 0:
            seconds = round(time.perf_counter() - started)
            losses = {"discriminator": round(told.item(), 3), "generator": round(missed.item(), 3)}
            log(json.dumps({"step": step, "of": plan.steps, **losses, "seconds": seconds}))
    return mean.eval(), discriminator.eval()


def _blur(pictures: Tensor, noise: float) -> Tensor:
    return pictures + noise * torch.randn_like(pictures)


@torch.no_grad()
def _follow(mean: nn.Module, network: nn.Module, keep: float) -> None:
    """An exponential mean of weights and batch statistics."""
    for kept, now in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(now, 1 - keep)


def measure(gan: Gan, inverted: int = INVERTED) -> dict[str, Any]:
    """What the card says of a GAN that is opened from its file."""
    data = load_digits()
    real, held_out = (torch.from_numpy(data.images[part])[:, None] for part in (data.training, data.held_out))
    made = gan.generator(draw_latent(SAMPLES, SAMPLES_SEED))
    classifier = train_classifier(JUDGE)
    of_made, of_held_out = (judge(classifier.network, pictures) for pictures in (made, held_out))
    near, honest = find_nearest(made[:, 0].numpy()).distances, find_nearest_to_held_out().distances
    return {
        "samples": SAMPLES,
        "samples_seed": SAMPLES_SEED,
        "judge": {
            "network": "the CNN of explorer.neurons.digits on bare digits, trained on the same training part, seed 0",
            "right_of_held_out": round(classifier.accuracies[0], 4),
            "named_of_held_out": round(of_held_out.named, 4),
            "named_of_samples": round(of_made.named, 4),
            "classes_of_samples": [round(share, 4) for share in of_made.classes],
            "entropy_bits": round(of_made.entropy, 3),
        },
        "nearest_training_digit": {
            "of_samples": _spread(near),
            "of_held_out": _spread(honest),
            "samples_nearer_than_5_percent_of_held_out": round(float((near < np.quantile(honest, 0.05)).mean()), 4),
        },
        "discriminator": {
            "real_of_training": _share_real(gan, real),
            "real_of_held_out": _share_real(gan, held_out),
            "real_of_samples": _share_real(gan, made),
        },
        "inversion": _invert(gan, held_out[:inverted, 0].numpy(), honest[:inverted]),
    }


def _share_real(gan: Gan, pictures: Tensor) -> float:
    return round(float((gan.discriminator(pictures) > 0).float().mean()), 4)


def _spread(distances: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {f"{share:.0%}": round(float(np.quantile(distances, share)), 3) for share in (0.05, 0.5, 0.95)}


def _invert(gan: Gan, digits: np.ndarray[Any, np.dtype[np.float32]], nearest: Any) -> dict[str, Any]:
    """Held-out digits, and the same with their cells in one other order: as much ink, and no digit."""
    order = torch.randperm(digits[0].size, generator=torch.Generator().manual_seed(0)).numpy()
    shuffled = digits.reshape(len(digits), -1)[:, order].reshape(digits.shape)
    found, of_none = (finish(invert_in_slices(gan.generator, each, seed=0)).nearest for each in (digits, shuffled))
    return {
        "digits": len(digits),
        "of_held_out": _spread(found),
        "of_shuffled": _spread(of_none),
        "nearest_training_digit_of_held_out": _spread(nearest),
    }


def make(folder: Path, plan: Plan, command: str, log: Log, inverted: int = INVERTED) -> dict[str, Any]:
    """Train, write weights and card, and write down what is measured of the written file."""
    started = time.perf_counter()
    generator, discriminator = train(plan, log)
    seconds = time.perf_counter() - started
    players = {"generator": generator, "discriminator": discriminator}
    state = {f"{name}.{key}": value for name, player in players.items() for key, value in player.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    weights, path = folder / "weights.safetensors", folder / "card.json"
    save_file(to_storage(state), weights)
    card: dict[str, Any] = {
        "name": NAME,
        "title": "DCGAN on 8 x 8 digits",
        "parameters": {name: sum(p.numel() for p in player.parameters()) for name, player in players.items()},
        "latent": LATENT,
        "data": {
            "name": "Optical recognition of handwritten digits (sklearn.datasets.load_digits)",
            "licence": "CC BY 4.0",
            "cite": "Alpaydin and Kaynak 1998",
            "split": "of each class a quarter held out: 1,347 to train, 450 held out",
        },
        "note": "Transposed convolutions, batch norm and ReLU (Radford et al. 2016); the generator that is written is "
        "its own exponential mean over the last steps. The 450 held-out digits were shown to neither player.",
        "training": {
            "command": command,
            **asdict(plan),
            "seconds": round(seconds),
            "machine": "one of 2 CPU cores, shared with other work",
            "date": date.today().isoformat(),
        },
        "storage": "fp16 weights, fp32 biases and batch statistics",
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    load_gan.cache_clear()
    card["accuracy"] = measure(load_gan(folder), inverted)
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card["accuracy"]


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.digit_gan", description=__doc__)
    parser.add_argument("--folder", type=Path, default=MODELS / NAME, help="where it is written; the shipped one")
    folder = parser.parse_args().folder
    measured = make(folder, Plan(), "python -m explorer.training.digit_gan", lambda line: print(line, flush=True))
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
