"""Does it help? A small network trained twice from the same start, on the pictures as they are and on draws of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import functional as TF

from explorer.augmentation.experiment import Curve, Experiment, Pictures, Progress
from explorer.augmentation.pipeline import Pipeline
from explorer.augmentation.rejection import PipelineRejected
from explorer.zoo.architectures import tiny_vgg

HELD_OUT = 0.25
MOST_MEASURED = 512  # training pictures that are looked at for each point of the curve
LEARNING_RATE, WEIGHT_DECAY = 0.05, 5e-4


def train_twice(
    data: Pictures,
    pipeline: Pipeline,
    steps: int = 300,
    seed: int = 0,
    progress: Progress | None = None,
    *,
    batch_size: int = 32,
    points: int = 20,
    side: int = 32,
) -> Experiment:
    """Train a fresh `tiny-vgg` with and without a pipeline, in turns, so that both curves grow together.

    Split, first weights, order of the pictures and steps are the same for both. A training batch of the second one goes
    through the pipeline, each picture with a seed of its own; measured are both on pictures as they are.

    Args:
        data: what to learn; a quarter of each class, at least one picture, is held out.
        pipeline: done to the pictures at their own size, before they are brought to `side`.
        steps: batches for each network.
        seed: the same seed gives the same curves on the same machine.
        progress: called with the experiment so far after every point; may return True to stop.
        batch_size: pictures of a batch; fewer where there are fewer.
        points: of each curve after step 0.
        side: of the network's input, in pixels.

    Raises:
        PipelineRejected: the pipeline cannot be done on these pictures, or numbers out of range.
    """
    experiment = None
    for experiment in train_in_turns(data, pipeline, steps, seed, batch_size=batch_size, points=points, side=side):
        if progress is not None and progress(experiment) is True:
            return replace(experiment, stopped=experiment.done < steps)
    assert experiment is not None
    return experiment


def train_in_turns(
    data: Pictures,
    pipeline: Pipeline,
    steps: int = 300,
    seed: int = 0,
    *,
    batch_size: int = 32,
    points: int = 20,
    side: int = 32,
) -> Iterator[Experiment]:
    """The same, point after point; whoever reads no further stops it. See `train_twice`."""
    if not (steps >= 1 and batch_size >= 1 and points >= 1 and side >= 8):
        raise PipelineRejected("Steps, pictures of a batch and points must be 1 or more, the side 8 or more.")
    started = time.perf_counter()
    training, validation = split(data.labels, seed)
    shown = _resize(data.images, side)  # (N, 3, side, side)
    labels = torch.from_numpy(data.labels.astype(np.int64))
    mean, std = _statistics(shown[training])
    kept, held = _normalise(shown[training], mean, std), _normalise(shown[validation], mean, std)
    known, unknown = labels[training], labels[validation]

    def draw(places: Tensor, step: int) -> Tensor:
        chosen = training[places.numpy()]
        return _normalise(_draw_batch(data.images[chosen], pipeline, side, (seed, step)), mean, std)

    sides = (
        _Side(_fresh(len(data.classes), seed), lambda places, step: kept[places]),
        _Side(_fresh(len(data.classes), seed), draw),
    )
    order = torch.Generator().manual_seed(seed)
    # Which training pictures are measured is drawn once: where the folder is sorted, the first ones are of one class.
    watched = torch.randperm(len(known), generator=order)[:MOST_MEASURED]
    batches = _batches(len(known), min(batch_size, len(known)), order)
    experiment = Experiment(data.classes, len(known), len(unknown), pipeline.to_json(), steps, seed)
    marks = sorted({round(steps * point / points) for point in range(points + 1)} | {0, steps})
    for before, mark in zip([0, *marks], marks, strict=False):
        chunk = [next(batches) for _ in range(before, mark)]
        for each in sides:
            for step, places in enumerate(chunk, start=before):
                each.learn(places, known[places], step, steps)
            each.measure(mark, kept[watched], known[watched], held, unknown)
        plain, augmented = (each.curve for each in sides)
        experiment = replace(
            experiment, plain=plain, augmented=augmented, done=mark, seconds=time.perf_counter() - started
        )
        yield experiment


def split(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of the training and of the held-out pictures: a quarter of each class, at least one."""
    drawn = np.random.default_rng(seed)
    training: list[NDArray[np.intp]] = []
    held_out: list[NDArray[np.intp]] = []
    for label in np.unique(labels):
        places = drawn.permutation(np.flatnonzero(labels == label))
        count = max(1, round(HELD_OUT * len(places)))
        held_out.append(places[:count])
        training.append(places[count:])
    return np.sort(np.concatenate(training)), np.sort(np.concatenate(held_out))


class _Side:
    """One of the two networks in training."""

    def __init__(self, network: nn.Module, batch: Callable[[Tensor, int], Tensor]) -> None:
        self.network, self.batch = network, batch
        self.curve = Curve()
        self.losses: list[float] = []
        groups = [
            {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
            {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.SGD(groups, LEARNING_RATE, momentum=0.9, nesterov=True)

    def learn(self, places: Tensor, labels: Tensor, step: int, steps: int) -> None:
        """One step; the learning rate rises over the first tenth and falls to zero along a cosine."""
        warm_up = max(1, steps // 10)
        share = (step + 1) / warm_up if step < warm_up else 0.5 * (1 + np.cos(np.pi * (step - warm_up) / steps))
        for group in self.optimiser.param_groups:
            group["lr"] = LEARNING_RATE * share
        self.network.train()
        loss = F.cross_entropy(self.network(self.batch(places, step)), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.losses.append(loss.item())

    def measure(self, step: int, kept: Tensor, known: Tensor, held: Tensor, unknown: Tensor) -> None:
        self.network.eval()
        training_loss, training_accuracy = _judge(self.network, kept, known)
        validation_loss, validation_accuracy = _judge(self.network, held, unknown)
        loss = float(np.mean(self.losses)) if self.losses else training_loss
        self.losses = []
        self.curve = Curve(
            (*self.curve.steps, step),
            (*self.curve.loss, loss),
            (*self.curve.training_accuracy, training_accuracy),
            (*self.curve.validation_accuracy, validation_accuracy),
            (*self.curve.validation_loss, validation_loss),
        )


def _fresh(classes: int, seed: int) -> nn.Module:
    """The architecture of `tiny-vgg` as it is trained, with batch normalisation; its weights depend on the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return tiny_vgg(classes, batch_norm=True)


def _batches(count: int, size: int, order: torch.Generator) -> Iterator[Tensor]:
    """Every picture once before any comes again; an incomplete batch at the end of a round is left out."""
    while True:
        yield from torch.randperm(count, generator=order)[: count // size * size].split(size)


def _judge(network: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean cross-entropy in nats and accuracy."""
    with torch.inference_mode():
        logits = torch.cat([network(part) for part in images.split(256)])
    return float(F.cross_entropy(logits, labels)), float((logits.argmax(dim=1) == labels).float().mean())


def _draw_batch(images: NDArray[np.uint8], pipeline: Pipeline, side: int, seed: Sequence[int]) -> Tensor:
    """(B, 3, side, side) uint8, each picture drawn with a seed of its own."""
    seeds = np.random.default_rng(seed).integers(0, 2**62, len(images))
    pictures = [Image.fromarray(pixels) for pixels in images.transpose(0, 2, 3, 1)]
    drawn = [pipeline.draw(picture, int(each)) for picture, each in zip(pictures, seeds, strict=True)]
    return torch.stack([TF.pil_to_tensor(TF.resize(each, [side, side])) for each in drawn])


def _resize(images: NDArray[np.uint8], side: int) -> Tensor:
    """(N, 3, side, side) uint8, resized just as the draws are."""
    if images.shape[2:] == (side, side):
        return torch.from_numpy(images)
    pictures = (Image.fromarray(pixels) for pixels in images.transpose(0, 2, 3, 1))
    return torch.stack([TF.pil_to_tensor(TF.resize(picture, [side, side])) for picture in pictures])


def _statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per channel of pixels from 0 to 1: (3, 1, 1) each."""
    scaled = images.float().div(255)
    std, mean = torch.std_mean(scaled, dim=(0, 2, 3))
    return mean.view(3, 1, 1), std.clamp(min=1e-3).view(3, 1, 1)


def _normalise(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (images.float() / 255 - mean) / std
